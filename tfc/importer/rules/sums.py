"""Rules for sums, means, variances and norms over axes."""

from __future__ import annotations

from collections.abc import Callable
from math import prod

from tfc.importer.builder import AnyRule, Builder, Operand, Result, Rule, axis_of, builds
from tfc.ir.diagnostic import expect

RULES: dict[str, Rule] = {}

Axes = tuple[int, ...]


def rule(*targets: str) -> Callable[[AnyRule], AnyRule]:
    return builds(RULES, *targets)


@rule("aten.mean.dim", "aten.mean.default")
def mean(build: Builder, self: Operand, dim: Axes | None = None, keepdim: bool = False, dtype: str | None = None, part: str = "") -> Operand:
    return build.emit("mean", self, part=part, axes=axes_of(self, dim), keepdims=keepdim)


@rule("aten.sum.dim_IntList", "aten.sum.default")
def sum_(build: Builder, self: Operand, dim: Axes | None = None, keepdim: bool = False, dtype: str | None = None, part: str = "") -> Operand:
    """The mean, so many times."""
    count = _count(self, axes_of(self, dim))
    return build.emit("mul", mean(build, self, dim, keepdim, part="mean"), build.number("count", count), part=part)


def axes_of(x: Operand, dim: Axes | None) -> Axes:
    """The axes of a sum from the front; none are all."""
    return tuple(sorted(axis_of(x, axis) for axis in dim)) if dim else tuple(range(len(x.type.shape)))


@rule("aten.linalg_vector_norm.default")
def vector_norm(build: Builder, self: Operand, ord: float = 2, dim: Axes | None = None, keepdim: bool = False, dtype: str | None = None) -> Operand:
    """The root of the sum of squares: what F.normalize divides by."""
    expect(ord == 2, f"the norm of order {ord} is not supported, only that of order 2")
    return build.emit("sqrt", sum_(build, build.emit("square", self, part="squares"), dim, keepdim, part="total"))


@rule("aten.var.correction", "aten.var.dim")
def variance(build: Builder, self: Operand, dim: Axes | None = None, correction: float | None = None, unbiased: bool = True, keepdim: bool = False) -> Operand:
    return spread(build, self, dim, (1 if unbiased else 0) if correction is None else correction, keepdim)[0]


@rule("aten.std.correction", "aten.std.dim")
def deviation(build: Builder, self: Operand, dim: Axes | None = None, correction: float | None = None, unbiased: bool = True, keepdim: bool = False) -> Operand:
    return build.emit("sqrt", variance(build, self, dim, correction, unbiased, keepdim), part="root")


@rule("aten.var_mean.correction")
def variance_and_mean(build: Builder, self: Operand, dim: Axes | None = None, correction: float | None = None, keepdim: bool = False) -> Result:
    return list(spread(build, self, dim, 1 if correction is None else correction, keepdim))


def spread(build: Builder, x: Operand, dim: Axes | None, correction: float, keep: bool) -> tuple[Operand, Operand]:
    """Variance and mean over axes; `correction` is what the divisor is less than their count."""
    axes = axes_of(x, dim)
    middle = mean(build, x, axes, True, part="mean")
    squares = build.emit("square", build.emit("sub", x, middle, part="centred"), part="squares")
    var = mean(build, squares, axes, keep, part="variance")
    count = _count(x, axes)
    if correction:
        var = build.emit("mul", var, build.number("correction", count / (count - correction)), part="corrected")
    return var, build.reshape(middle, var.type.shape, "mean.flat")


def _count(x: Operand, axes: Axes) -> float:
    return float(prod(x.type.shape[axis] for axis in axes))
