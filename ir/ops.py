"""The operators: a signature declares operands and attributes, the body checks and returns the shape."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any

import numpy as np

from .diagnostic import Diagnostic, expect
from .pointwise import FUNCTIONS
from .signature import Option, check_options, options
from .types import Shape, Symbol, TensorType

Pair = tuple[int, int]
Quad = tuple[int, int, int, int]


@dataclass(frozen=True)
class Op:
    """An operator as its signature declares it."""

    name: str
    infer: Callable[..., Shape | None]

    @cached_property
    def options(self) -> dict[str, Option]:
        return options(self.infer)

    @cached_property
    def operand_counts(self) -> tuple[int, int | None]:
        """Least and largest number of operands; None where there is no largest."""
        least, most = 0, 0
        for parameter in inspect.signature(self.infer).parameters.values():
            if parameter.kind is parameter.VAR_POSITIONAL:
                return least + 1, None
            if parameter.kind is not parameter.KEYWORD_ONLY:
                least, most = least + (parameter.default is parameter.empty), most + 1
        return least, most

    @property
    def doc(self) -> str:
        return (self.infer.__doc__ or "").strip()

    def attribute(self, attrs: dict[str, Any] | Any, name: str) -> Any:
        """An attribute of a node, or its default."""
        return attrs[name] if name in attrs else self.options[name].default

    def shape(self, operands: list[TensorType], attrs: dict[str, Any], declared: Shape) -> Shape:
        """The shape of the result; every doubt about operands and attributes is a Diagnostic."""
        least, most = self.operand_counts
        takes = str(least) if least == most else f"{least} to {most or 'many'}"
        expect(len(operands) >= least and (most is None or len(operands) <= most), f"{self.name} takes {takes} operands, not {len(operands)}")
        own = {key: value for key, value in attrs.items() if key not in COMMON}
        inferred = self.infer(*operands, **check_options(self.options, own, self.name))
        return declared if inferred is None else tuple(int(n) for n in inferred)


OPS: dict[str, Op] = {}

# What any node may carry: the range that calibration saw (of the value, and before a fused activation), the mean of each channel,
# scale and zero point where the model brings its own, whether it is to be int16, and its kernel.
COMMON = frozenset({"range", "pre_range", "means", "qparams", "wide", "kernel"})

# Operators that only move elements, or choose or mix them: operand and result have one quantization.
TIED = frozenset({"reshape", "transpose", "slice", "expand", "unfold", "fold", "pad", "take", "resize_nearest", "resize_bilinear", "max_pool2d"})


def op(function: Callable[..., Shape | None]) -> Callable[..., Shape | None]:
    """Declare an operator under the function's name."""
    OPS[function.__name__.rstrip("_")] = Op(function.__name__.rstrip("_"), function)
    return function


def op_named(name: str) -> Op:
    if name not in OPS:
        raise Diagnostic(f"there is no operator '{name}'", help=f"operators: {', '.join(sorted(OPS))}")
    return OPS[name]


# --- leaves


@op
def arg(*, axes: tuple[int, ...] | None = None) -> None:
    """An argument of the network. With `axes`, the value is the model's own input transposed so."""


@op
def const(*, data: Symbol, format: str = "dense", scales: Symbol | None = None) -> None:
    """A tensor from beside the text, stored in this format. Float weights may bring the scale of each output channel."""


# --- products


@op
def conv2d(
    x: TensorType,
    w: TensorType,
    b: TensorType,
    r: TensorType | None = None,
    *,
    stride: Pair = (1, 1),
    pad: Quad = (0, 0, 0, 0),
    dilation: Pair = (1, 1),
    groups: int = 1,
    activation: Symbol | None = None,
    parameters: tuple[float, ...] = (),
    pre_scale: float | None = None,
    pre_zero: int | None = None,
    clamp: Pair | None = None,
) -> Shape:
    """Convolution: NHWC input, OHWI weights (I = channels / groups), bias, an optional residual added before the activation."""
    expect(len(x.shape) == 4 and len(w.shape) == 4, f"conv2d takes four axes, not {x.shape} and {w.shape}")
    n, h, width, c = x.shape
    out, kh, kw, c_in = w.shape
    expect(c == c_in * groups and out % groups == 0, f"input has {c} channels, weights take {c_in} in each of {groups} groups")
    expect(b.shape == (out,), f"bias has shape {b.shape} for {out} channels")
    size = tuple(
        (extent + before + after - step * (k - 1) - 1) // s + 1
        for extent, before, after, k, s, step in ((h, pad[0], pad[2], kh, stride[0], dilation[0]), (width, pad[1], pad[3], kw, stride[1], dilation[1]))
    )
    expect(min(size) >= 1, f"a {kh}×{kw} window does not fit {h}×{width}")
    return _with_residual((n, *size, out), r)


