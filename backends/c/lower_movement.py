"""Data movement as strided copies. A copy of a run onto itself is no call: that is what makes views free."""

from __future__ import annotations

from math import prod

import numpy as np

from tfc.backends.strides import Loop, in_bytes, movement, row_major
from tfc.ir import arithmetic as fixed
from tfc.ir.int_rules import Call
from tfc.ir.movement import bilinear_taps
from tfc.ir.types import DTYPES

from .facts import Field, KernelCall, Records, Struct, Value, array, operand, result
from .lower_elements import rescaled

DEPTH = 6


def itemsize(call: Call) -> int:
    return np.dtype(DTYPES[call.node.type.dtype]).itemsize


def copy(call: Call, loops: list[Loop], *, index: int = 0, x_offset: int = 0, y_offset: int = 0) -> list[KernelCall]:
    """A strided copy of an operand into the result; loops and offsets count elements."""
    size = itemsize(call)
    walk = [Loop(1, 0, 0)] * DEPTH + in_bytes(loops, size)
    n, x, y = (tuple(column) for column in zip(*walk[-DEPTH:], strict=True))
    source = operand(call, index)
    source = Value(source.name, size * x_offset) if isinstance(source, Value) else source
    return [KernelCall("strided_copy_s8", Struct("strided_copy", {"n": n, "x": x, "y": y}), (source, Value(call.node.name, size * y_offset)))]


def moved(call: Call) -> list[KernelCall]:
    """All that walks one operand by strides; nothing where the result does not move."""
    start = call.attr("start") * row_major(call.operands[0].shape)[call.attr("axis")] if call.node.op == "slice" else 0
    return copy(call, movement(call), x_offset=start)


def concat(call: Call) -> list[KernelCall]:
    axis, shape = call.attr("axis"), call.node.type.shape
    rows, y_row = prod(shape[:axis]), prod(shape[axis:])
    calls: list[KernelCall] = []
    offset = 0
    for index, x in enumerate(call.operands):
        run = prod(x.shape[axis:])
        if (x.quantization, x.dtype) == (call.out, call.node.type.dtype):
            calls += copy(call, [Loop(rows, run, y_row), Loop(run, 1, 1)], index=index, y_offset=offset)
        else:
            calls.append(rescaled(call, index, rows=rows, y_row=y_row, offset=offset))
        offset += run
    return calls


def pad(call: Call) -> list[KernelCall]:
    """The border's value everywhere, then the operand inside."""
    x, shape, amounts = call.operands[0].shape, call.node.type.shape, call.attr("amounts")
    value = np.clip(call.out.zero_point + round(call.attr("value", 0.0) / float(call.out.scale)), *fixed.LIMITS[call.node.type.dtype])
    pattern = np.full(4, value, DTYPES[call.node.type.dtype]).view("<u4")
    fill = KernelCall("fill_s8", Struct("fill", {"n": call.node.type.bytes, "word": int(pattern[0])}), (result(call),))
    strides = row_major(shape)
    loops = [Loop(*loop) for loop in zip(x, row_major(x), strides, strict=True)]
    return [fill, *copy(call, loops, y_offset=sum(before * stride for before, stride in zip(amounts[::2], strides, strict=True)))]


def resize_nearest(call: Call) -> list[KernelCall]:
    _, h, w, c = call.operands[0].shape
    out_h, out_w = call.attr("size")
    rows, columns = (array(role, "i16", np.arange(new) * old // new) for role, new, old in (("rows", out_h, h), ("columns", out_w, w)))
    fields: dict[str, Field] = {"w": w, "c": c * itemsize(call), "out_h": out_h, "out_w": out_w, "row": rows, "column": columns}
    return [KernelCall("resize_nearest_s8", Struct("resize", fields), (operand(call, 0), result(call)))]


def resize_bilinear(call: Call) -> list[KernelCall]:
    _, h, w, c = call.operands[0].shape
    out_h, out_w = call.attr("size")
    rows, columns = taps(call, "rows", out_h, h), taps(call, "columns", out_w, w)
    fields: dict[str, Field] = {"w": w, "c": c, "out_h": out_h, "out_w": out_w, "rows": rows, "columns": columns}
    return [KernelCall("resize_bilinear_s8", Struct("resize_bilinear", fields), (operand(call, 0), result(call)))]


def taps(call: Call, role: str, new: int, old: int) -> Records:
    """For each index of the result both sources and the share of the second, in 1/256."""
    first, second, weight = bilinear_taps(new, old, call.attr("align_corners", False))
    return Records(role, "struct tfc_taps", np.stack([first, second, np.round(weight * 256).astype(np.int64)], axis=1).astype(np.int32))


def take(call: Call) -> list[KernelCall]:
    x, axis, indices = call.operands[0].shape, call.attr("axis"), call.attr("indices")
    run = prod(x[axis + 1 :]) * itemsize(call)
    fields: dict[str, Field] = {"outer": prod(x[:axis]), "axis": x[axis], "n": len(indices), "run": run, "index": array("indices", "i16", indices)}
    return [KernelCall("take_s8", Struct("take", fields), (operand(call, 0), result(call)))]


RULES = {
    **dict.fromkeys(("reshape", "reinterpret", "convert", "transpose", "slice", "expand", "unfold", "fold"), moved),
    **{"concat": concat, "pad": pad, "resize_nearest": resize_nearest, "resize_bilinear": resize_bilinear, "take": take},
}
