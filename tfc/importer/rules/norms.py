"""Rules for normalisation and softmax."""

from __future__ import annotations

from collections.abc import Callable
from math import prod

import numpy as np

from tfc.importer.builder import AnyRule, Builder, Operand, Result, Rule, axis_of, builds
from tfc.importer.shapes import vector
from tfc.ir.diagnostic import Diagnostic, expect

RULES: dict[str, Rule] = {}


def rule(*targets: str) -> Callable[[AnyRule], AnyRule]:
    return builds(RULES, *targets)


@rule("aten.softmax.int", "aten._softmax.default", "aten._safe_softmax.default")
def softmax(build: Builder, self: Operand, dim: int, dtype: str | None = None, half_to_float: bool = False) -> Operand:
    return build.emit("softmax", self, axis=_axis(self, dim))


@rule("aten.log_softmax.int", "aten._log_softmax.default")
def log_softmax(build: Builder, self: Operand, dim: int, dtype: str | None = None, half_to_float: bool = False) -> Operand:
    return build.emit("log_softmax", self, axis=_axis(self, dim))


def _axis(x: Operand, dim: int) -> int:
    """From the end where it is the last axis: attention and its passes speak of axis −1."""
    axis = axis_of(x, dim)
    return -1 if axis == len(x.type.shape) - 1 else axis


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
    x, length = _joined(build, input, normalized_shape)
    gamma, beta = vector(build, weight, "weight", length, 1.0), vector(build, bias, "bias", length, 0.0)
    y = build.emit("layer_norm", x, build.reshape(gamma, (length,)), build.reshape(beta, (length,)), part="" if x is input else "norm", eps=eps)
    return build.reshape(y, input.type.shape)


@rule("aten.native_layer_norm.default")
def native_layer_norm(build: Builder, input: Operand, normalized_shape: tuple[int, ...], weight: Operand | None, bias: Operand | None, eps: float) -> Result:
    return [layer_norm(build, input, normalized_shape, weight, bias, eps), None, None]


@rule("aten.rms_norm.default")
def rms_norm(build: Builder, input: Operand, normalized_shape: tuple[int, ...], weight: Operand | None = None, eps: float | None = None) -> Operand:
    x, length = _joined(build, input, normalized_shape)
    gamma = build.reshape(vector(build, weight, "weight", length, 1.0), (length,))
    y = build.emit("rms_norm", x, gamma, part="" if x is input else "norm", eps=float(np.finfo(np.float32).eps) if eps is None else eps)
    return build.reshape(y, input.type.shape)


@rule("aten._fused_rms_norm.default")
def fused_rms_norm(build: Builder, input: Operand, normalized_shape: tuple[int, ...], weight: Operand | None, eps: float | None) -> Result:
    return [rms_norm(build, input, normalized_shape, weight, eps), None]


def _joined(build: Builder, x: Operand, last: tuple[int, ...]) -> tuple[Operand, int]:
    """x with the axes of a norm as one, and its length."""
    expect(bool(last) and last == x.type.shape[-len(last) :], f"a norm over {last} does not fit {x.type.shape}")
    length = prod(last)
    return build.reshape(x, (*x.type.shape[: -len(last)], length), "joined"), length


@rule("aten.group_norm.default")
def group_norm(
    build: Builder,
    input: Operand,
    num_groups: int,
    weight: Operand | None = None,
    bias: Operand | None = None,
    eps: float = 1e-5,
    cudnn_enabled: bool = True,
) -> Operand:
    length = input.type.shape[1]
    return build.emit("group_norm", input, vector(build, weight, "weight", length, 1.0), vector(build, bias, "bias", length, 0.0), groups=num_groups, eps=eps)


@rule("aten.native_group_norm.default")
def native_group_norm(build: Builder, input: Operand, weight: Operand | None, bias: Operand | None, N: int, C: int, HxW: int, group: int, eps: float) -> Result:
    return [group_norm(build, input, group, weight, bias, eps), None, None]


@rule("aten.instance_norm.default")
def instance_norm(
    build: Builder,
    input: Operand,
    weight: Operand | None,
    bias: Operand | None,
    running_mean: Operand | None,
    running_var: Operand | None,
    use_input_stats: bool,
    momentum: float,
    eps: float,
    cudnn_enabled: bool,
) -> Operand:
    """Each channel is a group of its own; with statistics from training it is a batch norm."""
    if use_input_stats:
        return group_norm(build, input, input.type.shape[1], weight, bias, eps)
    return batch_norm(build, input, weight, bias, running_mean, running_var, False, momentum, eps, cudnn_enabled)


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
    cudnn_enabled: bool = True,
) -> Operand:
    expect(not training, "this batch norm trains: call model.eval() before the export")
    if running_mean is None or running_var is None:
        raise Diagnostic("this batch norm has no running statistics", help="build it with track_running_stats=True")
    length = input.type.shape[1]
    gamma, beta = vector(build, weight, "weight", length, 1.0), vector(build, bias, "bias", length, 0.0)
    return build.emit("batch_norm", input, gamma, beta, running_mean, running_var, eps=eps)


@rule("aten._native_batch_norm_legit_no_training.default")
def native_batch_norm(
    build: Builder,
    input: Operand,
    weight: Operand | None,
    bias: Operand | None,
    running_mean: Operand,
    running_var: Operand,
    momentum: float,
    eps: float,
) -> Result:
    return [batch_norm(build, input, weight, bias, running_mean, running_var, False, momentum, eps), None, None]


@rule("aten._native_batch_norm_legit.no_stats")
def norm_of_channels(build: Builder, input: Operand, weight: Operand | None, bias: Operand | None, training: bool, momentum: float, eps: float) -> Result:
    """A batch norm by the statistics of its input: with a batch of one, what a decomposed export makes of an instance norm."""
    return [group_norm(build, input, input.type.shape[1], weight, bias, eps), None, None]
