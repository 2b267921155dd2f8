"""Normalisation, sums, products of elements, tables and pooling as facts for their kernels."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np

from tfc.backends.strides import broadcast_walk, mean_runs
from tfc.ir import arithmetic as fixed
from tfc.ir.float_rules import pool_sums
from tfc.ir.graph import Tensor
from tfc.ir.int_rules import Call
from tfc.ir.pointwise import FUNCTIONS, function_named
from tfc.ir.types import TensorType

from .facts import BYTES, Field, KernelCall, Records, Struct, array, constant, limits, operand, result, zero_point
from .lower_products import requantize_facts


def chosen(call: Call) -> str:
    """The kernel that the node names."""
    return str(call.node.attrs["kernel"])


def softmax(call: Call) -> list[KernelCall]:
    exponents, reciprocal = fixed.softmax_constants(call.q(0), call.out)
    x = call.operands[0].shape
    fields: dict[str, Field] = {
        **{"rows": prod(x[:-1]), "n": x[-1], "exponent": array("exponents", "i16", exponents), "reciprocal": reciprocal},
        **{"zero": zero_point(call.out)},
    }
    return [KernelCall("softmax_s8", Struct("softmax", fields), (operand(call, 0), result(call)))]


def layer_norm(call: Call) -> list[KernelCall]:
    return [_rows_norm(call, constant(call, 2))]


def rms_norm(call: Call) -> list[KernelCall]:
    return [_rows_norm(call, np.zeros_like(constant(call, 1)))]


def _rows_norm(call: Call, beta: Tensor) -> KernelCall:
    """A norm over the last axis."""
    x = call.operands[0].shape
    fields: dict[str, Field] = {"rows": prod(x[:-1]), "c": x[-1], "zero": zero_point(call.q(0)), "norm": _norm(call, beta, x[-1])}
    return KernelCall(chosen(call), Struct("rows_norm", fields), (operand(call, 0), result(call)))


def group_norm(call: Call) -> list[KernelCall]:
    x, axis, groups = call.operands[0].shape, call.attr("axis", 1), call.attr("groups")
    count = prod(x[1:]) // groups
    fields: dict[str, Field] = {
        **{"batch": x[0], "before": prod(x[1:axis]), "groups": groups, "channels": x[axis] // groups, "after": prod(x[axis + 1 :])},
        "norm": _norm(call, constant(call, 2), count),
    }
    return [KernelCall(chosen(call), Struct("group_norm", fields), (operand(call, 0), result(call)))]


def _norm(call: Call, beta: Tensor, count: int) -> Struct:
    """What all norms are told, over `count` elements."""
    c = fixed.norm_constants(call.q(0), call.out, constant(call, 1), beta, call.attr("eps", 1e-5), count, call.operands[0].dtype)
    affine = Records("affine", "struct tfc_affine", np.stack([c.gains, c.offsets], axis=1).astype(np.int32))
    return Struct("norm", {"affine": affine, "epsilon": c.epsilon, "least": c.least, "a": c.lift, "p": c.precision, "s": c.shift})


def log_softmax(call: Call) -> list[KernelCall]:
    c = fixed.log_softmax_constants(call.q(0), call.out)
    x = call.operands[0].shape
    octaves = c.logarithm(np.int64(1) << np.arange(31, -1, -1))  # by leading zeros, where the fraction's logarithm is 0
    fields: dict[str, Field] = {
        **{"rows": prod(x[:-1]), "n": x[-1], "exponent": array("exponents", "i16", c.exponents), "fraction": array("fractions", "i16", c.logs)},
        **{"octave": array("octaves", "i32", octaves), "multiplier": c.sum.multipliers[0], "log_multiplier": c.sum.multipliers[1]},
        **{"c": c.sum.constant, "shift": c.sum.shift},
    }
    return [KernelCall("log_softmax_s8", Struct("log_softmax", fields), (operand(call, 0), result(call)))]


def add(call: Call) -> list[KernelCall]:
    return _sum(call, (1, 1))


def sub(call: Call) -> list[KernelCall]:
    return _sum(call, (1, -1))


def _sum(call: Call, signs: tuple[int, int]) -> list[KernelCall]:
    total = fixed.weighted_sum([(call.q(i), call.operands[i].dtype) for i in range(2)], call.out, signs)
    first, second, walk = _walk(call)
    fields: dict[str, Field] = {
        **{"walk": walk, "a_multiplier": total.multipliers[first], "b_multiplier": total.multipliers[second]},
        **{"c": total.constant, "shift": total.shift, **limits(call)},
        **{**sizes(call, first, second), "packs": packs(call, total, call.operands)},
    }
    return [KernelCall(chosen(call), Struct("add", fields), (operand(call, first), operand(call, second), result(call)))]


def packs(call: Call, total: fixed.Sum, operands: Sequence[TensorType]) -> int:
    """Whether four sums become int8 at once: each fits 16 bits after the shift, with 128 added, and 32 before it. int16 never asks."""
    reach = abs(total.constant) + sum(abs(m) << 8 * BYTES[x.dtype] - 1 for m, x in zip(total.multipliers, operands, strict=True))
    return int(call.node.type.dtype == "i16" or reach + (128 << total.shift) < 1 << min(total.shift + 15, 31))


def mul(call: Call) -> list[KernelCall]:
    types = call.operands
    bound = float(prod(fixed.distance(types[i].dtype, call.q(i).zero_point) for i in range(2)))
    ratio = float(call.q(0).scale) * float(call.q(1).scale) / float(call.out.scale)
    first, second, walk = _walk(call)
    fields: dict[str, Field] = {
        **{"walk": walk, "a_zero": zero_point(call.q(first)), "b_zero": zero_point(call.q(second))},
        **sizes(call, first, second),
        "result": requantize_facts(call, fixed.requantization(ratio, bound)),
    }
    return [KernelCall(chosen(call), Struct("mul", fields), (operand(call, first), operand(call, second), result(call)))]


def sizes(call: Call, first: int, second: int) -> dict[str, Field]:
    """Bytes of the elements of the kernel's a and b, and of the result."""
    return {"a_bytes": BYTES[call.operands[first].dtype], "b_bytes": BYTES[call.operands[second].dtype], "y_bytes": BYTES[call.node.type.dtype]}


