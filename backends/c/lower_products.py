"""conv2d, linear, matmul and attention as facts for their kernels."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfc.backends.endings import Ending, ending, ends_in_loop, is_direct
from tfc.backends.formats import format_named, matrix
from tfc.backends.kernels import KERNELS
from tfc.backends.shapes import attention_together, batch_strides, bias_slabs, folded_bias, matmul_together
from tfc.backends.strip_shapes import linear_strips, linear_windows, strip_rows, windows
from tfc.backends.strips import Windows
from tfc.backends.walked import Walked
from tfc.ir import arithmetic as fixed
from tfc.ir.attention_bias import step_of
from tfc.ir.int_rules import Call, attention_constants
from tfc.ir.pointwise import function_named
from tfc.ir.types import TensorType

from .facts import BYTES, Argument, Field, Function, KernelCall, ScratchMemory, Struct, array, constant, limits, operand, result, zero_point

DIRECT = {"plain": 1, "table": 2, "clamp": 3}  # enum tfc_direct: endings of int8 that other kernels may do without storing sums


def weighted(call: Call) -> list[KernelCall]:
    """Convolution and linear; the kernel that the node names decides how weights are stored and which struct tells the shape."""
    kernel = str(call.node.attrs["kernel"])
    w, b = constant(call, 1), constant(call, 2)
    op = "linear" if kernel.startswith("linear") else "conv2d"
    shape = linear_shape(call) if op == "linear" else conv2d_shape(call)
    form, bias = format_named(KERNELS[kernel].format), folded_bias(call, w, b)
    end = ending(call, w, b)
    ends = result_facts(call, end)
    if isinstance(form, Walked):
        kernel = f"{op}_s8"
        shape |= {"strips": linear_strips(call, form)} if op == "linear" else {"rows": strip_rows(call, form)}
        walk = (linear_windows if op == "linear" else windows)(call, form)
        ends = Struct("result", {**ends.fields, "loops": loops(call, form, end, walk)})
        constants: tuple[Argument, ...] = (array("weights", "i8", stream(form, matrix(w), bias, walk)), None)
    else:
        constants = (array("weights", "i8", form.pack(matrix(w))), array("bias", "i32", bias))
    facts = Struct(op, {**shape, "result": ends})
    residual = operand(call, 3) if len(call.operands) > 3 else None
    return [KernelCall(kernel, facts, (operand(call, 0), *constants, residual, ScratchMemory(), result(call)))]


def loops(call: Call, form: Walked, end: Ending, walk: Windows) -> Struct:
    """How strips are made, the loop that gives sums, that of a single column, and the one that ends them itself if there is one."""
    fields: dict[str, Field] = {
        "sums": Function(f"{form.name}_sums", form.name),
        "one": Function(f"{form.name}_{'token' if walk.pitch == 1 else 'one'}", form.name),
        "whole": Function(f"{form.name}_{end.kind}", form.name) if ends_in_loop(call, form, end) else None,
    }
    widen = Function(f"{form.widen}_{call.operands[0].dtype.replace('i', 's')}")
    return Struct("loops", {"widen": widen, **fields, "columns": form.together, "channels": form.height})


def stream(form: Walked, w: NDArray[Any], bias: NDArray[Any], at: Windows) -> NDArray[Any]:
    """Each row behind its starts; two words that loops read ahead of the end."""
    rows = zip(form.starts(bias), form.rows(w, at), strict=True)
    return np.frombuffer(b"".join(start + row for start, row in rows) + bytes(8), np.int8)


def conv_transpose2d(call: Call) -> list[KernelCall]:
    """Like a convolution, but the zero point is taken off each element: not every output has the same taps."""
    w, b = constant(call, 1), constant(call, 2)
    facts = Struct("conv2d", {**conv2d_shape(call), "result": result_facts(call, ending(call, w, b))})
    return [KernelCall("conv_transpose2d_s8", facts, (operand(call, 0), array("weights", "i8", w), array("bias", "i32", b), result(call)))]


def linear_shape(call: Call) -> dict[str, Field]:
    x, out = call.operands[0].shape, call.node.type.shape[-1]
    return {"tokens": prod(x[:-1]), "in": x[-1], "out": out, "x_bytes": BYTES[call.operands[0].dtype]}


def conv2d_shape(call: Call) -> dict[str, Field]:
    _, h, w, c = call.operands[0].shape
    out, kernel_h, kernel_w, _ = call.operands[1].shape
    _, out_h, out_w, _ = call.node.type.shape
    stride, pad, dilation = call.attr("stride", (1, 1)), call.attr("pad", (0, 0, 0, 0)), call.attr("dilation", (1, 1))
    return {
        **{"h": h, "w": w, "c": c, "out_h": out_h, "out_w": out_w, "out": out, "kernel_h": kernel_h, "kernel_w": kernel_w},
        **{"stride_h": stride[0], "stride_w": stride[1], "pad_top": pad[0], "pad_left": pad[1], "dilation_h": dilation[0], "dilation_w": dilation[1]},
        **{"groups": call.attr("groups", 1), "zero": zero_point(call.q(0))},
    }


def result_facts(call: Call, end: Ending) -> Struct:
    """The ending of a convolution or linear."""
    fields: dict[str, Field] = limits(call)
    if activation := call.attr("activation"):
        function, before = function_named(activation, call.attr("parameters", ())), (call.attr("pre_scale"), call.attr("pre_zero"))
        fields["table"] = array("table", "i8", fixed.activation_table(function, *before, call.out))
    if end.residual:
        fields |= {"residual": end.residual.multiplier, "fraction": end.residual.fraction}
    fields |= {
        "end": Function(f"end_{end.kind}_{ending_types(call)}"),
        "multiplier": array("multipliers", "i32", end.requantization.multipliers),
        "zero": end.zero,
        "shift": end.requantization.shift,
        "direct": DIRECT[end.kind] if is_direct(call, end) else 0,
    }
    return Struct("result", fields)


def ending_types(call: Call) -> str:
    """`s8`, or `s16_to_s8` where the residual has another element type than the result."""
    types = [type.dtype.replace("i", "s") for type in (*call.operands[3:], call.node.type)]
    return "_to_".join(dict.fromkeys(types))


def requantize_facts(call: Call, requantization: fixed.Requantization) -> Struct:
    """One multiplier for all channels."""
    multiplier = int(np.asarray(requantization.multipliers).reshape(-1)[0])
    return Struct("requantize", {"multiplier": multiplier, "zero": zero_point(call.out), "shift": requantization.shift, **limits(call)})


def matmul(call: Call) -> list[KernelCall]:
    a, b = call.operands[0], call.operands[1]
    (m, k), n = a.shape[-2:], b.shape[-1]
    bound = float(fixed.distance(a.dtype, call.q(0).zero_point) * fixed.distance(b.dtype, call.q(1).zero_point)) * k
    ratio = float(call.q(0).scale) * float(call.q(1).scale) / float(call.out.scale)
    batch, a_batch, b_batch = batch_strides(call)
    fields: dict[str, Field] = {
        **{"batch": batch, "m": m, "k": k, "n": n, "a_batch": a_batch, "b_batch": b_batch, "together": matmul_together(call).pairs},
        **{"a_zero": zero_point(call.q(0)), "b_zero": zero_point(call.q(1)), "result": requantize_facts(call, fixed.requantization(ratio, bound))},
    }
    return [KernelCall("matmul_s8", Struct("matmul", fields), (operand(call, 0), operand(call, 1), ScratchMemory(), result(call)))]


def attention(call: Call) -> list[KernelCall]:
    heads, patch = call.attr("heads"), call.attr("patch", (1, 1))
    q, k = call.operands[0], call.operands[1]
    c = q.shape[-1]
    constants = attention_constants(call)
    fields: dict[str, Field] = {
        **{"batch": q.shape[0], "patch_h": patch[0], "patch_w": patch[1], "heads": heads, "c": c, "v_c": call.operands[2].shape[-1]},
        "together": attention_together(call).pairs,
        **{"q": tokens_facts(q, patch), "k": tokens_facts(k, patch)},
        **{"exponent": array("exponents", "i16", constants.exponents), "reciprocal": constants.reciprocal},
        **{"multiplier": int(constants.index.multipliers), "shift": constants.index.shift},
        **{"q_zero": zero_point(call.q(0)), "v_zero": zero_point(call.q(2)), "y_zero": zero_point(call.out)},
        **limits(call),
    }
    facts, pointers = Struct("attention", fields), [operand(call, i) for i in range(3)]
    if len(call.operands) > 3:
        slabs = bias_slabs(constant(call, 3), heads)
        starts = array("starts", "i32", slabs.starts * slabs.values[0].size * slabs.values.itemsize)
        row = slabs.values.shape[-1] * slabs.values.itemsize if slabs.values.shape[1] > 1 else 0
        bias = Struct("bias", {"starts": starts, "windows": len(slabs.starts), "row": row, "step": step_of(call.operands)})
        facts = Struct("attention_bias", {"attention": facts, "bias": bias})
        pointers.append(array("bias", call.operands[3].dtype, slabs.values))
    return [KernelCall(str(call.node.attrs["kernel"]), facts, (*pointers, ScratchMemory(), result(call)))]


def tokens_facts(x: TensorType, patch: tuple[int, int]) -> Struct:
    """How the tokens of one sequence lie in [B, N, C] or [B, H, W, C]."""
    if len(x.shape) == 3:
        n = x.shape[1]
        return Struct("tokens", {"count": n, "row": n, "step_y": 1, "step_x": 1, "map_w": n, "map_pixels": n})
    _, h, w, _ = x.shape
    row = w // patch[1]
    return Struct("tokens", {"count": h // patch[0] * row, "row": row, "step_y": patch[0], "step_x": patch[1], "map_w": w, "map_pixels": h * w})


RULES = {"conv2d": weighted, "linear": weighted, "conv_transpose2d": conv_transpose2d, "matmul": matmul, "attention": attention}
