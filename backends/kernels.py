"""Which kernels exist, how each wants its weights stored, and what it bids for a node."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import prod

import numpy as np

from tfc.ir.graph import Graph, Node
from tfc.ir.int_rules import Call
from tfc.ir.pointwise import FUNCTIONS

from .cost import (
    ATTENTION,
    ATTENTION_PANELS,
    DEPTHWISE,
    GROUPED,
    MATMUL,
    Cost,
    attention_cost,
    dense_product,
    elements,
    sparse_product,
    weighted_flash,
    with_ending,
)
from .formats import Blocks
from .shapes import (
    attention_panels_scratch,
    attention_scratch,
    batch_strides,
    broadcasts,
    conv2d_scratch,
    depthwise_scratch,
    has_constant_weights,
    int8,
    is_last,
    is_linear,
    is_plain_conv2d,
    matmul_scratch,
    mixed,
    panel_scratch,
    to_int8,
)
from .strides import mean_runs
from .target import Target

Bid = Callable[[Call, Target], Cost | None]


@dataclass(frozen=True)
class Kernel:
    """A kernel of the runtime. `format` is how it reads its weights; `bid` answers None where the kernel does not apply."""

    name: str
    ops: tuple[str, ...]
    format: str
    bid: Bid

    @property
    def doc(self) -> str:
        return (self.bid.__doc__ or "").strip()


KERNELS: dict[str, Kernel] = {}


def kernel(*ops: str, format: str = "dense") -> Callable[[Bid], Bid]:
    """Enter a bid in the table, under its function's name."""

    def enter(bid: Bid) -> Bid:
        KERNELS[bid.__name__] = Kernel(bid.__name__, ops, format, bid)
        return bid

    return enter


def bids(node: Node, graph: Graph, target: Target) -> dict[str, Cost]:
    """What every kernel that applies asks for a quantized node, by kernel."""
    call = Call(node, tuple(graph[name].type for name in node.operands), graph)
    offers = {entry.name: entry.bid(call, target) for entry in KERNELS.values() if node.op in entry.ops}
    return {name: cost for name, cost in offers.items() if cost is not None}


@kernel("conv2d", format="pairs")
def conv2d_s8(call: Call, target: Target) -> Cost | None:
    """Convolution, any window, dense."""
    return dense_product(call, conv2d_scratch(call)) if is_plain_conv2d(call) else None


@kernel("conv2d", format="block1x1")
def conv2d_s8_sparse1x1(call: Call, target: Target) -> Cost | None:
    """Convolution, any window, by single weights."""
    return sparse_product(call, Blocks(1, 1), conv2d_scratch(call)) if is_plain_conv2d(call) else None


@kernel("conv2d", format="block1x2")
def conv2d_s8_sparse1x2(call: Call, target: Target) -> Cost | None:
    """Convolution, any window, by blocks of one output and two inputs."""
    return sparse_product(call, Blocks(1, 2), conv2d_scratch(call)) if is_plain_conv2d(call) else None


@kernel("conv2d", format="block1x4")
def conv2d_s8_sparse1x4(call: Call, target: Target) -> Cost | None:
    """Convolution, any window, by blocks of one output and four inputs."""
    return sparse_product(call, Blocks(1, 4), conv2d_scratch(call)) if is_plain_conv2d(call) else None


@kernel("conv2d", format="block2x2")
def conv2d_s8_sparse2x2(call: Call, target: Target) -> Cost | None:
    """Convolution, any window, by blocks of two outputs and two inputs."""
    return sparse_product(call, Blocks(2, 2), conv2d_scratch(call)) if is_plain_conv2d(call) else None


@kernel("conv2d", format="block2x4")
def conv2d_s8_sparse2x4(call: Call, target: Target) -> Cost | None:
    """Convolution, any window, by blocks of two outputs and four inputs."""
    return sparse_product(call, Blocks(2, 4), conv2d_scratch(call)) if is_plain_conv2d(call) else None


