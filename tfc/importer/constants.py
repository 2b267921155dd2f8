"""Operators that only constants may go through, in numpy; and those whose result is known from shapes alone."""

from __future__ import annotations

from collections.abc import Callable
from itertools import zip_longest
from math import isinf
from typing import Any, Literal

import numpy as np

from tfc.importer.rules.bicubic import upsample_bicubic2d
from tfc.ir.diagnostic import expect

from .builder import AnyRule, Array, Builder, Operand, Result, Rule, builds
from .tensors import expect_small

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
folds("masked_fill.Scalar", "masked_fill.Tensor", "masked_fill_.Scalar", "masked_fill_.Tensor")(lambda self, mask, value: np.where(mask, value, self))
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


@folds("outer.default")
def outer(self: Array, vec2: Array) -> Array:
    expect_small(self.size, vec2.size)
    return np.outer(self, vec2)


@folds("div.Tensor_mode")
def divided(self: Array, other: Any, rounding_mode: str | None) -> Array:
    quotient = np.true_divide(self, other)
    return np.asarray(np.floor(quotient) if rounding_mode == "floor" else np.trunc(quotient) if rounding_mode == "trunc" else quotient)


# --- choice

folds("tril.default")(lambda self, diagonal=0: np.tril(self, diagonal))
folds("triu.default")(lambda self, diagonal=0: np.triu(self, diagonal))
folds("gather.default")(lambda self, dim, index, **_: np.take_along_axis(self, index, dim))


@folds("meshgrid.default", "meshgrid.indexing")
def meshgrid(tensors: tuple[Array, ...], indexing: Literal["ij", "xy"] = "ij") -> list[Array]:
    expect_small(len(tensors), *(tensor.size for tensor in tensors))
    return list(np.meshgrid(*tensors, indexing=indexing))


@folds("index.Tensor")
def indexed(self: Array, indices: tuple[Array | None, ...]) -> Array:
    chosen = [index for index in indices if index is not None]
    kept = [n for n, index in zip_longest(self.shape, indices) if index is None]
    expect_small(*np.broadcast_shapes(*(index.shape for index in chosen)), *kept)
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


folds("upsample_bicubic2d.vec", "upsample_bicubic2d.default")(upsample_bicubic2d)

# --- known from shapes: as long as the trace says, whatever the arguments say


@known("zeros.default", "empty.memory_format", "zeros_like.default", "new_zeros.default", "new_empty.default", "empty_like.default")
def zeros(build: Builder, **_: object) -> Result:
    return build.constant("", np.zeros(build.shape))


@known("ones.default", "ones_like.default", "new_ones.default")
def ones(build: Builder, **_: object) -> Result:
    return build.constant("", np.ones(build.shape))


@known("full.default", "full_like.default", "new_full.default")
def full(build: Builder, fill_value: float, **_: object) -> Result:
    return build.constant("", np.full(build.shape, fill_value))


@known("fill.Scalar", "fill_.Scalar")
def filled(build: Builder, self: Operand, value: float) -> Result:
    return build.constant("", np.full(build.shape, value))


@known("scalar_tensor.default")
def scalar_tensor(build: Builder, s: float, **_: object) -> Result:
    return build.constant("", np.asarray(s))


@known("arange.default", "arange.start", "arange.start_step")
def arange(build: Builder, end: float, start: float = 0, step: float = 1, **_: object) -> Result:
    return build.constant("", start + step * np.arange(build.shape[0]))


@known("linspace.default")
def linspace(build: Builder, start: float, end: float, **_: object) -> Result:
    return build.constant("", np.linspace(start, end, build.shape[0]))


@known("eye.default", "eye.m")
def eye(build: Builder, **_: object) -> Result:
    return build.constant("", np.eye(build.shape[0], build.shape[1]))


@known("eq.Scalar")
def never_infinite(build: Builder, self: Operand, other: float) -> Result:
    """Decomposed attention asks whether a whole row of scores is −∞: no value but a mask ever is, and no mask hides a row."""
    expect(isinf(other), "comparisons of values that depend on the input are not supported, only with infinity")
    return build.constant("", np.zeros(build.shape, bool))
