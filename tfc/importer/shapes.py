"""What several tables of rules share: numbers for two axes, layouts, one axis of windows instead of two."""

from __future__ import annotations

from collections.abc import Callable

from tfc.ir.diagnostic import expect
from tfc.ir.types import Pair

from .builder import Builder, Operand

TO_NHWC = (0, 2, 3, 1)
TO_NCHW = (0, 3, 1, 2)

Inner = Callable[[Operand], Operand]


def pair(values: tuple[int, ...] | int) -> Pair:
    """One number stands for both axes."""
    items = (values,) if isinstance(values, int) else values
    expect(len(items) in (1, 2), f"{items} is not (height, width)")
    return items[0], items[-1]


def row(values: tuple[int, ...] | int, height: int) -> Pair:
    """A number for the width, with this one for a height that is 1."""
    items = (values,) if isinstance(values, int) else values
    expect(len(items) == 1, f"{items} is not one number")
    return height, items[0]


def in_nhwc(build: Builder, x: Operand, inner: Inner) -> Operand:
    """`inner` between a transpose to NHWC and one back."""
    expect(len(x.type.shape) == 4, f"an input of shape (1, channels, height, width) is expected, not {x.type.shape}")
    return build.transpose(inner(build.transpose(x, TO_NHWC, "nhwc")), TO_NCHW, "nchw")


def as_row(build: Builder, x: Operand, inner: Inner) -> Operand:
    """`inner` on [1, channels, length] as an NHWC image of height 1, and back.

    The transposes stand outside, so that those of neighbours meet: what is between them are reshapes, which cost nothing.
    """
    expect(len(x.type.shape) == 3, f"an input of shape (1, channels, length) is expected, not {x.type.shape}")
    n, c, length = x.type.shape
    image = build.reshape(build.transpose(x, (0, 2, 1), "nlc"), (n, 1, length, c), "row")
    y = inner(image)
    return build.transpose(build.reshape(y, (n, *y.type.shape[2:]), "line"), (0, 2, 1), "ncl")


def vector(build: Builder, given: Operand | None, part: str, length: int, value: float) -> Operand:
    """An optional parameter: what is given, or one number for each channel."""
    return build.filled(part, (length,), value) if given is None else given
