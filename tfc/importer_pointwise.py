"""Rules for arithmetic, activations and normalisation."""

from __future__ import annotations

from collections.abc import Callable
from math import inf

from tfc.importer_builder import AnyRule, Builder, Operand, Rule, axis_of, builds
from tfc.importer_products import vector
from tfc.ir.diagnostic import Diagnostic, expect

RULES: dict[str, Rule] = {}


def rule(*targets: str) -> Callable[[AnyRule], AnyRule]:
    return builds(RULES, *targets)


def with_in_place(*names: str, overload: str = "default") -> list[str]:
    """The operators and their in-place forms: what differs is who else sees the change, and the importer checks that."""
    return [f"aten.{name}{suffix}.{overload}" for name in names for suffix in ("", "_")]


def _unary(op: str) -> Rule:
    def unary(build: Builder, self: Operand) -> Operand:
        return build.emit(op, self)

    return unary


for _op in ("relu", "relu6", "silu", "sigmoid", "tanh", "hardswish", "hardsigmoid", "exp", "sqrt"):
    rule(*with_in_place(_op))(_unary(_op))


@rule(*with_in_place("gelu"))
def gelu(build: Builder, self: Operand, approximate: str = "none") -> Operand:
    return build.emit("gelu_tanh" if approximate == "tanh" else "gelu", self)


@rule(*with_in_place("hardtanh"))
def hardtanh(build: Builder, self: Operand, min_val: float = -1.0, max_val: float = 1.0) -> Operand:
    return clamp(build, self, min_val, max_val)


@rule(*with_in_place("clamp", "clamp_min"))
def clamp(build: Builder, self: Operand, min: float | None = None, max: float | None = None) -> Operand:
    bounds = (-inf if min is None else min, inf if max is None else max)
    names: dict[tuple[float, float], str] = {(0, 6): "relu6", (0, inf): "relu"}
    expect(bounds in names, f"clamping to {bounds} is not supported, only to (0, 6) and from 0 up")
    return build.emit(names[bounds], self)


def term(build: Builder, other: Operand | float) -> Operand:
    """An operand, or a number as a scalar constant."""
    return build.number("other", other) if isinstance(other, (int, float)) else other


def scaled(build: Builder, other: Operand | float, alpha: float) -> Operand:
    """alpha · other, without work where alpha is 1 or other a number."""
    if isinstance(other, (int, float)):
        return build.number("other", alpha * other)
    return other if alpha == 1 else build.emit("mul", other, build.number("alpha", alpha), part="scaled")


@rule(*with_in_place("add", overload="Tensor"), *with_in_place("add", overload="Scalar"))
def add(build: Builder, self: Operand, other: Operand | float, alpha: float = 1) -> Operand:
    return build.emit("add", self, scaled(build, other, alpha))


@rule(*with_in_place("sub", overload="Tensor"), *with_in_place("sub", overload="Scalar"))
def sub(build: Builder, self: Operand, other: Operand | float, alpha: float = 1) -> Operand:
    return build.emit("sub", self, scaled(build, other, alpha))


@rule("aten.rsub.Tensor", "aten.rsub.Scalar")
def rsub(build: Builder, self: Operand, other: Operand | float, alpha: float = 1) -> Operand:
    return build.emit("sub", term(build, other), scaled(build, self, alpha))


@rule(*with_in_place("mul", overload="Tensor"), *with_in_place("mul", overload="Scalar"))
def mul(build: Builder, self: Operand, other: Operand | float) -> Operand:
    return build.emit("mul", self, term(build, other))


@rule(*with_in_place("div", overload="Tensor"), *with_in_place("div", overload="Scalar"))
def div(build: Builder, self: Operand, other: Operand | float) -> Operand:
    return build.emit("div", self, term(build, other))


@rule(*with_in_place("neg"))
def neg(build: Builder, self: Operand) -> Operand:
    return build.emit("mul", self, build.number("other", -1.0))


@rule("aten.softmax.int")
def softmax(build: Builder, self: Operand, dim: int, dtype: str | None = None) -> Operand:
    # From the end where it is the last axis: attention and its passes speak of axis −1.
    axis = axis_of(self, dim)
    return build.emit("softmax", self, axis=-1 if axis == len(self.type.shape) - 1 else axis)


@rule("aten.layer_norm.default")
def layer_norm(
    build: Builder,
    input: Operand,
    normalized_shape: tuple[int, ...],
    weight: Operand | None = None,
    bias: Operand | None = None,
    eps: float = 1e-5,
    cudnn_enable: bool = True,
) -> Operand:
    expect(normalized_shape == input.type.shape[-1:], f"layer norm over {normalized_shape} is not supported, only over the last axis of {input.type.shape}")
    length = normalized_shape[0]
    return build.emit("layer_norm", input, vector(build, weight, "weight", length, 1.0), vector(build, bias, "bias", length, 0.0), eps=eps)


@rule("aten.batch_norm.default")
def batch_norm(
    build: Builder,
    input: Operand,
    weight: Operand | None,
    bias: Operand | None,
    running_mean: Operand | None,
    running_var: Operand | None,
    training: bool,
    momentum: float,
    eps: float,
    cudnn_enabled: bool,
) -> Operand:
    expect(not training, "this batch norm trains: call model.eval() before the export")
    if running_mean is None or running_var is None:
        raise Diagnostic("this batch norm has no running statistics", help="build it with track_running_stats=True")
    length = input.type.shape[1]
    gamma, beta = vector(build, weight, "weight", length, 1.0), vector(build, bias, "bias", length, 0.0)
    return build.emit("batch_norm", input, gamma, beta, running_mean, running_var, eps=eps)
