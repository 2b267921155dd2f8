"""Operands of sums of products: 16-bit numbers without their zero point, in pairs, in the order that the sum walks them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .emit import Emitter, Memory, Positions
from .lanes import Number


def paired(indexes: NDArray[Any], nothing: int = -1) -> NDArray[Any]:
    """[…, n] as […, pairs, 2]; an odd n gets one more place with nothing in it."""
    *lead, n = indexes.shape
    padded = np.pad(indexes, [(0, 0)] * len(lead) + [(0, n % 2)], constant_values=nothing)
    return padded.reshape(*lead, -1, 2)


def pack(e: Emitter, index: int, indexes: NDArray[Any], *, zero: int | None = None) -> Memory:
    """Elements of an operand in this order [pairs, 2], less its zero point, in scratch; −1 contributes nothing."""
    x, positions = e.operand(index), e.positions(indexes)
    zero = int(e.call.q(index).zero_point) if zero is None else zero
    packed = e.scratch(indexes.size, "i16")
    with e.loop(indexes.size // 2) as pair:
        first, second = (centred(e, x, positions, pair * 2 + half, zero) for half in range(2))
        e.write_pairs(packed, pair, first, second)
    return packed


def centred(e: Emitter, x: Memory, positions: Positions, i: Number, zero: int) -> Number:
    """The number that the walk finds at step i, minus the zero point; 0 where it finds nothing."""
    at = positions(i)
    if not positions.holes:
        return e.read(x, at) - zero
    inside = e.read(x, at.at_least(0)) - zero
    return Number(e.b, e.b.select(e.b.icmp_signed(">=", at.value, e.index(0).value), inside.value, e.numbers(0).value))


def dot(e: Emitter, x: Memory, x_start: Number, w: Memory, w_start: Number, pairs: int) -> Number:
    """Σ over two packed runs."""
    total = e.variable(e.numbers(0))
    with e.loop(pairs) as pair:
        total.add(e.pair_product(e.read_pairs(x, x_start + pair), e.read_pairs(w, w_start + pair)))
    return total.get()
