"""Leaves of a graph, and operators that move elements."""

from __future__ import annotations

from math import prod

import numpy as np

from .diagnostic import expect
from .op import Op, declares
from .types import Pair, Shape, Symbol, TensorType

MOVEMENT: dict[str, Op] = {}
op = declares(MOVEMENT)


@op
def arg(*, axes: tuple[int, ...] | None = None) -> None:
    """An argument of the network. With `axes`, the value is the model's own input transposed so."""


@op
def const(*, data: Symbol, format: str = "dense", scales: Symbol | None = None) -> None:
    """A tensor from beside the text, stored in this format. Float weights may bring the scale of each output channel."""


@op
def reshape(x: TensorType, *, shape: tuple[int, ...]) -> Shape:
    """The same elements in row-major order under another shape."""
    expect(prod(shape) == x.size, f"{x.shape} does not reshape to {shape}")
    return shape


@op
def transpose(x: TensorType, *, axes: tuple[int, ...]) -> Shape:
    """Axis i of the result is axis axes[i] of x.

    Integers: up to five axes longer than 1.
    """
    expect(sorted(axes) == list(range(len(x.shape))), f"{axes} is no permutation of the axes of {x.shape}")
    return tuple(x.shape[axis] for axis in axes)


@op
def slice_(x: TensorType, *, axis: int, start: int, stop: int, step: int = 1) -> Shape:
    """Every step-th index from start up to stop along an axis.

    Integers: up to five axes longer than 1.
    """
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
    """A border of a constant; `amounts` is (before, after) for each axis.

    Integers: up to five axes.
    """
    expect(len(amounts) == 2 * len(x.shape) and min(amounts) >= 0, f"{amounts} is not (before, after) for each axis of {x.shape}")
    return tuple(n + amounts[2 * i] + amounts[2 * i + 1] for i, n in enumerate(x.shape))


@op
def take(x: TensorType, *, axis: int, indices: tuple[int, ...]) -> Shape:
    """These indices along an axis, in this order, any number of times: mirrored borders, rolls, flips.

    Integers: along axes of up to 32,767.
    """
    expect(0 <= axis < len(x.shape) and len(indices) > 0, f"{x.shape} has no axis {axis}, or nothing is taken")
    expect(min(indices) >= 0 and max(indices) < x.shape[axis], f"an index leaves the axis of length {x.shape[axis]}")
    return (*x.shape[:axis], len(indices), *x.shape[axis + 1 :])


@op
def expand(x: TensorType, *, shape: tuple[int, ...]) -> Shape:
    """Repetition along axes of length 1.

    Integers: up to five axes longer than 1.
    """
    expect(np.broadcast_shapes(x.shape, shape) == shape, f"{x.shape} does not expand to {shape}")
    return shape


@op
def unfold(x: TensorType, *, patch: Pair) -> Shape:
    """[1, H, W, C] to [patch pixels, patches, C]: pixels of equal place in their patch together (MobileViT).

    One feature map, which patches tile.
    """
    n, h, w, c = x.shape
    expect(n == 1 and h % patch[0] == 0 and w % patch[1] == 0, f"patches of {patch} do not tile {x.shape}")
    return patch[0] * patch[1], (h // patch[0]) * (w // patch[1]), c


@op
def fold(x: TensorType, *, patch: Pair, size: Pair) -> Shape:
    """The inverse of `unfold`, to a feature map of this size.

    One feature map, which patches tile.
    """
    expect(x.shape[0] == patch[0] * patch[1] and x.shape[0] * x.shape[1] == size[0] * size[1], f"{x.shape} is no unfolding of {size} by {patch}")
    return 1, *size, x.shape[2]


@op
def resize_bilinear(x: TensorType, *, size: Pair, align_corners: bool = False) -> Shape:
    """NHWC to another size by linear interpolation, with pixel centres at half or at the corners.

    Four axes. Integers: a batch of 1.
    """
    expect(len(x.shape) == 4, f"resizing takes four axes, not {x.shape}")
    return x.shape[0], *size, x.shape[3]


@op
def resize_nearest(x: TensorType, *, size: Pair) -> Shape:
    """NHWC to another size; each pixel is the one at floor(i · old / new).

    Four axes. Integers: a batch of 1, sizes of up to 32,767.
    """
    expect(len(x.shape) == 4, f"resizing takes four axes, not {x.shape}")
    return x.shape[0], *size, x.shape[3]
