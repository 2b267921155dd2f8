"""What moving elements costs: runs of bytes, squares of a transpose, single bytes."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from .cost import Work, of
from .strides import Loop

HALFWORD, SQUARE, BLOCK, WORD = 2, 4, 16, 4  # bytes


def copied(runs: int, bytes: int) -> Work:
    """So many runs of so many bytes: by four words, by words, the rest one by one."""
    return of("copy", run=runs, block=runs * (bytes // BLOCK), word=runs * (bytes % BLOCK // WORD), byte=runs * (bytes % WORD))


def walked(loops: Sequence[Loop]) -> Work:
    """A copy by loops over bytes, as `strides.in_bytes` orders them."""
    last, before = loops[-1], loops[-2] if len(loops) > 1 else Loop(1, 0, 0)
    outer = prod(loop.n for loop in loops[:-2])
    if (last.x, last.y) == (1, 1):
        return of("copy", plane=outer, halfword=outer * before.n) if last.n == HALFWORD else copied(outer * before.n, last.n) | of("copy", plane=outer)
    if before.x == 1 and last.y == 1:
        squares = outer * (before.n // SQUARE) * (last.n // SQUARE)
        return of("copy", plane=outer, square=squares, single=outer * before.n * last.n - SQUARE * SQUARE * squares)
    return of("copy", plane=outer, single=outer * before.n * last.n)