@kernel("conv2d", format="block4x1")
def conv2d_s8_sparse4x1(call: Call, target: Target) -> Cost | None:
    """Convolution, any window, by blocks of four outputs and one input."""
    return sparse_product(call, Blocks(4, 1), conv2d_scratch(call)) if is_plain_conv2d(call) else None


@kernel("linear", "conv2d", format="pairs")
def linear_s8(call: Call, target: Target) -> Cost | None:
    """Tokens or a 1×1 convolution, dense."""
    return dense_product(call, panel_scratch(call)) if is_linear(call) else None


@kernel("linear", "conv2d", format="block1x1")
def linear_s8_sparse1x1(call: Call, target: Target) -> Cost | None:
    """Tokens or a 1×1 convolution, by single weights."""
    return sparse_product(call, Blocks(1, 1), panel_scratch(call)) if is_linear(call) else None


@kernel("linear", "conv2d", format="block1x2")
def linear_s8_sparse1x2(call: Call, target: Target) -> Cost | None:
    """Tokens or a 1×1 convolution, by blocks of one output and two inputs."""
    return sparse_product(call, Blocks(1, 2), panel_scratch(call)) if is_linear(call) else None


@kernel("linear", "conv2d", format="block1x4")
def linear_s8_sparse1x4(call: Call, target: Target) -> Cost | None:
    """Tokens or a 1×1 convolution, by blocks of one output and four inputs."""
    return sparse_product(call, Blocks(1, 4), panel_scratch(call)) if is_linear(call) else None


@kernel("linear", "conv2d", format="block2x2")
def linear_s8_sparse2x2(call: Call, target: Target) -> Cost | None:
    """Tokens or a 1×1 convolution, by blocks of two outputs and two inputs."""
    return sparse_product(call, Blocks(2, 2), panel_scratch(call)) if is_linear(call) else None


@kernel("linear", "conv2d", format="block2x4")
def linear_s8_sparse2x4(call: Call, target: Target) -> Cost | None:
    """Tokens or a 1×1 convolution, by blocks of two outputs and four inputs."""
    return sparse_product(call, Blocks(2, 4), panel_scratch(call)) if is_linear(call) else None


@kernel("linear", "conv2d", format="block4x1")
def linear_s8_sparse4x1(call: Call, target: Target) -> Cost | None:
    """Tokens or a 1×1 convolution, by blocks of four outputs and one input."""
    return sparse_product(call, Blocks(4, 1), panel_scratch(call)) if is_linear(call) else None


@kernel("conv2d")
def conv2d_s8_grouped(call: Call, target: Target) -> Cost | None:
    """Convolution in groups of any size, one product at a time."""
    if not has_constant_weights(call) or call.node.type.shape[0] != 1:
        return None
    return GROUPED.cost(call.node.type.size * prod(call.operands[1].shape[1:]), call.node.type.size, flash=weighted_flash(call, "dense"))


@kernel("conv_transpose2d")
def conv_transpose2d_s8(call: Call, target: Target) -> Cost | None:
    """Transposed convolution, one product at a time."""
    if not has_constant_weights(call) or call.node.type.shape[0] != 1:
        return None
    macs = call.node.type.size * prod(call.operands[1].shape[1:]) // prod(call.attr("stride", (1, 1)))
    return GROUPED.cost(macs, call.node.type.size, flash=weighted_flash(call, "dense"))


@kernel("conv2d")
def conv2d_s8_depthwise(call: Call, target: Target) -> Cost | None:
    """Convolution of each channel alone, horizontal stride 1 or 2."""
    if not has_constant_weights(call) or call.node.type.shape[0] != 1:
        return None
    _, h, w, c = call.operands[0].shape
    out, kernel_h, kernel_w, c_in = call.operands[1].shape
    stride = call.attr("stride", (1, 1))
    if c_in != 1 or out != c or call.attr("dilation", (1, 1)) != (1, 1) or stride[1] > 2:
        return None
    return with_ending(DEPTHWISE, call).cost(
        call.node.type.size * kernel_h * kernel_w, call.node.type.size, widened=h * w * c, scratch=depthwise_scratch(call), flash=weighted_flash(call, "dense")
    )


