"""Layers whose work is proportional to their elements: norms, sums, functions, pooling, data movement."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from tfc.ir.graph import Graph

from .builder import X_SCALE, Builder
from .layer import Layer, size_name

Shape = tuple[int, ...]
WIDE = "i16"
TIED: dict[str, Any] = {"scale": X_SCALE, "zero_point": 3}  # the quantization of the operand


def one(op: str, shape: Shape, *, x: str = "i8", y: str = "i8", attrs: dict[str, Any] | None = None, **result: Any) -> Layer:
    """An operator of one operand; `x` and `y` are element types, `result` the result's quantization."""

    def make(b: Builder) -> Graph:
        return b.node(op, b.arg(*shape, dtype=x), dtype=y, attrs=attrs, **result)

    return Layer(f"{op}_{size_name(shape)}" + f"_{x}_to_{y}" * (WIDE in (x, y)), make, quick=True)


def two(op: str, shape: Shape, *, a: str = "i8", attrs: dict[str, Any] | None = None, **result: Any) -> Layer:
    """An operator of two operands of one shape, of which the first and the result may be int16."""

    def make(b: Builder) -> Graph:
        return b.node(op, b.arg(*shape, name="a", dtype=a), b.arg(*shape, name="b", zero_point=-9), dtype=a, attrs=attrs, **result)

    return Layer(f"{op}_{size_name(shape)}" + "_i16" * (a == WIDE), make, quick=True)


def norm(op: str, shape: Shape, channels: int, *, x: str = "i8", affine: int = 2, attrs: dict[str, Any] | None = None) -> Layer:
    """With gamma, or gamma and beta, for so many channels."""

    def make(b: Builder) -> Graph:
        constants = [b.const(name, b.rng.normal(size=channels).astype(np.float32), "f32") for name in ("gamma", "beta")[:affine]]
        return b.node(op, b.arg(*shape, dtype=x), *constants, attrs=attrs)

    return Layer(f"{op}_{size_name(shape)}" + "_i16" * (x == WIDE), make, quick=True)


def pool(op: str, shape: Shape, window: int = 2, **result: Any) -> Layer:
    layer = one(op, shape, attrs={"window": (window, window), "stride": (2, 2)}, **result)
    return layer if window == 2 else replace(layer, name=f"{layer.name}_window{window}")


SOFTMAX: dict[str, Any] = {"scale": 1 / 256, "zero_point": -128}
GROUPS = {"groups": 4, "axis": 3}
ELEMENTS = (
    one("softmax", (64, 64), **SOFTMAX),
    one("log_softmax", (1, 100), scale=0.1, zero_point=127),
    *(norm("layer_norm", (64, 96), 96, x=x) for x in ("i8", WIDE)),
    *(norm("rms_norm", (64, 96), 96, x=x, affine=1) for x in ("i8", WIDE)),
    *(norm("group_norm", (1, 16, 16, 32), 32, x=x, attrs=GROUPS) for x in ("i8", WIDE)),
    *(two("add", (1, 16, 16, 64), a=a) for a in ("i8", WIDE)),
    *(two("mul", (1, 16, 16, 32), a=a, scale=0.1) for a in ("i8", WIDE)),
    one("rescale", (1, 16, 16, 32)),
    one("rescale", (1, 16, 16, 32), x=WIDE),
    one("silu", (1, 16, 16, 64)),
    one("mean", (1, 8, 8, 320), attrs={"axes": (1, 2)}),
    one("mean", (1, 8, 8, 320), x=WIDE, attrs={"axes": (1, 2)}),
    pool("avg_pool2d", (1, 16, 16, 64)),
    pool("max_pool2d", (1, 16, 16, 64), **TIED),
    one("transpose", (64, 96), attrs={"axes": (1, 0)}, **TIED),
    one("slice", (64, 96), attrs={"axis": 1, "start": 0, "stop": 48}, **TIED),
    two("concat", (1, 16, 16, 32), attrs={"axis": 3}),
    one("pad", (1, 16, 16, 32), attrs={"amounts": (0, 0, 1, 1, 1, 1, 0, 0)}, **TIED),
    one("resize_nearest", (1, 8, 8, 32), attrs={"size": (16, 16)}, **TIED),
    one("resize_bilinear", (1, 8, 8, 32), attrs={"size": (16, 16)}, **TIED),
    one("take", (64, 96), attrs={"axis": 0, "indices": tuple(range(63, -1, -2))}, **TIED),
)
