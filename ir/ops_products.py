"""Operators that multiply by weights or activations, and norms."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

import numpy as np

from .diagnostic import expect
from .op import Op, declares
from .types import Pair, Quad, Shape, Symbol, TensorType

PRODUCTS: dict[str, Op] = {}
op = declares(PRODUCTS)


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
    """Convolution: NHWC input, OHWI weights (I = channels / groups), bias, an optional residual added before the activation.

    Integers: constant weights and bias, a batch of 1, an int16 x only for 1×1 windows of stride 1 in one group without padding,
    if the sums fit 32 bits (else it is rescaled), int16 results only without a table (of functions other than relu and relu6).
    One product at a time, some 20 times slower: groups that are not depthwise; depthwise with dilation or a horizontal stride above 2.
    """
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


def is_pixelwise(attrs: Mapping[str, Any], w: TensorType) -> bool:
    """Whether a convolution is a linear over pixels: a 1×1 window of stride 1 in one group, without padding."""
    steps = (attrs.get("groups", 1), attrs.get("stride", (1, 1)), attrs.get("pad", (0, 0, 0, 0)))
    return w.shape[1:3] == (1, 1) and steps == (1, (1, 1), (0, 0, 0, 0))


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
    """Matrix product over the last axis with OI weights, bias, an optional residual added before the activation.

    Integers: constant weights and bias, an int16 x if the sums fit 32 bits (else it is rescaled), int16 results only without
    a table (of functions other than relu and relu6).
    """
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
    """Transposed convolution: NHWC input, OHWI weights (I = channels / groups), bias; what `pad` takes off, `output_pad` adds below and right.

    Integers: constant weights and bias, a batch of 1. One product at a time, some 20 times slower than a convolution.
    """
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
    """Product over the last two axes; the others broadcast.

    Two axes or more. Integers: each operand has all batches of the result, or one.
    """
    expect(a.shape[-1] == b.shape[-2], f"{a.shape} and {b.shape} do not multiply")
    return (*np.broadcast_shapes(a.shape[:-2], b.shape[:-2]), a.shape[-2], b.shape[-1])


@op
def attention(q: TensorType, k: TensorType, v: TensorType, bias: TensorType | None = None, *, heads: int, scale: float, patch: Pair = (1, 1)) -> Shape:
    """softmax(q·kᵀ·scale + bias)·v for each head of [B, N, C] tokens; on [B, H, W, C] among the pixels of equal place in their patch.

    Heads divide the channels, the scale is positive. Queries and keys may differ in number only as tokens; a feature map is tiled by patches.
    A bias is [windows, heads, queries, keys] or broadcasts to it, windows a divisor of the batch and 1 for a map. Integers: a constant bias.
    """
    expect(len(q.shape) in (3, 4) and k.shape[:-1] == v.shape[:-1], f"attention takes tokens or a feature map, not {q.shape}, {k.shape}, {v.shape}")
    expect(q.shape[-1] == k.shape[-1] and q.shape[0] == k.shape[0], f"queries {q.shape} and keys {k.shape} do not match")
    expect(q.shape[-1] % heads == 0 and v.shape[-1] % heads == 0, f"{heads} heads do not divide {q.shape} and {v.shape}")
    expect(scale > 0, f"the scale of attention is positive, not {scale}")
    if len(q.shape) == 4:
        expect(k.shape[:-1] == q.shape[:-1] and q.shape[1] % patch[0] == 0 and q.shape[2] % patch[1] == 0, f"patches of {patch} do not tile {q.shape}")
    else:
        expect(patch == (1, 1), "only a feature map has patches")
    if bias is not None:
        pixels = patch[0] * patch[1]
        queries, keys = (prod(x.shape[1:-1]) // pixels for x in (q, k))
        _expect_bias(bias.shape, (q.shape[0] if len(q.shape) == 3 else 1, heads, queries, keys))
    return *q.shape[:-1], v.shape[-1]


def _expect_bias(shape: Shape, scores: Shape) -> None:
    """A bias broadcasts to the scores, for a divisor of the sequences; along the keys it is full."""
    wide = (1,) * (4 - len(shape)) + tuple(shape)
    fits = len(wide) == 4 and scores[0] % wide[0] == 0 and all(n in (1, m) for n, m in zip(wide[1:], scores[1:], strict=True)) and wide[3] == scores[3]
    expect(fits, f"a bias of shape {shape} does not broadcast to scores of shape {scores}")


@op
def batch_norm(x: TensorType, gamma: TensorType, beta: TensorType, mean: TensorType, variance: TensorType, *, eps: float = 1e-5, axis: int = 1) -> Shape:
    """(x − mean) / √(variance + eps) · gamma + beta along an axis of channels.

    Integers: gone, folded into the convolution before it or into a product and a sum.
    """
    expect(all(p.shape == (x.shape[axis],) for p in (gamma, beta, mean, variance)), f"parameters do not fit {x.shape[axis]} channels")
    return x.shape


@op
def layer_norm(x: TensorType, gamma: TensorType, beta: TensorType, *, eps: float = 1e-5) -> Shape:
    """Normalisation over the last axis, then gamma and beta.

    Integers: constant gamma and beta, rows of up to 32,768 elements of int8 or 16,384 of int16.
    """
    expect(gamma.shape == beta.shape == x.shape[-1:], f"parameters do not fit {x.shape[-1]} channels")
    return x.shape


@op
def rms_norm(x: TensorType, gamma: TensorType, *, eps: float = 1e-5) -> Shape:
    """x / √(mean(x²) + eps) · gamma over the last axis.

    Integers: constant gamma, rows of up to 32,768 elements of int8 or 16,384 of int16.
    """
    expect(gamma.shape == x.shape[-1:], f"gamma does not fit {x.shape[-1]} channels")
    return x.shape


@op
def group_norm(x: TensorType, gamma: TensorType, beta: TensorType, *, groups: int, eps: float = 1e-5, axis: int = 1) -> Shape:
    """Normalisation of each sample over groups of channels and all other axes, then gamma and beta along `axis`.

    Integers: constant gamma and beta, groups of up to 32,768 elements of int8 or 16,384 of int16.
    """
    expect(
        gamma.shape == beta.shape == (x.shape[axis],) and x.shape[axis] % groups == 0, f"{groups} groups or the parameters do not fit {x.shape[axis]} channels"
    )
    return x.shape


@op
def log_softmax(x: TensorType, *, axis: int = -1) -> Shape:
    """Logarithm of softmax along an axis.

    Integers: along the last axis, where passes turn any other one; up to 2,048 elements.
    """
    expect(-len(x.shape) <= axis < len(x.shape), f"{x.shape} has no axis {axis}")
    return x.shape


@op
def softmax(x: TensorType, *, axis: int = -1) -> Shape:
    """Softmax along an axis.

    Integers: along the last axis, where passes turn any other one; up to 65,535 elements.
    """
    expect(-len(x.shape) <= axis < len(x.shape), f"{x.shape} has no axis {axis}")
    return x.shape