@op
def linear(
    x: TensorType,
    w: TensorType,
    b: TensorType,
    r: TensorType | None = None,
    *,
    activation: Symbol | None = None,
    parameters: tuple[float, ...] = (),
    pre_scale: float | None = None,
    pre_zero: int | None = None,
    clamp: Pair | None = None,
) -> Shape:
    """Matrix product over the last axis with OI weights, bias, an optional residual added before the activation."""
    expect(len(w.shape) == 2 and x.shape[-1] == w.shape[1], f"input has {x.shape[-1]} channels, weights have shape {w.shape}")
    expect(b.shape == (w.shape[0],), f"bias has shape {b.shape} for {w.shape[0]} channels")
    return _with_residual((*x.shape[:-1], w.shape[0]), r)


def _with_residual(shape: Shape, r: TensorType | None) -> Shape:
    expect(r is None or r.shape == shape, f"the residual has shape {r.shape if r else ()}, the result {shape}")
    return shape


@op
def conv_transpose2d(
    x: TensorType,
    w: TensorType,
    b: TensorType,
    *,
    stride: Pair = (1, 1),
    pad: Quad = (0, 0, 0, 0),
    output_pad: Pair = (0, 0),
    dilation: Pair = (1, 1),
    groups: int = 1,
    activation: Symbol | None = None,
    parameters: tuple[float, ...] = (),
    pre_scale: float | None = None,
    pre_zero: int | None = None,
    clamp: Pair | None = None,
) -> Shape:
    """Transposed convolution: NHWC input, OHWI weights (I = channels / groups), bias; what `pad` takes off, `output_pad` adds below and right."""
    expect(len(x.shape) == 4 and len(w.shape) == 4, f"conv_transpose2d takes four axes, not {x.shape} and {w.shape}")
    n, h, width, c = x.shape
    out, kh, kw, c_in = w.shape
    expect(c == c_in * groups and out % groups == 0, f"input has {c} channels, weights take {c_in} in each of {groups} groups")
    expect(b.shape == (out,), f"bias has shape {b.shape} for {out} channels")
    size = tuple(
        (extent - 1) * s + step * (k - 1) + 1 - before - after + more
        for extent, before, after, k, s, step, more in (
            (h, pad[0], pad[2], kh, stride[0], dilation[0], output_pad[0]),
            (width, pad[1], pad[3], kw, stride[1], dilation[1], output_pad[1]),
        )
    )
    expect(min(size) >= 1, f"padding {pad} leaves nothing of the result")
    return n, *size, out


@op
def matmul(a: TensorType, b: TensorType) -> Shape:
    """Product over the last two axes; the others broadcast."""
    expect(a.shape[-1] == b.shape[-2], f"{a.shape} and {b.shape} do not multiply")
    return (*np.broadcast_shapes(a.shape[:-2], b.shape[:-2]), a.shape[-2], b.shape[-1])


@op
def attention(q: TensorType, k: TensorType, v: TensorType, *, heads: int, scale: float, patch: Pair = (1, 1)) -> Shape:
    """softmax(q·kᵀ·scale)·v for each head of [B, N, C] tokens; on [B, H, W, C] among the pixels of equal place in their patch."""
    expect(len(q.shape) in (3, 4) and k.shape == v.shape, f"attention takes tokens or a feature map, not {q.shape}, {k.shape}, {v.shape}")
    expect(q.shape[-1] == k.shape[-1] and q.shape[0] == k.shape[0] and q.shape[-1] % heads == 0, f"{heads} heads do not divide {q.shape} and {k.shape}")
    expect(scale > 0, f"the scale of attention is positive, not {scale}")
    if len(q.shape) == 4:
        expect(k.shape == q.shape and q.shape[1] % patch[0] == 0 and q.shape[2] % patch[1] == 0, f"patches of {patch} do not tile {q.shape}")
    else:
        expect(patch == (1, 1), "only a feature map has patches")
    return q.shape


# --- normalisation


@op
def batch_norm(x: TensorType, gamma: TensorType, beta: TensorType, mean: TensorType, variance: TensorType, *, eps: float = 1e-5, axis: int = 1) -> Shape:
    """(x − mean) / √(variance + eps) · gamma + beta along an axis of channels."""
    expect(all(p.shape == (x.shape[axis],) for p in (gamma, beta, mean, variance)), f"parameters do not fit {x.shape[axis]} channels")
    return x.shape


