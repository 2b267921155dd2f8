"""Give every value and every scratch its bytes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from tfc.backends.target import Target
from tfc.ir.graph import Graph, Place
from tfc.ir.verify import require

from .lifetimes import Buffer, buffers, live_bytes

# Best-fit over these orders; the first of the shortest plans is taken.
ORDERS: tuple[Callable[[Buffer], tuple[int, ...]], ...] = (
    lambda b: (-b.bytes, b.first),
    lambda b: (-b.bytes * (b.last - b.first + 1), b.first),
    lambda b: (b.first, -b.bytes),
    lambda b: (-(b.last - b.first), -b.bytes),
)
SWAPS = 500


Attempt = dict[str, tuple[int, int]]  # the number of the span and the offset in it, by buffer


@dataclass(frozen=True)
class Plan:
    """A place for each buffer, the bytes taken of each span of pools (by its first pool), and the least that any plan of this schedule needs."""

    places: dict[str, Place]
    peaks: dict[str, int]
    lower_bound: int

    @property
    def peak(self) -> int:
        """Bytes of all spans together."""
        return sum(self.peaks.values())

    @property
    def optimal(self) -> bool:
        """Meeting the bound is a proof."""
        return self.peak == self.lower_bound


def plan_memory(graph: Graph, target: Target) -> Graph:
    """Offsets in the first pool and the adjacent ones behind it; what finds no room there lies in the next pools. What lies inside another value
    has its place already.
    """
    require(graph, "bound")
    graph = graph.copy()
    plan = make_plan(graph, target)
    for node in graph:
        if node.name in plan.places:
            node = replace(node, place=plan.places[node.name])
        if node.scratch:
            node = replace(node, scratch=replace(node.scratch, place=plan.places[f"{node.name} scratch"]))
        graph.add(node)
    return graph


def make_plan(graph: Graph, target: Target) -> Plan:
    """The best of several greedy orders, then of orders that put the buffer at the peak first; stops at the bound."""
    items, bound = buffers(graph), max(live_bytes(graph), default=0)
    bytes_of = {buffer.name: buffer.bytes for buffer in items}
    sizes = [sum(pool.size for pool in span) for span in target.spans]

    def peaks(places: Attempt) -> list[int]:
        return [max((at + bytes_of[name] for name, (home, at) in places.items() if home == span), default=0) for span in range(len(sizes))]

    def badness(places: Attempt) -> tuple[int, int]:
        """Bytes that find no room, then bytes."""
        taken = peaks(places)
        return sum(max(peak - size, 0) for peak, size in zip(taken, sizes, strict=True)), sum(taken)

    order, places = min(((order, attempt(order, sizes)) for key in ORDERS for order in [sorted(items, key=key)]), key=lambda pair: badness(pair[1]))
    best = places
    for _ in range(SWAPS):
        if badness(best) == (0, bound):
            break
        top = max(order, key=lambda b: (places[b.name][0], places[b.name][1] + b.bytes))
        order = [top, *(b for b in order if b is not top)]
        places = attempt(order, sizes)
        best = min(best, places, key=badness)
    names = [span[0].name for span in target.spans]
    return Plan({name: Place(names[span], at) for name, (span, at) in best.items()}, dict(zip(names, peaks(best), strict=True)), bound)


def attempt(order: list[Buffer], sizes: Sequence[int]) -> Attempt:
    """Place buffers one after the other at the lowest free offset of the first span with room for them; without any, in the last span."""
    places: Attempt = {}
    placed: list[list[Buffer]] = [[] for _ in sizes]
    for buffer in order:
        for span, size in enumerate(sizes):
            at = lowest([(places[other.name][1], other.bytes) for other in placed[span] if other.meets(buffer)], buffer.bytes)
            if at + buffer.bytes <= size:
                break
        places[buffer.name] = span, at
        placed[span].append(buffer)
    return places


def lowest(taken: list[tuple[int, int]], size: int) -> int:
    """The lowest offset with `size` bytes between ranges that are taken."""
    at = 0
    for offset, bytes in sorted(taken):
        if offset - at >= size:
            break
        at = max(at, offset + bytes)
    return at