@kernel("matmul")
def matmul_s8(call: Call, target: Target) -> Cost | None:
    """Product of activations."""
    try:
        batch, _, _ = batch_strides(call)
    except IndexError:
        return None
    (m, k), n = call.operands[0].shape[-2:], call.operands[1].shape[-1]
    return MATMUL.cost(batch * m * k * n, batch * m * n, widened=batch * m * k, scratch=matmul_scratch(call)) if int8(call) else None


@kernel("attention")
def attention_s8(call: Call, target: Target) -> Cost | None:
    """Streamed over query rows in little memory; tokens, or a feature map in patches."""
    return attention_cost(call, ATTENTION, attention_scratch(call))


@kernel("attention")
def attention_s8_panels(call: Call, target: Target) -> Cost | None:
    """With the keys and values of a head widened; tokens, or a feature map in patches."""
    return attention_cost(call, ATTENTION_PANELS, attention_panels_scratch(call))


@kernel("softmax")
def softmax_s8(call: Call, target: Target) -> Cost | None:
    """Along the last axis."""
    return elements("softmax_s8", call.node.type.size, flash=512) if int8(call) and is_last(call) else None


@kernel("log_softmax")
def log_softmax_s8(call: Call, target: Target) -> Cost | None:
    """Along the last axis."""
    return elements("log_softmax_s8", call.node.type.size, flash=1152) if int8(call) and is_last(call) else None


def norm(call: Call, kernel: str, count: int) -> Cost | None:
    """A norm over `count` elements, whose squares must sum up in 32 bits, those of int16 in 64."""
    takes = int8(call) and count <= 1 << 15 if kernel.endswith("s8") else to_int8(call)
    return elements(kernel, call.node.type.size, flash=8 * call.operands[1].size) if takes else None


@kernel("layer_norm")
def layer_norm_s8(call: Call, target: Target) -> Cost | None:
    """Along the last axis."""
    return norm(call, "layer_norm_s8", call.node.type.shape[-1])


@kernel("layer_norm")
def layer_norm_s16(call: Call, target: Target) -> Cost | None:
    """Along the last axis of int16."""
    return norm(call, "layer_norm_s16", call.node.type.shape[-1])


@kernel("rms_norm")
def rms_norm_s8(call: Call, target: Target) -> Cost | None:
    """Along the last axis."""
    return norm(call, "rms_norm_s8", call.node.type.shape[-1])


@kernel("rms_norm")
def rms_norm_s16(call: Call, target: Target) -> Cost | None:
    """Along the last axis of int16."""
    return norm(call, "rms_norm_s16", call.node.type.shape[-1])


