"""Bids for what only moves elements."""

from __future__ import annotations

from math import prod

import numpy as np

from tfc.ir.int_rules import Call

from .copy_cost import copied, walked
from .cost import Cost, added, cost, elements, of
from .kernel import Kernel, into
from .shapes import int8, mixed
from .strides import Loop, in_bytes, movement, row_major
from .target import Target

KERNELS: dict[str, Kernel] = {}
kernel = into(KERNELS)


def y_bytes(call: Call) -> int:
    """Of an element of the result."""
    return call.node.type.bytes // max(call.node.type.size, 1)


@kernel("reshape", "reinterpret", "convert", "transpose", "slice", "expand", "unfold", "fold")
def strided_copy_s8(call: Call, target: Target) -> Cost | None:
    """Data movement by strides, of any element type."""
    if sum(n > 1 for n in call.node.type.shape) >= 6:
        return None
    return cost(target, {"strided_copy_s8": 1.0} | walked(in_bytes(movement(call), y_bytes(call))))


@kernel("concat")
def concat_s8(call: Call, target: Target) -> Cost | None:
    """Copies, rescaling where quantizations or element types differ."""
    y, axis = call.node.type, call.attr("axis")
    runs = prod(y.shape[:axis])
    parts = (
        cost(target, {"strided_copy_s8": 1.0} | copied(runs, x.bytes // runs))
        if (x.quantization, x.dtype) == (y.quantization, y.dtype)
        else elements(target, "rescale_s8" if x.dtype == y.dtype == "i8" else "rescale_s16", x.size, rows=runs)
        for x in call.operands
    )
    return sum(parts, start=Cost()) if int8(call) or mixed(call) else None


@kernel("pad")
def pad_s8(call: Call, target: Target) -> Cost | None:
    """A fill and a copy, of any element type."""
    x, y = call.operands[0], call.node.type
    loops = in_bytes([Loop(*loop) for loop in zip(x.shape, row_major(x.shape), row_major(y.shape), strict=True)], y_bytes(call))
    work = added({"pad_s8": 1.0}, of("pad_s8", element=y.bytes), walked(loops))
    return cost(target, work) if len(y.shape) < 6 else None


@kernel("resize_nearest")
def resize_nearest_s8(call: Call, target: Target) -> Cost | None:
    """Repeated and left out pixels, of any element type."""
    y = call.node.type
    sizes = (*y.shape[1:3], *call.operands[0].shape[1:3])
    work = {"resize_nearest_s8": 1.0} | copied(prod(y.shape[:-1]), y.bytes // prod(y.shape[:-1]))
    return cost(target, work) if y.shape[0] == 1 and max(sizes) <= np.iinfo(np.int16).max else None


@kernel("resize_bilinear")
def resize_bilinear_s8(call: Call, target: Target) -> Cost | None:
    """Linear interpolation between pixels."""
    y = call.node.type
    one = int8(call) and y.shape[0] == 1
    return elements(target, "resize_bilinear_s8", y.size, rows=prod(y.shape[:-1]), flash=12 * sum(call.attr("size"))) if one else None


@kernel("take")
def take_s8(call: Call, target: Target) -> Cost | None:
    """Indices along an axis, of any element type."""
    y, axis = call.node.type, call.attr("axis")
    runs = prod(y.shape[: axis + 1])
    work = {"take_s8": 1.0} | copied(runs, y.bytes // runs)
    return cost(target, work, flash=2 * len(call.attr("indices"))) if call.operands[0].shape[axis] <= np.iinfo(np.int16).max else None
