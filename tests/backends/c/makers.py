"""Makers of single ops with random constants: what a case of cases.py is made of."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tfc.ir.types import DTYPES, Quantization, Symbol

from .graphs import Builder

ZEROS = (-128, 127, 0, -37)
ENDINGS = ("plain", "clamp", "steep", "table", "residual", "residual table")
WIDE = ("i16", "i16")
MIXES = [(a, b, y) for a in ("i8", "i16") for b in ("i8", "i16") for y in ("i8", "i16")][1:]
Case = Callable[[Builder], str]
Types = tuple[str, str]


def conv(
    size: tuple[int, int, int],
    out: int,
    window: tuple[int, int],
    *,
    zero: int = 3,
    groups: int = 1,
    density: float = 1.0,
    ending: str = "plain",
    x: str = "i8",
    types: Types = ("i8", "i8"),
    **attrs: object,
) -> Case:
    """A convolution of an [h, w, c] map of this type, with one of the endings and the types of residual and result."""

    def case(b: Builder) -> str:
        h, w, c = size
        x_ = b.arg((1, h, w, c), 0.02, zero, dtype=x)
        weights, bias = b.weights((out, *window, c // groups), 0.02, density, 3.0 / np.sqrt(window[0] * window[1] * c // groups) / 64)
        return ended(b, "conv2d", [x_, weights, bias], ending, types, groups=groups, **attrs)

    return case


def transposed(
    size: tuple[int, int, int], out: int, window: tuple[int, int], *, zero: int = 3, groups: int = 1, ending: str = "plain", **attrs: object
) -> Case:
    """A transposed convolution of an [h, w, c] map."""

    def case(b: Builder) -> str:
        h, w, c = size
        x = b.arg((1, h, w, c), 0.02, zero)
        weights, bias = b.weights((out, *window, c // groups), 0.02)
        return ended(b, "conv_transpose2d", [x, weights, bias], ending, groups=groups, **attrs)

    return case


def linear(
    tokens: tuple[int, ...],
    inputs: int,
    out: int,
    *,
    zero: int = 3,
    density: float = 1.0,
    ending: str = "plain",
    x: str = "i8",
    types: Types = ("i8", "i8"),
    **attrs: object,
) -> Case:
    """A linear of x of this type, with one of the endings and the types of residual and result."""

    def case(b: Builder) -> str:
        x_ = b.arg((*tokens, inputs), 0.02, zero, dtype=x)
        weights, bias = b.weights((out, inputs), 0.02, density, 3.0 / np.sqrt(inputs) / 64)
        return ended(b, "linear", [x_, weights, bias], ending, types, **attrs)

    return case


def ended(b: Builder, op: str, operands: list[str], ending: str, types: Types = ("i8", "i8"), **attrs: object) -> str:
    """Plain, clamp, steep (a ratio of more than ½), table, residual, or both."""
    if "residual" in ending:
        probe = b.node(op, operands, **attrs)
        shape = b.graph[probe].type.shape
        b.graph.remove(probe)
        operands = [*operands, b.arg(shape, 0.015, 17, "r", types[0])]
    if "table" in ending:
        attrs |= {"activation": Symbol("silu"), "pre_scale": 0.01, "pre_zero": 512}
    if ending == "clamp":
        attrs |= {"clamp": (-30, 90)}
    return b.node(op, operands, scale=0.0001 if ending == "steep" else 0.03, dtype=types[1], **attrs)


def attention(
    shape: tuple[int, ...],
    heads: int,
    *,
    keys: int = 0,
    values: int = 0,
    patch: tuple[int, int] = (1, 1),
    zeros: tuple[int, int, int, int] = (3, -5, 7, -4),
    bias: tuple[int, ...] = (),
    step: int = 1,
    dtype: str = "i8",
) -> Case:
    """`keys` tokens and `values` channels where they are others than those of the queries; a bias of this shape, some of it masks."""

    def case(b: Builder) -> str:
        other = (shape[0], keys, shape[2]) if keys else shape
        q, k, v = b.arg(shape, 0.03, zeros[0], "q"), b.arg(other, 0.02, zeros[1], "k"), b.arg((*other[:-1], values or other[-1]), 0.025, zeros[2], "v")
        added = [b.const("bias", masked(b.rng, bias, dtype), dtype, Quantization(step / 96))] if bias else []
        return b.node("attention", [q, k, v, *added], scale=0.01, zero_point=zeros[3], heads=heads, scale_=0.3, patch=patch)

    return case


def masked(rng: np.random.Generator, shape: tuple[int, ...], dtype: str) -> np.ndarray:
    """All integers of the type, the lowest in a third of the places but not in all of a row."""
    limits = np.iinfo(DTYPES[dtype])
    bias = rng.integers(limits.min + 1, limits.max + 1, shape)
    bias = np.where(rng.random(shape) < 1 / 3, limits.min, bias // (1 if dtype == "i8" else 16))
    bias[..., rng.integers(shape[-1])] = limits.max // 16
    return bias.astype(DTYPES[dtype])


def layer_norm(shape: tuple[int, ...], x_scale: float = 0.02, zero: int = 3, eps: float = 1e-5, dtype: str = "i8") -> Case:
    def case(b: Builder) -> str:
        c = shape[-1]
        gamma, beta = (b.const(name, b.rng.normal(size=c).astype(np.float32), "f32") for name in ("gamma", "beta"))
        return b.node("layer_norm", [b.arg(shape, x_scale, zero, dtype=dtype), gamma, beta], eps=eps)

    return case


def norm(op: str, shape: tuple[int, ...], *, channels: int = 0, zero: int = 3, dtype: str = "i8", **attrs: object) -> Case:
    """rms_norm and group_norm."""

    def case(b: Builder) -> str:
        c = channels or shape[-1]
        names = ("gamma", "beta") if op == "group_norm" else ("gamma",)
        affine = [b.const(name, b.rng.normal(size=c).astype(np.float32), "f32") for name in names]
        return b.node(op, [b.arg(shape, 0.02, zero, dtype=dtype), *affine], **attrs)

    return case


def one(
    op: str, shape: tuple[int, ...], *, x: tuple[float, int] = (0.02, 3), y: tuple[float, int] = (0.03, -4), types: Types = ("i8", "i8"), **attrs: object
) -> Case:
    """An op of one operand, with its type and that of the result."""
    return lambda b: b.node(op, [b.arg(shape, *x, dtype=types[0])], *y, dtype=types[1], **attrs)


def tied(op: str, shape_: tuple[int, ...], dtype: str = "i8", **attrs: object) -> Case:
    """An op that keeps the quantization."""
    return lambda b: b.node(op, [b.arg(shape_, 0.02, 3, dtype=dtype)], 0.02, 3, dtype=dtype, **attrs)


def two(
    op: str,
    first: tuple[int, ...],
    second: tuple[int, ...],
    *,
    zeros: tuple[int, int] = (3, -9),
    constant: bool = False,
    types: tuple[str, str, str] = ("i8", "i8", "i8"),
    **attrs: object,
) -> Case:
    """An op of two operands, the second perhaps a constant, with the types of both and of the result."""

    def case(b: Builder) -> str:
        x = b.arg(first, 0.02, zeros[0], dtype=types[0])
        if constant:
            other = b.const("k", b.rng.integers(-128, 128, second).astype(np.int8), "i8", Quantization(0.013, zeros[1]))
        else:
            other = b.arg(second, 0.013, zeros[1], dtype=types[1])
        return b.node(op, [x, other], dtype=types[2], **attrs)

    return case


def concat(shapes: list[tuple[int, ...]], axis: int, same: bool, types: str = "", dtype: str = "i8") -> Case:
    """`types` has a w for each operand of int16."""

    def case(b: Builder) -> str:
        quantizations = [(0.03, -4) if same or i == 1 else (0.02, 9) for i in range(len(shapes))]
        dtypes = ["i16" if wide == "w" else "i8" for wide in types.ljust(len(shapes))]
        return b.node("concat", [b.arg(shape, *q, dtype=t) for shape, q, t in zip(shapes, quantizations, dtypes, strict=True)], dtype=dtype, axis=axis)

    return case
