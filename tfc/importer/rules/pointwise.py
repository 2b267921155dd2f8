"""Rules for arithmetic on two operands."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tfc.importer.builder import AnyRule, Builder, Constant, Operand, Rule, builds
from tfc.ir.diagnostic import Diagnostic, expect

from .functions import clamp, with_in_place

RULES: dict[str, Rule] = {}

Term = Operand | float
HIDES = -1e6  # a number that is filled in to be nothing after a softmax: there a sum does the same


def rule(*targets: str) -> Callable[[AnyRule], AnyRule]:
    return builds(RULES, *targets)


def term(build: Builder, other: Term, part: str = "other") -> Operand:
    """An operand, or a number as a scalar constant."""
    return build.number(part, other) if isinstance(other, (int, float)) else other


def scaled(build: Builder, other: Term, alpha: float) -> Operand:
    """alpha · other, without work where alpha is 1 or other a number."""
    if isinstance(other, (int, float)):
        return build.number("other", alpha * other)
    return other if alpha == 1 else build.emit("mul", other, build.number("alpha", alpha), part="scaled")


@rule(*with_in_place("add", overload="Tensor"), *with_in_place("add", overload="Scalar"))
def add(build: Builder, self: Term, other: Term, alpha: float = 1) -> Operand:
    return build.emit("add", term(build, self, "self"), scaled(build, other, alpha))


@rule(*with_in_place("sub", overload="Tensor"), *with_in_place("sub", overload="Scalar"))
def sub(build: Builder, self: Term, other: Term, alpha: float = 1) -> Operand:
    return build.emit("sub", term(build, self, "self"), scaled(build, other, alpha))


@rule("aten.rsub.Tensor", "aten.rsub.Scalar")
def rsub(build: Builder, self: Operand, other: Term, alpha: float = 1) -> Operand:
    return build.emit("sub", term(build, other), scaled(build, self, alpha))


@rule(*with_in_place("mul", overload="Tensor"), *with_in_place("mul", overload="Scalar"))
def mul(build: Builder, self: Term, other: Term) -> Operand:
    return build.emit("mul", term(build, self, "self"), term(build, other))


@rule(*with_in_place("div", overload="Tensor"), *with_in_place("div", overload="Scalar"))
def div(build: Builder, self: Term, other: Term) -> Operand:
    """By a value: the product with its reciprocal, which integers can do."""
    divisor = term(build, other)
    if isinstance(divisor, Constant):
        return build.emit("div", term(build, self, "self"), divisor)
    return build.emit("mul", term(build, self, "self"), build.emit("reciprocal", divisor, part="reciprocal"))


@rule("aten.addcmul.default")
def addcmul(build: Builder, self: Operand, tensor1: Operand, tensor2: Operand, value: float = 1) -> Operand:
    return build.emit("add", self, scaled(build, build.emit("mul", tensor1, tensor2, part="product"), value))


@rule("aten.maximum.default", "aten.max.other", "aten.clamp_min.Tensor")
def maximum(build: Builder, self: Operand, other: Operand | None = None, min: Operand | None = None) -> Operand:
    bound = other or min
    assert bound is not None
    if (number := scalar(bound)) is not None:
        return clamp(build, self, min=number)
    above = build.emit("relu", build.emit("sub", term(build, self, "self"), bound, part="distance"), part="above")
    return build.emit("add", above, bound)


@rule("aten.minimum.default", "aten.min.other", "aten.clamp_max.Tensor")
def minimum(build: Builder, self: Operand, other: Operand | None = None, max: Operand | None = None) -> Operand:
    bound = other or max
    assert bound is not None
    if (number := scalar(bound)) is not None:
        return clamp(build, self, max=number)
    above = build.emit("relu", build.emit("sub", term(build, self, "self"), bound, part="distance"), part="above")
    return build.emit("sub", term(build, self, "self"), above)


@rule("aten.clamp.Tensor")
def clamp_between(build: Builder, self: Operand, min: Operand | None = None, max: Operand | None = None) -> Operand:
    above = self if min is None else maximum(build, self, min)
    return above if max is None else minimum(build, above, max)


def scalar(operand: Operand) -> float | None:
    """The number of a constant of one element that broadcasts to anything."""
    return float(operand.data.reshape(-1)[0]) if isinstance(operand, Constant) and operand.data.shape in ((), (1,)) else None


@rule("aten.where.self", "aten.where.ScalarOther", "aten.where.ScalarSelf", "aten.where.Scalar")
def where(build: Builder, condition: Operand, self: Term, other: Term) -> Operand:
    """A choice that is known at import: one of the two, or both under masks."""
    if not isinstance(condition, Constant):
        raise Diagnostic("a choice that depends on the input is not supported", help="the condition must be a constant")
    for wanted, chosen in ((True, self), (False, other)):
        if (condition.data.astype(bool) == wanted).all():
            return build.broadcast(term(build, chosen), build.shape)
    mask = condition.data.astype(np.float32)
    for hidden, fill, kept in ((condition.data, self, other), (~condition.data.astype(bool), other, self)):
        number = fill if isinstance(fill, (int, float)) else scalar(fill)
        if number is not None and number <= HIDES and not isinstance(kept, (int, float, Constant)) and kept.type.shape == build.shape:
            return build.emit("add", kept, build.constant("hidden", np.where(hidden, np.float32(number), np.float32(0))))
    parts = []
    for name, value, share in (("self", self, mask), ("other", other, 1 - mask)):
        masked = _masked(build, name, value, share)
        if masked is not None:
            parts.append(masked)
    return parts[0] if len(parts) == 1 else build.emit("add", parts[0], parts[1])


def _masked(build: Builder, name: str, value: Term, share: np.ndarray) -> Operand | None:
    """value · share; None for a number that is 0."""
    number = value if isinstance(value, (int, float)) else scalar(value)
    if number == 0:
        return None
    if number is not None:
        expect(bool(np.isfinite(number)), f"a mask that fills in {number} is not supported")
        return build.constant(name, np.asarray(share * number, np.float32))
    return build.emit("mul", term(build, value), build.constant(f"{name}.mask", share), part=f"{name}.masked")


@rule(*with_in_place("masked_fill", overload="Scalar"), *with_in_place("masked_fill", overload="Tensor"))
def masked_fill(build: Builder, self: Operand, mask: Operand, value: Term) -> Operand:
    return where(build, mask, value, self)
