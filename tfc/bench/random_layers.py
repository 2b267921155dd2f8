"""Layers as networks for small chips have them, drawn at random, always the same: those that a fit learns from, and others that show how good it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import count
from math import log2
from typing import TypeVar

import numpy as np

from tfc.backends.streams import BLOCKS

from .elements import GROUPS, SOFTMAX, TIED, WIDE, norm, one, pool, two
from .layer import Layer
from .products import ENDINGS, POINT_BY_POINT, WINDOWED, attention, conv, grouped, linear, matmul, transposed

MACS, ELEMENTS = 6_000_000, 100_000  # of a layer: products, dense, and elements of operands and result, at most
DENSEST, SPARSEST = 1.0, 0.05
T = TypeVar("T")
SPARSE = "*_sparse*"


class Draw:
    """Sizes at random, small ones as often as large ones."""

    def __init__(self, seed: int) -> None:
        self.rng, self.turns = np.random.default_rng(seed), count()

    def size(self, low: int, high: int) -> int:
        return round(2 ** self.rng.uniform(log2(low), log2(high)))

    def channels(self, low: int, high: int) -> int:
        """Mostly a multiple of eight."""
        size = self.size(low, high)
        return size if self.rng.random() < 0.15 else -(-size // 8) * 8

    def density(self) -> float:
        """In hundredths."""
        return round(2 ** self.rng.uniform(log2(SPARSEST), log2(DENSEST)), 2)

    def in_turn(self, *choices: T) -> T:
        return choices[next(self.turns) % len(choices)]

    def one_of(self, *choices: T) -> T:
        return choices[int(self.rng.integers(len(choices)))]


def is_small(pixels: int, channels: int, out: int, products: int) -> bool:
    return pixels * channels * products <= MACS and pixels * (channels + 2 * out) <= ELEMENTS


def conv_layer(draw: Draw) -> Layer:
    while True:
        window, stride, side = draw.one_of(1, 3, 3, 3, 5), draw.one_of(1, 1, 1, 2), draw.size(4, 36)
        size, out = (side, draw.one_of(side, side, side + 3), draw.channels(5, 256)), draw.channels(8, 256)
        if is_small(size[0] * size[1], size[2], out, out * window**2 // stride**2):
            pixelwise = window == 1 and stride == 1
            return conv(size, out, window, stride=stride, skip=POINT_BY_POINT + WINDOWED * pixelwise, ending=draw.one_of("", *ENDINGS))


def linear_layer(draw: Draw) -> Layer:
    while True:
        tokens, inputs, out = draw.one_of(1, draw.size(2, 1024), draw.size(8, 256)), draw.channels(8, 640), draw.channels(8, 384)
        if is_small(tokens, inputs, out, out):
            return linear(tokens, inputs, out, ending=draw.one_of("", *ENDINGS))


def few_layer(draw: Draw) -> Layer:
    skip = (SPARSE, *POINT_BY_POINT)
    while True:
        side, window, c, out = draw.size(12, 96), draw.one_of(3, 3, 3, 5, 7), draw.one_of(1, 3, 3), draw.channels(8, 48)
        if is_small(side * side, c, out, out * window**2):
            return conv((side, side, c), out, window, stride=draw.one_of(1, 2), skip=skip, ending=draw.one_of("", "silu", "clamp"))


def depthwise_layer(draw: Draw) -> Layer:
    while True:
        side, window, c = draw.size(4, 48), draw.one_of(3, 3, 5, 7), draw.channels(8, 192)
        if is_small(side * side, c, c, window**2):
            return grouped((side, side, c), window, stride=draw.one_of(1, 2), ending=draw.one_of("", *ENDINGS))


def attention_layer(draw: Draw) -> Layer:
    heads, head = draw.one_of(1, 2, 4), draw.one_of(16, 24, 32, 64)
    return attention(draw.size(9, 200), heads * head, heads, bias=draw.one_of("", "", "", "i8", "i16"))


def matmul_layer(draw: Draw) -> Layer:
    return matmul(draw.size(8, 128), draw.size(8, 128), draw.size(8, 128))


def element_layer(draw: Draw) -> Layer:
    side, c, tokens, wide = draw.size(4, 20), draw.channels(8, 128), draw.size(8, 256), draw.one_of("i8", WIDE)
    map_, rows = (1, side, side, c), (tokens, c)
    makers: tuple[Callable[[], Layer], ...] = (
        lambda: one("softmax", rows, **SOFTMAX),
        lambda: norm("layer_norm", rows, c, x=wide),
        lambda: norm("rms_norm", rows, c, x=wide, affine=1),
        lambda: norm("group_norm", (1, side, side, 4 * (c // 4)), 4 * (c // 4), x=wide, attrs=GROUPS),
        lambda: two("add", map_, a=wide),
        lambda: two("mul", map_, a=wide, scale=0.1),
        lambda: one("rescale", map_, x=wide),
        lambda: one("silu", map_),
        lambda: one("mean", map_, x=wide, attrs={"axes": (1, 2)}),
        lambda: pool("avg_pool2d", map_, draw.one_of(2, 3)),
        lambda: pool("max_pool2d", map_, draw.one_of(2, 3), **TIED),
        lambda: one("transpose", rows, attrs={"axes": (1, 0)}, **TIED),
        lambda: one("slice", rows, attrs={"axis": 1, "start": 0, "stop": c // 2}, **TIED),
        lambda: two("concat", map_, attrs={"axis": 3}),
        lambda: one("pad", map_, attrs={"amounts": (0, 0, 1, 1, 1, 1, 0, 0)}, **TIED),
        lambda: one("resize_nearest", map_, attrs={"size": (2 * side, 2 * side)}, **TIED),
        lambda: one("resize_bilinear", map_, attrs={"size": (2 * side, 2 * side)}, **TIED),
    )
    return draw.in_turn(*makers)()


def rare_layer(draw: Draw) -> Layer:
    side, groups, tokens, c = draw.size(4, 14), draw.one_of(2, 4), draw.size(8, 128), draw.channels(8, 64)
    makers: tuple[Callable[[], Layer], ...] = (
        lambda: grouped((side, side, 8 * groups), draw.one_of(3, 5), groups=groups, stride=draw.one_of(1, 2), ending=draw.one_of("", "silu", "clamp")),
        lambda: transposed((side, side, c // 2), draw.channels(8, 24)),
        lambda: one("log_softmax", (tokens, c), scale=0.1, zero_point=127),
        lambda: one("take", (tokens, c), attrs={"axis": 0, "indices": tuple(range(tokens - 1, -1, -2))}, **TIED),
    )
    return draw.in_turn(*makers)()


FAMILIES: tuple[tuple[Callable[[Draw], Layer], int], ...] = (  # and how many of each a fit learns from; half as many show how good it is
    (conv_layer, 100),
    (linear_layer, 110),
    (few_layer, 16),
    (depthwise_layer, 60),
    (attention_layer, 16),
    (matmul_layer, 8),
    (element_layer, 170),
    (rare_layer, 24),
)


@dataclass(frozen=True)
class Drawn:
    """A layer, the density of its weights where they are sparse, and the two forms of blocks that it is measured with."""

    layer: Layer
    density: float
    forms: tuple[str, str]


def drawn(seed: int, share: float) -> Iterator[Drawn]:
    """This share of the layers that a fit learns from."""
    draw = Draw(seed)
    for make, layers in FAMILIES:
        for _ in range(round(layers * share)):
            first, second = draw.rng.choice(len(BLOCKS), 2, replace=False)
            yield Drawn(make(draw), draw.density(), (BLOCKS[first].name, BLOCKS[second].name))


@cache
def learning() -> dict[str, Drawn]:
    """By name."""
    return {one.layer.name: one for one in drawn(1, 1.0)}


@cache
def held_out() -> dict[str, Drawn]:
    """None of those that a fit learns from."""
    return {one.layer.name: one for one in drawn(2, 0.5) if one.layer.name not in learning()}
