"""Shapes of nodes as kernels see them: which shapes a kernel takes, and the bytes of scratch that it then uses, exactly."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfc.ir.int_rules import Call
from tfc.ir.ops_products import is_pixelwise

from .endings import ending, is_direct
from .strides import broadcast_walk

BAND = 34  # rows of the input that kernels of square depthwise windows widen at a time
WIDEST = 32  # columns of the result that they compute at a time


def activations(call: Call) -> list[str]:
    """Element types of operands and result; constants of other types than theirs are the op's own business."""
    values = [type.dtype for name, type in zip(call.node.operands, call.operands, strict=True) if call.graph[name].op != "const"]
    return [*values, call.node.type.dtype]


def int8(call: Call) -> bool:
    """All activations are int8."""
    return set(activations(call)) == {"i8"}


def mixed(call: Call) -> bool:
    """All activations are int8 or int16, and at least one is int16."""
    return "i16" in activations(call) and set(activations(call)) <= {"i8", "i16"}


def to_int8(call: Call) -> bool:
    """From int16 to int8."""
    return call.operands[0].dtype == "i16" and call.node.type.dtype == "i8"


def has_constant_weights(call: Call) -> bool:
    """int8 times constant int8. The result and the residual may be int16, a result that is read from a table only int8."""
    return call.operands[0].dtype == "i8" and takes_constant_weights(call)


def takes_constant_weights(call: Call) -> bool:
    """The same, of int8 or int16."""
    constant = all(call.graph[name].op == "const" for name in call.node.operands[1:3])
    types = [call.operands[1].dtype, *(["i8"] if not call.attr("activation") else [call.node.type.dtype])]
    return constant and set(types) == {"i8"} and set(activations(call)) <= {"i8", "i16"}


def is_plain_conv2d(call: Call) -> bool:
    return has_constant_weights(call) and is_single_group(call)


def is_single_group(call: Call) -> bool:
    return call.node.op == "conv2d" and call.attr("groups", 1) == 1 and call.node.type.shape[0] == 1


def is_linear(call: Call) -> bool:
    """A linear, or a convolution that is one."""
    return takes_constant_weights(call) and (call.node.op == "linear" or (is_single_group(call) and is_pixelwise(call.node.attrs, call.operands[1])))


def is_last(call: Call) -> bool:
    """Whether the axis of the node is the last one."""
    return call.attr("axis", -1) in (-1, len(call.node.type.shape) - 1)


