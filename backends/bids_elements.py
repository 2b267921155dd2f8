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


def rows(call: Call) -> int:
    """Of the last axis."""
    return prod(call.node.type.shape[:-1])


@kernel("softmax")
def softmax_s8(call: Call, target: Target) -> Cost | None:
    """Along the last axis."""
    return elements(target, "softmax_s8", call.node.type.size, rows=rows(call), flash=512) if int8(call) and is_last(call) else None


@kernel("log_softmax")
def log_softmax_s8(call: Call, target: Target) -> Cost | None:
    """Along the last axis."""
    return elements(target, "log_softmax_s8", call.node.type.size, rows=rows(call), flash=1152) if int8(call) and is_last(call) else None


def norm(call: Call, target: Target, kernel: str, count: int, runs: int) -> Cost | None:
    """A norm over `count` elements, whose squares must sum up in 32 bits, those of int16 in 64; they lie in this many runs in all."""
    takes = int8(call) and count <= 1 << 15 if kernel.endswith("s8") else to_int8(call)
    return elements(target, kernel, call.node.type.size, rows=runs, flash=8 * call.operands[1].size) if takes else None


def group_norm(call: Call, target: Target, kernel: str) -> Cost | None:
    """A group's elements are neighbours as far as its channels reach, or each of its channels."""
    shape, axis, groups = call.node.type.shape, int(call.attr("axis", 1)), int(call.attr("groups"))
    run = prod(shape[axis + 1 :]) if axis + 1 < len(shape) else shape[axis] // groups
    return norm(call, target, kernel, prod(shape[1:]) // groups, call.node.type.size // run)


@kernel("layer_norm")
def layer_norm_s8(call: Call, target: Target) -> Cost | None:
    """Along the last axis."""
    return norm(call, target, "layer_norm_s8", call.node.type.shape[-1], rows(call))


@kernel("layer_norm")
def layer_norm_s16(call: Call, target: Target) -> Cost | None:
    """Along the last axis of int16."""
    return norm(call, target, "layer_norm_s16", call.node.type.shape[-1], rows(call))


@kernel("rms_norm")
def rms_norm_s8(call: Call, target: Target) -> Cost | None:
    """Along the last axis."""
    return norm(call, target, "rms_norm_s8", call.node.type.shape[-1], rows(call))


@kernel("rms_norm")
def rms_norm_s16(call: Call, target: Target) -> Cost | None:
    """Along the last axis of int16."""
    return norm(call, target, "rms_norm_s16", call.node.type.shape[-1], rows(call))


@kernel("group_norm")
def group_norm_s8(call: Call, target: Target) -> Cost | None:
    """Over groups of channels."""
    return group_norm(call, target, "group_norm_s8")


@kernel("group_norm")
def group_norm_s16(call: Call, target: Target) -> Cost | None:
    """Over groups of channels of int16."""
    return group_norm(call, target, "group_norm_s16")


@kernel("add", "sub")
def add_s8(call: Call, target: Target) -> Cost | None:
    """Sums of values that broadcast."""
    return elements(target, "add_s8", call.node.type.size) if int8(call) and broadcasts(call) else None


@kernel("add", "sub")
def add_s16(call: Call, target: Target) -> Cost | None:
    """Sums of values that broadcast, any mix of int8 and int16."""
    return elements(target, "add_s16", call.node.type.size) if mixed(call) and broadcasts(call) else None


@kernel("mul")
def mul_s8(call: Call, target: Target) -> Cost | None:
    """Products of values that broadcast."""
    return elements(target, "mul_s8", call.node.type.size) if int8(call) and broadcasts(call) else None


@kernel("mul")
def mul_s16(call: Call, target: Target) -> Cost | None:
    """Products of values that broadcast, any mix of int8 and int16."""
    return elements(target, "mul_s16", call.node.type.size) if mixed(call) and broadcasts(call) else None


@kernel("rescale")
def rescale_s8(call: Call, target: Target) -> Cost | None:
    """Another quantization."""
    return elements(target, "rescale_s8", call.node.type.size) if int8(call) else None


@kernel("rescale")
def rescale_s16(call: Call, target: Target) -> Cost | None:
    """Another quantization, from or to int16."""
    return elements(target, "rescale_s16", call.node.type.size) if mixed(call) else None


@kernel(*FUNCTIONS)
def table_s8(call: Call, target: Target) -> Cost | None:
    """A function of one value by a table of 256 entries."""
    return elements(target, "table_s8", call.node.type.size, flash=256) if int8(call) else None


def reduction(call: Call, target: Target, kernel: str) -> Cost | None:
    try:
        runs = mean_runs(call.operands[0].shape, call.attr("axes"))
    except IndexError:
        return None
    return elements(target, kernel, call.operands[0].size, rows=call.operands[0].size // runs["inner"])


@kernel("mean")
def mean_s8(call: Call, target: Target) -> Cost | None:
    """Over up to two runs of axes."""
    return reduction(call, target, "mean_s8") if int8(call) else None


@kernel("mean")
def mean_s16(call: Call, target: Target) -> Cost | None:
    """Over up to two runs of axes of int16."""
    return reduction(call, target, "mean_s16") if to_int8(call) else None


@kernel("avg_pool2d")
def avg_pool2d_s8(call: Call, target: Target) -> Cost | None:
    """Average of windows; a result takes as long as two more elements."""
    taps = prod(call.attr("window"))
    one = int8(call) and call.node.type.shape[0] == 1
    return elements(target, "avg_pool2d_s8", call.node.type.size * (taps + 2), rows=rows(call), flash=4 * taps + 4) if one else None


@kernel("max_pool2d")
def max_pool2d_s8(call: Call, target: Target) -> Cost | None:
    """Maximum of windows: of four elements at first, then of three more at a time."""
    steps = max(-(-(prod(call.attr("window")) - 1) // 3), 1)
    one = int8(call) and call.node.type.shape[0] == 1
    return elements(target, "max_pool2d_s8", call.node.type.size * steps, rows=rows(call) * steps) if one else None