@kernel("group_norm")
def group_norm_s8(call: Call, target: Target) -> Cost | None:
    """Over groups of channels."""
    return norm(call, "group_norm_s8", prod(call.node.type.shape[1:]) // int(call.attr("groups")))


@kernel("group_norm")
def group_norm_s16(call: Call, target: Target) -> Cost | None:
    """Over groups of channels of int16."""
    return norm(call, "group_norm_s16", prod(call.node.type.shape[1:]) // int(call.attr("groups")))


@kernel("add", "sub")
def add_s8(call: Call, target: Target) -> Cost | None:
    """Sums of values that broadcast."""
    return elements("add_s8", call.node.type.size) if int8(call) and broadcasts(call) else None


@kernel("add", "sub")
def add_s16(call: Call, target: Target) -> Cost | None:
    """Sums of values that broadcast, any mix of int8 and int16."""
    return elements("add_s16", call.node.type.size) if mixed(call) and broadcasts(call) else None


@kernel("mul")
def mul_s8(call: Call, target: Target) -> Cost | None:
    """Products of values that broadcast."""
    return elements("mul_s8", call.node.type.size) if int8(call) and broadcasts(call) else None


@kernel("rescale")
def rescale_s8(call: Call, target: Target) -> Cost | None:
    """Another quantization."""
    return elements("rescale_s8", call.node.type.size) if int8(call) else None


@kernel("rescale")
def rescale_s16(call: Call, target: Target) -> Cost | None:
    """Another quantization, from or to int16."""
    return elements("rescale_s16", call.node.type.size) if mixed(call) else None


@kernel(*FUNCTIONS)
def table_s8(call: Call, target: Target) -> Cost | None:
    """A function of one value by a table of 256 entries."""
    return elements("table_s8", call.node.type.size, flash=256) if int8(call) else None


def reduction(call: Call, kernel: str) -> Cost | None:
    try:
        mean_runs(call.operands[0].shape, call.attr("axes"))
    except IndexError:
        return None
    return elements(kernel, call.operands[0].size)


@kernel("mean")
def mean_s8(call: Call, target: Target) -> Cost | None:
    """Over up to two runs of axes."""
    return reduction(call, "mean_s8") if int8(call) else None


@kernel("mean")
def mean_s16(call: Call, target: Target) -> Cost | None:
    """Over up to two runs of axes of int16."""
    return reduction(call, "mean_s16") if to_int8(call) else None


@kernel("avg_pool2d")
def avg_pool2d_s8(call: Call, target: Target) -> Cost | None:
    """Average of windows."""
    one = int8(call) and call.node.type.shape[0] == 1
    return elements("avg_pool2d_s8", call.node.type.size * prod(call.attr("window")), flash=4 * prod(call.attr("window")) + 4) if one else None


@kernel("max_pool2d")
def max_pool2d_s8(call: Call, target: Target) -> Cost | None:
    """Maximum of windows."""
    one = int8(call) and call.node.type.shape[0] == 1
    return elements("max_pool2d_s8", call.node.type.size * prod(call.attr("window"))) if one else None


@kernel("reshape", "reinterpret", "convert", "transpose", "slice", "expand", "unfold", "fold")
def strided_copy_s8(call: Call, target: Target) -> Cost | None:
    """Data movement by strides, of any element type."""
    return elements("strided_copy_s8", call.node.type.bytes) if len(call.node.type.shape) < 6 else None


@kernel("concat")
def concat_s8(call: Call, target: Target) -> Cost | None:
    """Copies, rescaling where quantizations or element types differ."""
    y = call.node.type
    parts = (
        elements("strided_copy_s8", x.bytes)
        if (x.quantization, x.dtype) == (y.quantization, y.dtype)
        else elements("rescale_s8" if x.dtype == y.dtype == "i8" else "rescale_s16", x.size)
        for x in call.operands
    )
    return sum(parts, start=Cost()) if int8(call) or mixed(call) else None


@kernel("pad")
def pad_s8(call: Call, target: Target) -> Cost | None:
    """A fill and a copy, of any element type."""
    return elements("pad_s8", call.node.type.bytes) if len(call.node.type.shape) < 6 else None


@kernel("resize_nearest")
def resize_nearest_s8(call: Call, target: Target) -> Cost | None:
    """Repeated and left out pixels, of any element type."""
    sizes = (*call.node.type.shape[1:3], *call.operands[0].shape[1:3])
    one = call.node.type.shape[0] == 1 and max(sizes) <= np.iinfo(np.int16).max
    return elements("resize_nearest_s8", call.node.type.bytes) if one else None


@kernel("resize_bilinear")
def resize_bilinear_s8(call: Call, target: Target) -> Cost | None:
    """Linear interpolation between pixels."""
    one = int8(call) and call.node.type.shape[0] == 1
    return elements("resize_bilinear_s8", call.node.type.size, flash=12 * sum(call.attr("size"))) if one else None


@kernel("take")
def take_s8(call: Call, target: Target) -> Cost | None:
    """Indices along an axis, of any element type."""
    small = call.operands[0].shape[call.attr("axis")] <= np.iinfo(np.int16).max
    return elements("take_s8", call.node.type.bytes, flash=2 * len(call.attr("indices"))) if small else None