def quads(call: Call) -> int:
    """Words of four inputs of an output."""
    return -(-prod(call.operands[1].shape[1:]) // 4)


def folded_bias(call: Call, w: NDArray[Any], b: NDArray[Any]) -> NDArray[np.int64]:
    """b − z_x · Σw: the kernels multiply x itself."""
    sums: NDArray[np.int64] = w.reshape(len(w), -1).astype(np.int64).sum(axis=1)
    return b.astype(np.int64) - int(call.q(0).zero_point) * sums


def is_depthwise(call: Call) -> bool:
    """A convolution of each channel alone, horizontal stride 1 or 2."""
    if not has_constant_weights(call) or call.node.type.shape[0] != 1:
        return False
    out, _, _, c_in = call.operands[1].shape
    plain = c_in == 1 and out == call.operands[0].shape[-1] and call.attr("dilation", (1, 1)) == (1, 1)
    return plain and call.attr("stride", (1, 1))[1] <= 2


def is_depthwise_square(call: Call, *sizes: int) -> bool:
    """The same by a square window of one of these sizes, with one stride both ways."""
    height, width = call.operands[1].shape[1:3]
    return is_depthwise(call) and height == width and height in sizes and call.attr("stride", (1, 1)) in ((1, 1), (2, 2))


def depthwise_scratch(call: Call) -> int:
    """Four planes of int16 with the padding that windows reach, the weights of a channel at two alignments, four rows of sums."""
    _, out_h, out_w, _ = call.node.type.shape
    kernel_h, kernel_w = call.operands[1].shape[1:3]
    stride, pad = call.attr("stride", (1, 1)), call.attr("pad", (0, 0, 0, 0))
    pairs = kernel_w // 2 + 1 if stride[1] == 1 else (kernel_w + 1) // 2
    blocks = -(-out_w // 4) * 4
    reach = (blocks - 1) * stride[1] + 2 * pairs
    pitch = (max(reach, pad[1] + call.operands[0].shape[2]) + 1) // 2 * 2
    return int(8 * ((out_h - 1) * stride[0] + kernel_h) * pitch + 8 * kernel_h * pairs + 16 * blocks)


def row_bands(call: Call) -> int:
    """Of rows of the result, in kernels that widen so many rows of the input."""
    rows = ((BAND - call.operands[1].shape[1]) // call.attr("stride", (1, 1))[0] + 1) // 2 * 2
    return int(-(-call.node.type.shape[1] // rows))


def column_bands(call: Call) -> int:
    """Of columns of the result."""
    return int(-(-call.node.type.shape[2] // WIDEST))


def band_scratch(call: Call) -> int:
    """A band of four widened channels in columns of pairs, perhaps a table, a channel's multiplier, bias and weights in pairs, and where sums are stored up
    to 16 columns of them."""
    width, size = call.node.type.shape[2], call.operands[1].shape[2]
    stripes = ceil(ceil(width / ceil(width / WIDEST)) / 2)
    if call.attr("stride", (1, 1)) == (1, 1):
        columns, pairs = stripes + size // 2, size * (size - 1 if size == 3 else size + 1)
    else:
        columns, pairs = 2 * stripes - 1 + (size + 1) // 2, size * ((size + 1) // 2)
    sums = 8 * BAND * min(8, stripes) if bands_store_sums(call) else 0
    return int(16 * BAND * columns + 8 + 4 * pairs + sums) + clamp_table(call)


def bands_store_sums(call: Call) -> bool:
    """Of what is not ended directly, and of bands of a single row."""
    w, b = (call.graph.constant(call.node.operands[index]) for index in (1, 2))
    height, bands = call.node.type.shape[1], row_bands(call)
    rows = -(-height // bands)
    return w is None or b is None or min(rows, height - (bands - 1) * rows) == 1 or not is_direct(call, ending(call, w, b))


def clamp_table(call: Call) -> int:
    """Bytes of the table that kernels with endings of their own make of a clamp."""
    return 1024 if call.attr("clamp") and int8(call) else 0


def batch_strides(call: Call) -> tuple[int, int, int]:
    """Batch of a matmul, and how far each operand advances with it; other broadcasting is an IndexError."""
    shapes = [x.shape[:-2] for x in call.operands]
    batch = prod(call.node.type.shape[:-2])
    strides = [0 if prod(shape) == 1 else prod(x.shape[-2:]) for shape, x in zip(shapes, call.operands, strict=True)]
    if any(prod(shape) not in (1, batch) for shape in shapes):
        raise IndexError("a batch that broadcasts along some axes only")
    return batch, strides[0], strides[1]


def key_tokens(call: Call) -> int:
    """Tokens that one query attends to."""
    shape, patch = call.operands[1].shape, call.attr("patch", (1, 1))
    return int(shape[1] if len(shape) == 3 else shape[1] * shape[2] // prod(patch))


@dataclass(frozen=True)
class Slabs:
    """A bias of attention without repetition: distinct [queries, keys] or [1, keys], and which one each [window, head] takes."""

    values: NDArray[Any]
    starts: NDArray[Any]


def bias_slabs(bias: NDArray[Any], heads: int) -> Slabs:
    """Most windows of Swin have one mask, the empty one."""
    windows, own, rows, keys = (1,) * (4 - bias.ndim) + bias.shape
    distinct, chosen = np.unique(bias.reshape(windows * own, rows * keys), axis=0, return_inverse=True)
    return Slabs(distinct.reshape(-1, rows, keys), np.broadcast_to(chosen.reshape(windows, own), (windows, heads)))


def broadcasts(call: Call) -> bool:
    """Whether four loops are enough for both operands."""
    try:
        broadcast_walk(call.node.type.shape, [x.shape for x in call.operands])
    except IndexError:
        return False
    return True


PAIRS_BYTES = 4096  # pairs of rows are multiplied together, eight at most, if scratch is not more than this
MOST_PAIRS = 8


@dataclass(frozen=True)
class Together:
    """How many pairs of rows a product of activations takes together, and the scratch that it then needs."""

    pairs: int
    scratch: int

    @staticmethod
    def of(rows: int, steps: int, columns: int, others: int) -> Together:
        """`steps` of two rows of the right side; `others` are bytes of other things."""
        fixed = 8 * steps + 2 * min(8, steps) * fours(columns) + others  # places, and eight steps packed
        each = 8 * steps + 8 * fours(columns)  # two rows in each step, and their sums
        pairs = max(1, min(MOST_PAIRS, -(-rows // 2), (PAIRS_BYTES - fixed) // each))
        return Together(pairs, fixed + pairs * each)


def attention_together(call: Call) -> Together:
    """Beside the product with values, the places of keys where these lie otherwise, scores of a row, and two queries."""
    steps, heads, (c, v_c) = -(-key_tokens(call) // 2), int(call.attr("heads")), (x.shape[-1] for x in call.operands[1:3])
    rows = prod(call.operands[0].shape[1:-1]) // prod(call.attr("patch", (1, 1)))
    return Together.of(rows, steps, v_c // heads, 8 * steps * (1 if c == v_c else 2) + 4 * fours(c // heads))


def matmul_together(call: Call) -> Together:
    (m, k), n = call.operands[0].shape[-2:], call.operands[1].shape[-1]
    return Together.of(m, -(-k // 2), n, 0)


def is_few(call: Call) -> bool:
    """A convolution of up to four channels."""
    return is_plain_conv2d(call) and call.operands[0].shape[-1] <= 4 and call.attr("dilation", (1, 1)) == (1, 1)


def few_steps(call: Call) -> int:
    """Pairs of inputs of a window."""
    return -(-prod(call.operands[1].shape[1:]) // 2)


def few_scratch(call: Call) -> int:
    """Perhaps a table, widened weights with biases and multipliers, a panel, the rows that four results touch at two alignments, the sums of a panel."""
    _, _, w, c = call.operands[0].shape
    out, kernel_h, kernel_w, _ = call.operands[1].shape
    out_w, stride = call.node.type.shape[2], call.attr("stride", (1, 1))
    steps, channels = few_steps(call), out + out % 2
    pitch = (c * max((out_w - 1) * stride[1] + kernel_w, call.attr("pad", (0, 0, 0, 0))[1] + w) + 3) // 2 * 2
    rows = kernel_h + (stride[0] * ((out_w + 2) // out_w) if out_w % 4 else 0)
    return int(4 * channels * (2 + steps) + 16 * steps + 4 * rows * pitch + 16 * channels) + clamp_table(call)


def fours(n: int) -> int:
    """Rounded up to a multiple of four."""
    return -(-n // 4) * 4
