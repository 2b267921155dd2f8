"""Bids for what only moves elements."""

from __future__ import annotations

import numpy as np

from tfc.ir.int_rules import Call

from .cost import Cost, elements
from .kernel import Kernel, into
from .shapes import int8, mixed
from .target import Target

KERNELS: dict[str, Kernel] = {}
kernel = into(KERNELS)


@kernel("reshape", "reinterpret", "convert", "transpose", "slice", "expand", "unfold", "fold")
def strided_copy_s8(call: Call, target: Target) -> Cost | None:
    """Data movement by strides, of any element type."""
    return elements(target, "strided_copy_s8", call.node.type.bytes) if sum(n > 1 for n in call.node.type.shape) < 6 else None


@kernel("concat")
def concat_s8(call: Call, target: Target) -> Cost | None:
    """Copies, rescaling where quantizations or element types differ."""
    y = call.node.type
    parts = (
        elements(target, "strided_copy_s8", x.bytes)
        if (x.quantization, x.dtype) == (y.quantization, y.dtype)
        else elements(target, "rescale_s8" if x.dtype == y.dtype == "i8" else "rescale_s16", x.size)
        for x in call.operands
    )
    return sum(parts, start=Cost()) if int8(call) or mixed(call) else None


@kernel("pad")
def pad_s8(call: Call, target: Target) -> Cost | None:
    """A fill and a copy, of any element type."""
    return elements(target, "pad_s8", call.node.type.bytes) if len(call.node.type.shape) < 6 else None


@kernel("resize_nearest")
def resize_nearest_s8(call: Call, target: Target) -> Cost | None:
    """Repeated and left out pixels, of any element type."""
    sizes = (*call.node.type.shape[1:3], *call.operands[0].shape[1:3])
    one = call.node.type.shape[0] == 1 and max(sizes) <= np.iinfo(np.int16).max
    return elements(target, "resize_nearest_s8", call.node.type.bytes) if one else None


@kernel("resize_bilinear")
def resize_bilinear_s8(call: Call, target: Target) -> Cost | None:
    """Linear interpolation between pixels."""
    one = int8(call) and call.node.type.shape[0] == 1
    return elements(target, "resize_bilinear_s8", call.node.type.size, flash=12 * sum(call.attr("size"))) if one else None


@kernel("take")
def take_s8(call: Call, target: Target) -> Cost | None:
    """Indices along an axis, of any element type."""
    small = call.operands[0].shape[call.attr("axis")] <= np.iinfo(np.int16).max
    return elements(target, "take_s8", call.node.type.bytes, flash=2 * len(call.attr("indices"))) if small else None
