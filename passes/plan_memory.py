"""Give every value and every scratch its bytes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from tfc.backends.target import Target
from tfc.ir.graph import Graph, Place, View
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


@dataclass(frozen=True)
class Plan:
    """An offset for each buffer, the bytes they span, and the least that any plan of this schedule needs."""

    offsets: dict[str, int]
    peak: int
    lower_bound: int

    @property
    def optimal(self) -> bool:
        """Meeting the bound is a proof."""
        return self.peak == self.lower_bound


def plan_memory(graph: Graph, target: Target) -> Graph:
    """Offsets in one arena that begins with the first pool and runs on into the adjacent ones; views have their operand's bytes already."""
    require(graph, "bound")
    graph = graph.copy()
    memory, plan = target.pools[0].name, make_plan(graph)
    for node in graph:
        if node.op == "const" or isinstance(node.place, View):
            continue
        node = replace(node, place=Place(memory, plan.offsets[node.name]))
        if node.scratch:
            node = replace(node, scratch=replace(node.scratch, place=Place(memory, plan.offsets[f"{node.name} scratch"])))
        graph.add(node)
    return graph


def make_plan(graph: Graph) -> Plan:
    """The best of several greedy orders, then of orders that put the buffer at the peak first; stops at the bound."""
    items, bound = buffers(graph), max(live_bytes(graph), default=0)
    best = order, offsets = min((attempt(sorted(items, key=key)) for key in ORDERS), key=peak_of)
    for _ in range(SWAPS):
        if peak_of(best) == bound:
            break
        top = max(order, key=lambda b: offsets[b.name] + b.bytes)
        order, offsets = attempt([top, *(b for b in order if b is not top)])
        best = min(best, (order, offsets), key=peak_of)
    return Plan(best[1], peak_of(best), bound)


def peak_of(attempted: tuple[list[Buffer], dict[str, int]]) -> int:
    order, offsets = attempted
    return max((offsets[b.name] + b.bytes for b in order), default=0)


def attempt(order: list[Buffer]) -> tuple[list[Buffer], dict[str, int]]:
    """Place buffers one after the other at the lowest offset that is free for all of their life."""
    offsets: dict[str, int] = {}
    placed: list[Buffer] = []
    for buffer in order:
        at = 0
        for other in sorted((b for b in placed if b.meets(buffer)), key=lambda b: offsets[b.name]):
            if offsets[other.name] - at >= buffer.bytes:
                break
            at = max(at, offsets[other.name] + other.bytes)
        offsets[buffer.name] = at
        placed.append(buffer)
    return order, offsets