@op
def layer_norm(x: TensorType, gamma: TensorType, beta: TensorType, *, eps: float = 1e-5) -> Shape:
    """Normalisation over the last axis, then gamma and beta."""
    expect(gamma.shape == beta.shape == x.shape[-1:], f"parameters do not fit {x.shape[-1]} channels")
    return x.shape


@op
def rms_norm(x: TensorType, gamma: TensorType, *, eps: float = 1e-5) -> Shape:
    """x / √(mean(x²) + eps) · gamma over the last axis."""
    expect(gamma.shape == x.shape[-1:], f"gamma does not fit {x.shape[-1]} channels")
    return x.shape


@op
def group_norm(x: TensorType, gamma: TensorType, beta: TensorType, *, groups: int, eps: float = 1e-5, axis: int = 1) -> Shape:
    """Normalisation of each sample over groups of channels and all other axes, then gamma and beta along `axis`."""
    expect(
        gamma.shape == beta.shape == (x.shape[axis],) and x.shape[axis] % groups == 0, f"{groups} groups or the parameters do not fit {x.shape[axis]} channels"
    )
    return x.shape


@op
def log_softmax(x: TensorType, *, axis: int = -1) -> Shape:
    """Logarithm of softmax along an axis."""
    expect(-len(x.shape) <= axis < len(x.shape), f"{x.shape} has no axis {axis}")
    return x.shape


@op
def softmax(x: TensorType, *, axis: int = -1) -> Shape:
    """Softmax along an axis."""
    expect(-len(x.shape) <= axis < len(x.shape), f"{x.shape} has no axis {axis}")
    return x.shape


# --- elementwise


@op
def add(a: TensorType, b: TensorType, *, clamp: Pair | None = None) -> Shape:
    """Sum, broadcasting as numpy does."""
    return _broadcast(a, b)


@op
def sub(a: TensorType, b: TensorType, *, clamp: Pair | None = None) -> Shape:
    """Difference, broadcasting as numpy does."""
    return _broadcast(a, b)


@op
def mul(a: TensorType, b: TensorType) -> Shape:
    """Product, broadcasting as numpy does."""
    return _broadcast(a, b)


@op
def div(a: TensorType, b: TensorType) -> Shape:
    """Quotient, broadcasting as numpy does; only by constants once quantized."""
    return _broadcast(a, b)


def _broadcast(a: TensorType, b: TensorType) -> Shape:
    try:
        return tuple(np.broadcast_shapes(a.shape, b.shape))
    except ValueError:
        raise Diagnostic(f"{a.shape} and {b.shape} do not broadcast") from None


def _pointwise(x: TensorType, *, parameters: tuple[float, ...] = ()) -> Shape:
    """A function of each element; `parameters` are those of leaky_relu (slope), elu (alpha) and clip (lo, hi)."""
    return x.shape


POINTWISE = tuple(FUNCTIONS)
for _name in POINTWISE:
    OPS[_name] = Op(_name, _pointwise)


@op
def fake_quantize(x: TensorType, *, scale: float, zero_point: int) -> Shape:
    """Rounded to the 256 levels of a quantization that the model brings; float only."""
    expect(scale > 0 and -128 <= zero_point <= 127, f"scale {scale} or zero point {zero_point} is none of int8")
    return x.shape


@op
def rescale(x: TensorType) -> Shape:
    """The same value under another quantization, rounded once."""
    return x.shape


@op
def reinterpret(x: TensorType) -> Shape:
    """The same integers under another quantization: a positive factor and a shift by whole steps, without work."""
    return x.shape


@op
def convert(x: TensorType) -> Shape:
    """The same value in another storage layout."""
    return x.shape


# --- pooling


@op
def mean(x: TensorType, *, axes: tuple[int, ...], keepdims: bool = False) -> Shape:
    """Mean over axes."""
    gone = {axis % len(x.shape) for axis in axes}
    return tuple(1 if i in gone else n for i, n in enumerate(x.shape) if keepdims or i not in gone)


@op
def avg_pool2d(x: TensorType, *, window: Pair, stride: Pair, pad: Quad = (0, 0, 0, 0), count_padding: bool = True) -> Shape:
    """Mean over NHWC windows; `count_padding` says whether padding counts as elements."""
    return _pooled(x, window, stride, pad)


@op
def max_pool2d(x: TensorType, *, window: Pair, stride: Pair, pad: Quad = (0, 0, 0, 0)) -> Shape:
    """Maximum over NHWC windows; padding never wins."""
    return _pooled(x, window, stride, pad)


