"""Bids for norms, sums, products of elements, tables and pooling."""

from __future__ import annotations

from math import prod

from tfc.ir.int_rules import Call
from tfc.ir.pointwise import FUNCTIONS

from .cost import Cost, elements
from .kernel import Kernel, into
from .shapes import broadcasts, int8, is_last, mixed, to_int8
from .strides import mean_runs
from .target import Target

KERNELS: dict[str, Kernel] = {}
kernel = into(KERNELS)


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


@kernel("mul")
def mul_s16(call: Call, target: Target) -> Cost | None:
    """Products of values that broadcast, any mix of int8 and int16."""
    return elements("mul_s16", call.node.type.size) if mixed(call) and broadcasts(call) else None


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
