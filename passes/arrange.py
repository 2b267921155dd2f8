"""Buffers in memory: what must lie apart from what, and greedy ways to arrange them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from .lifetimes import Buffer, Ranges, aligned

Places = dict[str, tuple[int, int]]  # the number of the span and the offset in it, by buffer

# Best-fit over these orders; the first of the shortest plans is taken.
ORDERS: tuple[Callable[[Buffer], tuple[int, ...]], ...] = (
    lambda b: (-b.bytes, b.first),
    lambda b: (-b.bytes * (b.last - b.first + 1), b.first),
    lambda b: (b.first, -b.bytes),
    lambda b: (-(b.last - b.first), -b.bytes),
)
SWAPS = 100


@dataclass(frozen=True)
class Problem:
    """Buffers, the pairs that may share bytes and how far the first must not lie behind the second then, the bytes of each span, a bound of all
    plans, and how many bytes at the start of the first span are read without waiting."""

    items: tuple[Buffer, ...]
    free: tuple[tuple[tuple[str, str], Ranges], ...]
    sizes: tuple[int, ...]
    bound: int
    fast: int

    @cached_property
    def apart(self) -> dict[str, dict[str, Ranges]]:
        """For each buffer those that meet it, and how far it must not lie behind them."""
        found: dict[str, dict[str, Ranges]] = {item.name: {} for item in self.items}
        for i, one in enumerate(self.items):
            for other in self.items[:i]:
                if one.meets(other):
                    found[one.name][other.name] = ((-one.bytes, other.bytes),)
                    found[other.name][one.name] = ((-other.bytes, one.bytes),)
        for (x, y), ranges in self.free:
            found[x][y], found[y][x] = ranges, tuple((-high, -low) for low, high in reversed(ranges))
        return found

    def peaks(self, places: Places) -> list[int]:
        """The bytes taken of each span."""
        ends = [(places[item.name][0], places[item.name][1] + item.bytes) for item in self.items]
        return [max((end for home, end in ends if home == span), default=0) for span in range(len(self.sizes))]

    def badness(self, places: Places) -> tuple[int, int, int]:
        """Bytes that find no room, then bytes, then reads that wait."""
        taken = self.peaks(places)
        return sum(max(peak - size, 0) for peak, size in zip(taken, self.sizes, strict=True)), sum(taken), self.waiting(places)

    def waiting(self, places: Places) -> int:
        """Reads of bytes that do not lie in fast memory."""
        reads = 0
        for item in self.items:
            span, at = places[item.name]
            slow = item.bytes if span else min(max(at + item.bytes - self.fast, 0), item.bytes)
            reads += item.heat * slow // max(item.bytes, 1)
        return reads


def arranged(problem: Problem) -> Places:
    """The best of several greedy orders, with the hottest bytes first or without, and of orders that follow from the best of both kinds."""
    plain = [sorted(problem.items, key=key) for key in ORDERS]
    hot = [sorted(order, key=lambda b: -b.heat // max(b.bytes, 1)) for order in plain]
    found = [swapped(problem, min(orders, key=lambda order: problem.badness(attempt(problem, order)))) for orders in (hot, plain)]
    return min(found, key=problem.badness)


def swapped(problem: Problem, order: list[Buffer]) -> Places:
    """The best of orders each of which puts the buffer at the peak of the one before it first; stops at the bound."""
    best = places = attempt(problem, order)
    for _ in range(SWAPS):
        if problem.badness(best)[:2] == (0, problem.bound):
            break
        top = max(order, key=lambda b: (places[b.name][0], places[b.name][1] + b.bytes))
        order = [top, *(b for b in order if b is not top)]
        places = attempt(problem, order)
        best = min(best, places, key=problem.badness)
    return best


def attempt(problem: Problem, order: Sequence[Buffer]) -> Places:
    """Place buffers one after the other at the lowest free offset of the first span with room for them; without any, in the last span."""
    places: Places = {}
    for buffer in order:
        taken = [(*places[other], ranges) for other, ranges in problem.apart[buffer.name].items() if other in places]
        for span, size in enumerate(problem.sizes):
            at = lowest([(start + low, start + high) for home, start, ranges in taken if home == span for low, high in ranges])
            if at + buffer.bytes <= size:
                break
        places[buffer.name] = span, at
    return places


def lowest(taken: list[tuple[int, int]]) -> int:
    """The lowest offset that is not inside any of these ranges; their ends are free."""
    at = 0
    for low, high in sorted(taken):
        if at <= low:
            break
        at = max(at, aligned(high))
    return at
