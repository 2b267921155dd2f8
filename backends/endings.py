"""How sums of convolutions and linears become results, and which loops over strips do that themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from tfc.ir import arithmetic as fixed
from tfc.ir.int_rules import Call

from .walked import Walked

ENDLESS = ("block4x1",)  # formats whose loops only give sums
FRACTION = 12  # bits below the point of sums with a residual, in loops


@dataclass(frozen=True)
class Ending:
    """Plain, clamp, table, residual, or residual_table; its constants. `zero` is added to what is requantized."""

    kind: str
    requantization: fixed.Requantization
    zero: int
    residual: fixed.Residual | None = None


def ending(call: Call, w: NDArray[Any], b: NDArray[Any]) -> Ending:
    """From weights [out, …] and bias."""
    bound = fixed.product_bound(w, b, fixed.distance(call.operands[0].dtype, call.q(0).zero_point))
    activation = bool(call.attr("activation"))
    scale, zero = (call.attr("pre_scale"), call.attr("pre_zero")) if activation else (float(call.out.scale), int(call.out.zero_point))
    ratio = float(call.q(0).scale) * call.weight_scales / scale
    if len(call.operands) > 3:
        sums = fixed.residual(ratio, bound, call.q(3), scale, zero, call.operands[3].dtype)
        return Ending("residual_table" if activation else "residual", sums.requantization, sums.constant, sums)
    requantization = fixed.requantization(ratio, bound)
    plain = has_full_range(call) and (requantization.shift == 0 or call.node.type.dtype == "i16")
    return Ending("table" if activation else "plain" if plain else "clamp", requantization, zero)


def is_direct(call: Call, end: Ending) -> bool:
    """Whether kernels that end results themselves may do so here: int8 by one multiplication, without a residual."""
    return end.residual is None and end.requantization.shift == 0 and call.node.type.dtype == "i8"


def has_full_range(call: Call) -> bool:
    """Whether the clamp is but that of the element type."""
    return tuple(call.clamp) == fixed.LIMITS[call.node.type.dtype]


def ends_in_loop(call: Call, form: Walked, end: Ending) -> bool:
    """Whether the loops of a format store results, which are int8 and but saturated, or what a table holds; else sums are stored, and ended afterwards."""
    types = {type.dtype for type in (*call.operands[3:], call.node.type)}
    scaled = end.residual.fraction == FRACTION if end.residual else end.requantization.shift == 0
    free = has_full_range(call) or bool(call.attr("activation"))
    return form.name not in ENDLESS and types == {"i8"} and scaled and free and end.kind != "clamp"
