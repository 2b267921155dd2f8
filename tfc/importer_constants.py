"""Operators that only constants may go through, in numpy; and those whose result is known from shapes alone."""

from __future__ import annotations

from collections.abc import Callable
from math import inf, isinf
from typing import Any

import numpy as np

from tfc.importer_builder import AnyRule, Array, Builder, Operand, Result, Rule, builds
from tfc.ir.diagnostic import expect

Fold = Callable[..., Any]
FOLDS: dict[str, Fold] = {}
KNOWN: dict[str, Rule] = {}


def folds(*targets: str) -> Callable[[Fold], Fold]:
    """Enter a function for these operators. It takes their arguments by name, arrays for tensors."""

    def enter(function: Fold) -> Fold:
        FOLDS.update(dict.fromkeys((f"aten.{target}" for target in targets), function))
        return function

    return enter


def known(*targets: str) -> Callable[[AnyRule], AnyRule]:
    return builds(KNOWN, *(f"aten.{target}" for target in targets))


# --- what needs no tensor

folds("arange.default")(lambda end, **_: np.arange(end))
folds("arange.start", "arange.start_step")(lambda start, end, step=1, **_: np.arange(start, end, step))
folds("linspace.default")(lambda start, end, steps, **_: np.linspace(start, end, steps))
folds("full.default")(lambda size, fill_value, **_: np.full(size, fill_value))
folds("zeros.default", "empty.memory_format")(lambda size, **_: np.zeros(size))
folds("ones.default")(lambda size, **_: np.ones(size))
folds("eye.default", "eye.m")(lambda n, m=None, **_: np.eye(n, m))
folds("scalar_tensor.default")(lambda s, **_: np.asarray(s))

# --- comparisons and logic

COMPARISONS: dict[str, Fold] = {"eq": np.equal, "ne": np.not_equal, "lt": np.less, "le": np.less_equal, "gt": np.greater, "ge": np.greater_equal}
BITWISE: dict[str, Fold] = {"and": np.bitwise_and, "or": np.bitwise_or, "xor": np.bitwise_xor}
LOGICAL: dict[str, Fold] = {"and": np.logical_and, "or": np.logical_or, "xor": np.logical_xor}
for _name, _function in COMPARISONS.items():
    folds(f"{_name}.Tensor", f"{_name}.Scalar")(lambda self, other, function=_function: function(self, other))
for _name, _function in LOGICAL.items():
    folds(f"logical_{_name}.default")(lambda self, other, function=_function: function(self, other))
for _name, _function in BITWISE.items():
    folds(f"bitwise_{_name}.Tensor", f"bitwise_{_name}.Scalar", f"__{_name}__.Tensor", f"__{_name}__.Scalar")(
        lambda self, other, function=_function: function(self, other)
    )
folds("logical_not.default", "bitwise_not.default")(lambda self: np.logical_not(self) if self.dtype == bool else np.invert(self))
folds("any.default", "any.dim", "any.dims")(lambda self, dim=None, keepdim=False: self.any(axis=dim, keepdims=keepdim))
folds("all.default", "all.dim", "all.dims")(lambda self, dim=None, keepdim=False: self.all(axis=dim, keepdims=keepdim))
folds("where.self", "where.ScalarOther", "where.ScalarSelf", "where.Scalar")(lambda condition, self, other: np.where(condition, self, other))
folds("masked_fill.Scalar", "masked_fill.Tensor")(lambda self, mask, value: np.where(mask, value, self))
folds("isinf.default")(lambda self: np.isinf(self))
folds("isnan.default")(lambda self: np.isnan(self))

# --- arithmetic

ROUNDINGS: dict[str, Fold] = {"floor": np.floor, "ceil": np.ceil, "round": np.round, "trunc": np.trunc, "sign": np.sign, "log2": np.log2}
for _name, _function in ROUNDINGS.items():
    folds(f"{_name}.default")(lambda self, function=_function: function(self))
folds("floor_divide.default")(lambda self, other: np.floor_divide(self, other))
folds("remainder.Scalar", "remainder.Tensor")(lambda self, other: np.remainder(self, other))
folds("fmod.Scalar", "fmod.Tensor")(lambda self, other: np.fmod(self, other))
folds("pow.Tensor_Scalar", "pow.Tensor_Tensor", "pow.Scalar")(lambda self, exponent: np.power(np.asarray(self, np.float64), exponent))
folds("cumsum.default")(lambda self, dim, **_: np.cumsum(self, dim))
folds("cumprod.default")(lambda self, dim, **_: np.cumprod(self, dim))
folds("amax.default")(lambda self, dim=(), keepdim=False: self.max(axis=dim or None, keepdims=keepdim))
folds("amin.default")(lambda self, dim=(), keepdim=False: self.min(axis=dim or None, keepdims=keepdim))
folds("max.default")(lambda self: self.max())
folds("min.default")(lambda self: self.min())
folds("prod.default")(lambda self, **_: self.prod())
folds("outer.default")(lambda self, vec2: np.outer(self, vec2))


