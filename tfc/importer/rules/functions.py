"""Rules for functions of one element: activations and elementary functions."""

from __future__ import annotations

from collections.abc import Callable
from math import inf, log

from tfc.importer.builder import AnyRule, Builder, Constant, Operand, Rule, axis_of, builds
from tfc.ir.diagnostic import expect

RULES: dict[str, Rule] = {}
POWERS = "−2, −1, −½, ½, 1, 2, 3 and 4"


def rule(*targets: str) -> Callable[[AnyRule], AnyRule]:
    return builds(RULES, *targets)


def with_in_place(*names: str, overload: str = "default") -> list[str]:
    """The operators and their in-place forms: what differs is who else sees the change, and the importer checks that."""
    return [f"aten.{name}{suffix}.{overload}" for name in names for suffix in ("", "_")]


def _unary(op: str) -> Rule:
    def unary(build: Builder, self: Operand) -> Operand:
        return build.emit(op, self)

    return unary


for _op in ("relu", "relu6", "silu", "sigmoid", "tanh", "hardswish", "hardsigmoid", "mish"):
    rule(*with_in_place(_op))(_unary(_op))
for _op in ("exp", "log", "sqrt", "rsqrt", "reciprocal", "square", "neg", "abs", "erf", "sin", "cos"):
    rule(*with_in_place(_op))(_unary(_op))


@rule(*with_in_place("gelu"))
def gelu(build: Builder, self: Operand, approximate: str = "none") -> Operand:
    return build.emit("gelu_tanh" if approximate == "tanh" else "gelu", self)


@rule(*with_in_place("hardtanh"))
def hardtanh(build: Builder, self: Operand, min_val: float = -1.0, max_val: float = 1.0) -> Operand:
    return clamp(build, self, min_val, max_val)


@rule(*with_in_place("clamp", "clamp_min", "clamp_max"))
def clamp(build: Builder, self: Operand, min: float | None = None, max: float | None = None) -> Operand:
    bounds = (-inf if min is None else float(min), inf if max is None else float(max))
    names: dict[tuple[float, float], str] = {(0, 6): "relu6", (0, inf): "relu"}
    return build.emit(names[bounds], self) if bounds in names else build.emit("clip", self, parameters=bounds)


@rule(*with_in_place("leaky_relu"))
def leaky_relu(build: Builder, self: Operand, negative_slope: float = 0.01) -> Operand:
    return build.emit("leaky_relu", self, parameters=(float(negative_slope),))


@rule("aten.prelu.default", "aten._prelu_kernel.default")
def prelu(build: Builder, self: Operand, weight: Operand) -> Operand:
    """One slope is that of a leaky relu; several multiply the negative part of their channels."""
    if isinstance(weight, Constant) and weight.data.size == 1:
        return leaky_relu(build, self, float(weight.data.reshape(-1)[0]))
    rank = len(self.type.shape)
    slopes = weight if len(weight.type.shape) == rank else build.reshape(weight, (1, weight.type.size, *(1,) * (rank - 2)))
    negative = build.emit("relu", build.emit("neg", self, part="neg"), part="negative")
    return build.emit("sub", build.emit("relu", self, part="positive"), build.emit("mul", negative, slopes, part="sloped"))


@rule(*with_in_place("elu"))
def elu(build: Builder, self: Operand, alpha: float = 1, scale: float = 1, input_scale: float = 1) -> Operand:
    expect(input_scale == 1, f"elu with input_scale = {input_scale} is not supported")
    curve = build.emit("elu", self, part="" if scale == 1 else "curve", parameters=(float(alpha),))
    return curve if scale == 1 else build.emit("mul", curve, build.number("scale", float(scale)))


@rule(*with_in_place("selu"))
def selu(build: Builder, self: Operand) -> Operand:
    """The two constants are those of the paper (arXiv 1706.02515)."""
    return elu(build, self, alpha=1.6732632423543772, scale=1.0507009873554805)


@rule(*with_in_place("celu"))
def celu(build: Builder, self: Operand, alpha: float = 1.0) -> Operand:
    """alpha · elu(x / alpha)"""
    if alpha == 1:
        return elu(build, self)
    narrow = build.emit("mul", self, build.number("inverse", 1 / alpha), part="narrow")
    return build.emit("mul", build.emit("elu", narrow, part="curve", parameters=(1.0,)), build.number("alpha", float(alpha)))


@rule("aten.softplus.default")
def softplus(build: Builder, self: Operand, beta: float = 1, threshold: float = 20) -> Operand:
    """log(1 + exp(beta·x)) / beta; from `threshold` on torch takes x, which by then is the same."""
    expect(threshold >= 10, f"softplus that is cut off at {threshold} is not supported")
    if beta == 1:
        return build.emit("softplus", self)
    steep = build.emit("mul", self, build.number("beta", float(beta)), part="steep")
    return build.emit("mul", build.emit("softplus", steep, part="curve"), build.number("inverse", 1 / beta))


@rule("aten.log_sigmoid.default")
def log_sigmoid(build: Builder, self: Operand) -> Operand:
    """−softplus(−x)"""
    return build.emit("neg", build.emit("softplus", build.emit("neg", self, part="neg"), part="softplus"))


@rule(*with_in_place("expm1"))
def expm1(build: Builder, self: Operand) -> Operand:
    return build.emit("sub", build.emit("exp", self, part="exp"), build.number("one", 1.0))


@rule(*with_in_place("log1p"))
def log1p(build: Builder, self: Operand) -> Operand:
    return build.emit("log", build.emit("add", self, build.number("one", 1.0), part="sum"))


@rule(*with_in_place("exp2"))
def exp2(build: Builder, self: Operand) -> Operand:
    return build.emit("exp", build.emit("mul", self, build.number("log", log(2)), part="scaled"))


@rule("aten.glu.default")
def glu(build: Builder, self: Operand, dim: int = -1) -> Operand:
    axis = axis_of(self, dim)
    half = self.type.shape[axis] // 2
    gate = build.emit("sigmoid", build.slice(self, axis, half, 2 * half, part="gate"), part="sigmoid")
    return build.emit("mul", build.slice(self, axis, 0, half, part="value"), gate)


@rule("aten.pow.Tensor_Scalar", "aten.pow_.Scalar", "aten.pow.Tensor_Tensor")
def power(build: Builder, self: Operand, exponent: float | Operand) -> Operand:
    """Small whole powers and their roots; others have no function of their own."""
    if isinstance(exponent, Constant) and exponent.data.size == 1:
        exponent = float(exponent.data.reshape(-1)[0])
    functions = {2: "square", 0.5: "sqrt", -1: "reciprocal", -0.5: "rsqrt"}
    if exponent == 1:
        return self
    if exponent in functions:
        return build.emit(functions[exponent], self)
    expect(exponent in (3, 4, -2), f"the power {exponent if isinstance(exponent, (int, float)) else 'by a value'} is not supported, only {POWERS}")
    squared = build.emit("square", self, part="square")
    return build.emit("mul", squared, self) if exponent == 3 else build.emit("square" if exponent == 4 else "reciprocal", squared)


@rule("aten.pow.Scalar")
def exponential(build: Builder, self: float, exponent: Operand) -> Operand:
    """base ** x is exp(x · log base)."""
    expect(self > 0, f"powers of {self} are not supported, only of positive numbers")
    return build.emit("exp", build.emit("mul", exponent, build.number("log", log(self)), part="scaled"))
