"""Operators on each element, and pooling."""

from __future__ import annotations

import numpy as np

from .diagnostic import Diagnostic, expect
from .op import Op, declares
from .pointwise import FUNCTIONS
from .types import Pair, Quad, Shape, TensorType

ELEMENTS: dict[str, Op] = {}
op = declares(ELEMENTS)


@op
def add(a: TensorType, b: TensorType, *, clamp: Pair | None = None) -> Shape:
    """Sum, broadcasting as numpy does.

    Integers: broadcasting by up to four loops.
    """
    return _broadcast(a, b)


@op
def sub(a: TensorType, b: TensorType, *, clamp: Pair | None = None) -> Shape:
    """Difference, broadcasting as numpy does.

    Integers: broadcasting by up to four loops.
    """
    return _broadcast(a, b)


@op
def mul(a: TensorType, b: TensorType) -> Shape:
    """Product, broadcasting as numpy does.

    Integers: broadcasting by up to four loops.
    """
    return _broadcast(a, b)


@op
def div(a: TensorType, b: TensorType) -> Shape:
    """Quotient, broadcasting as numpy does.

    Integers: only by constants, as a product with the reciprocal.
    """
    return _broadcast(a, b)


def _broadcast(a: TensorType, b: TensorType) -> Shape:
    try:
        return tuple(np.broadcast_shapes(a.shape, b.shape))
    except ValueError:
        raise Diagnostic(f"{a.shape} and {b.shape} do not broadcast") from None


def _pointwise(x: TensorType, *, parameters: tuple[float, ...] = ()) -> Shape:
    """The function of this name, of each element; `parameters` are those of leaky_relu (slope), elu (alpha) and clip (lo, hi)."""
    return x.shape


for _name in FUNCTIONS:
    ELEMENTS[_name] = Op(_name, _pointwise)


@op
def fake_quantize(x: TensorType, *, scale: float, zero_point: int, levels: int = 256) -> Shape:
    """Rounded to the levels of a quantization that the model brings: 256 of int8, or 1024 with which an activation table is read.

    Integers: gone, it has become the quantization of the value before it, or the range of the table behind it.
    """
    lowest = {256: -128, 1024: 0}.get(levels)
    expect(lowest is not None, f"{levels} levels: neither the 256 of int8 nor the 1024 of a table")
    expect(scale > 0 and lowest is not None and lowest <= zero_point < lowest + levels, f"scale {scale} or zero point {zero_point} is none of {levels} levels")
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


@op
def mean(x: TensorType, *, axes: tuple[int, ...], keepdims: bool = False) -> Shape:
    """Mean over axes.

    Integers: over at most two runs of neighbouring axes.
    """
    gone = {axis % len(x.shape) for axis in axes}
    return tuple(1 if i in gone else n for i, n in enumerate(x.shape) if keepdims or i not in gone)


@op
def avg_pool2d(x: TensorType, *, window: Pair, stride: Pair, pad: Quad = (0, 0, 0, 0), count_padding: bool = True) -> Shape:
    """Mean over NHWC windows; `count_padding` says whether padding counts as elements.

    Four axes, padding narrower than the window. Integers: a batch of 1.
    """
    return _pooled(x, window, stride, pad)


@op
def max_pool2d(x: TensorType, *, window: Pair, stride: Pair, pad: Quad = (0, 0, 0, 0)) -> Shape:
    """Maximum over NHWC windows; padding never wins.

    Four axes, padding narrower than the window. Integers: a batch of 1.
    """
    return _pooled(x, window, stride, pad)


def _pooled(x: TensorType, window: Pair, stride: Pair, pad: Quad) -> Shape:
    expect(len(x.shape) == 4, f"pooling takes four axes, not {x.shape}")
    expect(max(pad[0], pad[2]) < window[0] and max(pad[1], pad[3]) < window[1], f"padding {pad} is as wide as the window {window}")
    n, h, w, c = x.shape
    size = ((h + pad[0] + pad[2] - window[0]) // stride[0] + 1, (w + pad[1] + pad[3] - window[1]) // stride[1] + 1)
    expect(min(size) >= 1, f"a {window} window does not fit {h}×{w}")
    return n, *size, c
