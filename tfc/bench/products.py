"""Layers that multiply: convolutions, linears, attention, matrices."""

from __future__ import annotations

from typing import Any

from tfc.ir.graph import Graph
from tfc.ir.types import Quantization, Symbol

from .builder import Builder
from .layer import Layer, size_name

SMALL = 4096  # inputs of a layer that is measured quickly
POINT_BY_POINT = ("conv2d_s8_grouped",)  # takes any convolution, forty times slower than its own kernel
WINDOWED = ("conv2d_*",)  # of a 1×1 convolution, which is a linear
ENDINGS: dict[str, dict[str, Any]] = {  # attributes; a residual is an operand more
    "": {},
    "silu": {"activation": Symbol("silu"), "pre_scale": 0.01, "pre_zero": 512},
    "clamp": {"clamp": (-100, 90)},
    "residual": {},
}


def conv(size: tuple[int, int, int], out: int, window: int, *, stride: int = 1, skip: tuple[str, ...] = POINT_BY_POINT, ending: str = "") -> Layer:
    """A convolution of an [h, w, c] map that keeps its size, or halves it; `ending` is one of ENDINGS."""

    def make(b: Builder) -> Graph:
        attrs = {"stride": (stride, stride), "pad": (window // 2,) * 4, **ENDINGS[ending]}
        y = (1, *(-(-side // stride) for side in size[:2]), out)
        return b.node("conv2d", b.arg(1, *size), *b.weights(out, window, window, size[2]), *residual(b, ending, y), attrs=attrs)

    name = f"conv{window}x{window}_{size_name(size)}_{out}" + f"_stride{stride}" * (stride > 1) + f"_{ending}" * bool(ending)
    return Layer(name, make, skip, size[0] * size[1] * size[2] < SMALL)


def residual(b: Builder, ending: str, shape: tuple[int, ...]) -> list[str]:
    """The operand behind the bias that this ending adds."""
    return [b.arg(*shape, name="r", zero_point=-5)] if ending == "residual" else []


def grouped(size: tuple[int, int, int], window: int, *, groups: int = 0, stride: int = 1, ending: str = "") -> Layer:
    """As many channels out as in; without a number of groups each channel is one."""
    c, each = size[2], groups or size[2]

    def make(b: Builder) -> Graph:
        attrs = {"stride": (stride, stride), "pad": (window // 2,) * 4, "groups": each, **ENDINGS[ending]}
        y = (1, *(-(-side // stride) for side in size[:2]), c)
        return b.node("conv2d", b.arg(1, *size), *b.weights(c, window, window, c // each), *residual(b, ending, y), attrs=attrs)

    kind = "grouped" if groups else "depthwise"
    name = f"{kind}{window}x{window}_{size_name(size)}" + f"_groups{groups}" * bool(groups) + f"_stride{stride}" * (stride > 1) + f"_{ending}" * bool(ending)
    return Layer(name, make, () if groups else POINT_BY_POINT, size[0] * size[1] * c < SMALL)


def transposed(size: tuple[int, int, int], out: int) -> Layer:
    """A transposed convolution that doubles a map."""

    def make(b: Builder) -> Graph:
        return b.node("conv_transpose2d", b.arg(1, *size), *b.weights(out, 2, 2, size[2]), attrs={"stride": (2, 2)})

    return Layer(f"conv_transpose2x2_{size_name(size)}_{out}", make, quick=True)


def linear(tokens: int, inputs: int, out: int, *, ending: str = "") -> Layer:
    def make(b: Builder) -> Graph:
        return b.node("linear", b.arg(tokens, inputs), *b.weights(out, inputs), *residual(b, ending, (tokens, out)), attrs=dict(ENDINGS[ending]))

    return Layer(f"linear_{tokens}x{inputs}_{out}" + f"_{ending}" * bool(ending), make, quick=tokens * inputs < SMALL)


def attention(tokens: int, channels: int, heads: int, *, bias: str = "") -> Layer:
    """Of tokens among themselves; `bias` is the element type of a constant that is added to the scores."""

    def make(b: Builder) -> Graph:
        operands = [b.arg(1, tokens, channels, name=name) for name in "qkv"]
        if bias:
            operands.append(b.const("bias", b.rng.integers(-100, 101, (heads, tokens, tokens)), bias, Quantization(1 / 96)))
        attrs: dict[str, Any] = {"heads": heads, "scale": (channels // heads) ** -0.5}
        return b.node("attention", *operands, scale=0.01, attrs=attrs)

    return Layer(f"attention_{tokens}x{channels}_heads{heads}" + f"_bias_{bias}" * bool(bias), make, quick=tokens * channels < SMALL)


def matmul(rows: int, inner: int, columns: int) -> Layer:
    def make(b: Builder) -> Graph:
        return b.node("matmul", b.arg(rows, inner, name="a"), b.arg(inner, columns, name="b"), scale=0.2)

    return Layer(f"matmul_{rows}x{inner}x{columns}", make, quick=rows * inner < SMALL)


PRODUCTS = (
    conv((16, 16, 64), 64, 3),
    conv((16, 16, 96), 96, 1, skip=WINDOWED + POINT_BY_POINT),
    linear(64, 192, 96),
    linear(64, 96, 192),
    conv((32, 32, 3), 16, 3, skip=("*sparse*", *POINT_BY_POINT)),
    grouped((16, 16, 96), 3),
    conv((32, 32, 16), 16, 3),
    conv((8, 8, 32), 32, 3),
    conv((16, 16, 32), 64, 3, stride=2, ending="silu"),
    linear(16, 64, 64),
    linear(1, 320, 100),
    linear(1, 640, 128),
    grouped((16, 16, 192), 3, stride=2),
    grouped((8, 8, 32), 3),
    grouped((8, 8, 32), 5),
    grouped((16, 16, 16), 3, ending="silu"),
    conv((16, 16, 3), 16, 3, skip=("*sparse*", *POINT_BY_POINT), stride=2, ending="silu"),
    grouped((8, 8, 16), 3, groups=4),
    transposed((8, 8, 16), 8),
    matmul(64, 32, 64),
    attention(16, 64, 4),
    attention(64, 96, 2),
    attention(256, 128, 4),
    attention(16, 64, 4, bias="i8"),
    attention(16, 64, 4, bias="i16"),
)