def _walk(call: Call) -> tuple[int, int, Struct]:
    """Which operand is the kernel's a and which b, and their loops: a is the one whose elements lie side by side."""
    n, strides = broadcast_walk(call.node.type.shape, [x.shape for x in call.operands])
    first = 0 if strides[0][-1] else 1
    return first, 1 - first, Struct("broadcast", {"n": n, "a": strides[first], "b": strides[1 - first]})


def rescale(call: Call) -> list[KernelCall]:
    return [rescaled(call, 0, rows=1, y_row=0, offset=0)]


def rescaled(call: Call, index: int, *, rows: int, y_row: int, offset: int) -> KernelCall:
    """An operand under the quantization of the result, in rows `y_row` elements apart."""
    x, y_bytes = call.operands[index], BYTES[call.node.type.dtype]
    total = fixed.weighted_sum([(call.q(index), x.dtype)], call.out)
    fields: dict[str, Field] = {
        **{"rows": rows, "n": x.size // rows, "y_row": y_row, "multiplier": total.multipliers[0]},
        **{"c": total.constant, "shift": total.shift, "x_bytes": BYTES[x.dtype], "y_bytes": y_bytes, "packs": packs(call, total, [x])},
    }
    y = result(call)
    kernel = "rescale_s8" if x.dtype == call.node.type.dtype == "i8" else "rescale_s16"
    return KernelCall(kernel, Struct("rescale", fields), (operand(call, index), type(y)(y.name, offset * y_bytes)))


def pointwise(call: Call) -> list[KernelCall]:
    table = fixed.pointwise_table(function_named(call.node.op, call.attr("parameters", ())), call.q(0), call.out)
    return [KernelCall("table_s8", Struct("table", {"n": call.node.type.size, "table": array("table", "i8", table)}), (operand(call, 0), result(call)))]


def mean(call: Call) -> list[KernelCall]:
    x = call.operands[0]
    runs = mean_runs(x.shape, call.attr("axes"))
    count = runs["n1"] * runs["n2"]
    ratio = float(call.q(0).scale) / (float(call.out.scale) * np.asarray(count, np.float64))
    bound = float(count) * fixed.distance(x.dtype, call.q(0).zero_point)
    fields: dict[str, Field] = {**runs, "x_zero": zero_point(call.q(0)), "result": requantize_facts(call, fixed.requantization(ratio, bound))}
    return [KernelCall(chosen(call), Struct("mean", fields), (operand(call, 0), result(call)))]


def pool_shape(call: Call) -> dict[str, Field]:
    _, h, w, c = call.operands[0].shape
    _, out_h, out_w, _ = call.node.type.shape
    window, stride, pad = call.attr("window"), call.attr("stride"), call.attr("pad", (0, 0, 0, 0))
    return {
        **{"h": h, "w": w, "c": c, "out_h": out_h, "out_w": out_w, "kernel_h": window[0], "kernel_w": window[1]},
        **{"stride_h": stride[0], "stride_w": stride[1], "pad_top": pad[0], "pad_left": pad[1]},
    }


def avg_pool2d(call: Call) -> list[KernelCall]:
    x = call.operands[0]
    inside, counted = (pool_sums(call.node.but(count_padding=flag), np.ones((1, *x.shape), np.int64))[1] for flag in (False, call.attr("count_padding", True)))
    ratio = float(call.q(0).scale) / (float(call.out.scale) * np.asarray(counted, np.float64))
    c = fixed.requantization(ratio, float(np.max(counted)) * fixed.distance(x.dtype, call.q(0).zero_point))
    multipliers = np.zeros(int(inside.max()) + 1, np.int64)
    multipliers[inside.reshape(-1)] = np.broadcast_to(c.multipliers, inside.shape).reshape(-1)
    fields: dict[str, Field] = {
        **{**pool_shape(call), "x_zero": zero_point(call.q(0)), "multiplier": array("multipliers", "i32", multipliers)},
        **{"zero": zero_point(call.out), "shift": c.shift},
    }
    return [KernelCall("avg_pool2d_s8", Struct("pool2d", fields), (operand(call, 0), result(call)))]


def max_pool2d(call: Call) -> list[KernelCall]:
    return [KernelCall("max_pool2d_s8", Struct("pool2d", pool_shape(call)), (operand(call, 0), result(call)))]


RULES = {
    **{"softmax": softmax, "log_softmax": log_softmax, "layer_norm": layer_norm, "rms_norm": rms_norm, "group_norm": group_norm},
    **{"add": add, "sub": sub, "mul": mul, "rescale": rescale},
    **{"mean": mean, "avg_pool2d": avg_pool2d, "max_pool2d": max_pool2d},
    **dict.fromkeys(FUNCTIONS, pointwise),
}