def _pooled(x: TensorType, window: Pair, stride: Pair, pad: Quad) -> Shape:
    expect(len(x.shape) == 4, f"pooling takes four axes, not {x.shape}")
    expect(max(pad[0], pad[2]) < window[0] and max(pad[1], pad[3]) < window[1], f"padding {pad} is as wide as the window {window}")
    n, h, w, c = x.shape
    size = ((h + pad[0] + pad[2] - window[0]) // stride[0] + 1, (w + pad[1] + pad[3] - window[1]) // stride[1] + 1)
    expect(min(size) >= 1, f"a {window} window does not fit {h}×{w}")
    return n, *size, c


# --- data movement


@op
def reshape(x: TensorType, *, shape: tuple[int, ...]) -> Shape:
    """The same elements in row-major order under another shape."""
    expect(prod(shape) == x.size, f"{x.shape} does not reshape to {shape}")
    return shape


@op
def transpose(x: TensorType, *, axes: tuple[int, ...]) -> Shape:
    """Axis i of the result is axis axes[i] of x."""
    expect(sorted(axes) == list(range(len(x.shape))), f"{axes} is no permutation of the axes of {x.shape}")
    return tuple(x.shape[axis] for axis in axes)


@op
def slice_(x: TensorType, *, axis: int, start: int, stop: int, step: int = 1) -> Shape:
    """Every step-th index from start up to stop along an axis."""
    expect(0 <= axis < len(x.shape) and 0 <= start < stop <= x.shape[axis] and step > 0, f"[{start}:{stop}:{step}] along axis {axis} leaves {x.shape}")
    return (*x.shape[:axis], (stop - start + step - 1) // step, *x.shape[axis + 1 :])


@op
def concat(*xs: TensorType, axis: int) -> Shape:
    """One after the other along an axis."""
    rest = {(*x.shape[:axis], *x.shape[axis + 1 :]) for x in xs}
    expect(0 <= axis < len(xs[0].shape) and len(rest) == 1, f"{[x.shape for x in xs]} do not join along axis {axis}")
    return (*xs[0].shape[:axis], sum(x.shape[axis] for x in xs), *xs[0].shape[axis + 1 :])


@op
def pad(x: TensorType, *, amounts: tuple[int, ...], value: float = 0.0) -> Shape:
    """A border of a constant; `amounts` is (before, after) for each axis."""
    expect(len(amounts) == 2 * len(x.shape) and min(amounts) >= 0, f"{amounts} is not (before, after) for each axis of {x.shape}")
    return tuple(n + amounts[2 * i] + amounts[2 * i + 1] for i, n in enumerate(x.shape))


@op
def take(x: TensorType, *, axis: int, indices: tuple[int, ...]) -> Shape:
    """These indices along an axis, in this order, any number of times: mirrored borders, rolls, flips."""
    expect(0 <= axis < len(x.shape) and len(indices) > 0, f"{x.shape} has no axis {axis}, or nothing is taken")
    expect(min(indices) >= 0 and max(indices) < x.shape[axis], f"an index leaves the axis of length {x.shape[axis]}")
    return (*x.shape[:axis], len(indices), *x.shape[axis + 1 :])


@op
def expand(x: TensorType, *, shape: tuple[int, ...]) -> Shape:
    """Repetition along axes of length 1."""
    expect(np.broadcast_shapes(x.shape, shape) == shape, f"{x.shape} does not expand to {shape}")
    return shape


@op
def unfold(x: TensorType, *, patch: Pair) -> Shape:
    """[1, H, W, C] to [patch pixels, patches, C]: pixels of equal place in their patch together (MobileViT)."""
    n, h, w, c = x.shape
    expect(n == 1 and h % patch[0] == 0 and w % patch[1] == 0, f"patches of {patch} do not tile {x.shape}")
    return patch[0] * patch[1], (h // patch[0]) * (w // patch[1]), c


@op
def fold(x: TensorType, *, patch: Pair, size: Pair) -> Shape:
    """The inverse of `unfold`, to a feature map of this size."""
    expect(x.shape[0] == patch[0] * patch[1] and x.shape[0] * x.shape[1] == size[0] * size[1], f"{x.shape} is no unfolding of {size} by {patch}")
    return 1, *size, x.shape[2]


@op
def resize_bilinear(x: TensorType, *, size: Pair, align_corners: bool = False) -> Shape:
    """NHWC to another size by linear interpolation, with pixel centres at half or at the corners."""
    expect(len(x.shape) == 4, f"resizing takes four axes, not {x.shape}")
    return x.shape[0], *size, x.shape[3]


@op
def resize_nearest(x: TensorType, *, size: Pair) -> Shape:
    """NHWC to another size; each pixel is the one at floor(i · old / new)."""
    expect(len(x.shape) == 4, f"resizing takes four axes, not {x.shape}")
    return x.shape[0], *size, x.shape[3]