@folds("div.Tensor_mode")
def divided(self: Array, other: Any, rounding_mode: str | None) -> Array:
    quotient = np.true_divide(self, other)
    return np.asarray(np.floor(quotient) if rounding_mode == "floor" else np.trunc(quotient) if rounding_mode == "trunc" else quotient)


# --- choice

folds("tril.default")(lambda self, diagonal=0: np.tril(self, diagonal))
folds("triu.default")(lambda self, diagonal=0: np.triu(self, diagonal))
folds("gather.default")(lambda self, dim, index, **_: np.take_along_axis(self, index, dim))
folds("meshgrid.default", "meshgrid.indexing")(lambda tensors, indexing="ij": list(np.meshgrid(*tensors, indexing=indexing)))


@folds("index.Tensor")
def indexed(self: Array, indices: tuple[Array | None, ...]) -> Array:
    return np.asarray(self[tuple(slice(None) if index is None else index for index in indices)])


# --- weights under another parametrization


@folds("_weight_norm.default")
def weight_norm(v: Array, g: Array, dim: int = 0) -> Array:
    """g · v / |v|, the norm taken over all axes but one."""
    others = tuple(axis for axis in range(v.ndim) if axis != dim)
    return np.asarray(v * (g / np.sqrt((v * v).sum(axis=others, keepdims=True))))


@folds("_weight_norm_interface.default")
def weight_norm_and_norms(v: Array, g: Array, dim: int = 0) -> list[Array]:
    others = tuple(axis for axis in range(v.ndim) if axis != dim)
    return [weight_norm(v, g, dim), np.sqrt((v * v).sum(axis=others, keepdims=True))]


# --- position embeddings


@folds("upsample_bicubic2d.vec", "upsample_bicubic2d.default")
def upsample_bicubic2d(
    input: Array | None = None,
    output_size: tuple[int, ...] | None = None,
    align_corners: bool = False,
    scale_factors: tuple[float, ...] | None = None,
    self: Array | None = None,
    scales_h: float | None = None,
    scales_w: float | None = None,
) -> Array:
    """Four taps an axis, clamped at the border: Keys' kernel with a = −3/4, as in torch."""
    x = input if self is None else self
    assert x is not None
    scales = scale_factors or (scales_h, scales_w)
    for axis, scale in zip((2, 3), scales, strict=True):
        old = x.shape[axis]
        new = output_size[axis - 2] if output_size else int(old * (scale or 1))
        step = (old - 1) / max(new - 1, 1) if align_corners else old / new if scale is None else 1 / scale
        at = np.arange(new) * step if align_corners else (np.arange(new) + 0.5) * step - 0.5
        first = np.floor(at).astype(np.int64)
        wide = (-1, *(1,) * (x.ndim - axis - 1))
        taps = [(np.clip(first + k, 0, old - 1), _cubic(np.abs(at - first - k)).reshape(wide)) for k in range(-1, 3)]
        x = np.asarray(sum(x.take(index, axis) * weight for index, weight in taps))
    return x


def _cubic(t: Array, a: float = -0.75) -> Array:
    near = ((a + 2) * t - (a + 3)) * t * t + 1
    far = ((a * t - 5 * a) * t + 8 * a) * t - 4 * a
    return np.where(t <= 1, near, np.where(t < 2, far, 0))


# --- known from shapes


@known("zeros_like.default", "new_zeros.default", "new_empty.default", "empty_like.default")
def zeros_like(build: Builder, self: Operand, **_: object) -> Result:
    return build.constant("", np.zeros(build.shape))


@known("ones_like.default", "new_ones.default")
def ones_like(build: Builder, self: Operand, **_: object) -> Result:
    return build.constant("", np.ones(build.shape))


@known("full_like.default", "new_full.default")
def full_like(build: Builder, self: Operand, fill_value: float, **_: object) -> Result:
    return build.constant("", np.full(build.shape, fill_value))


@known("eq.Scalar")
def never_infinite(build: Builder, self: Operand, other: float) -> Result:
    """Decomposed attention asks whether a whole row of scores is −∞: without a mask no value ever is."""
    expect(isinf(other), "comparisons of values that depend on the input are not supported, only with infinity")
    return build.constant("", np.zeros(build.shape, bool))


@known("fill.Scalar", "fill_.Scalar")
def filled(build: Builder, self: Operand, value: float = inf) -> Result:
    return build.constant("", np.full(build.shape, value))
