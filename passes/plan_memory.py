"""Give every value and every scratch its bytes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

from tfc.backends.target import Target
from tfc.ir.graph import Graph, Place
from tfc.ir.verify import require

from .arrange import Places, Problem, arranged
from .lifetimes import buffers, needed, overlaps
from .prove import proved


@dataclass(frozen=True)
class Plan:
    """A place for each buffer, the bytes taken of each span of pools (by its first pool), the least that any plan of this schedule needs, and the bytes
    that are read from memory which makes the core wait."""

    places: dict[str, Place]
    peaks: dict[str, int]
    lower_bound: int
    waiting: int

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
    has its place already. A result may lie over operands that nobody reads afterwards, as far as its kernel permits.
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
    """The plan of the fewest bytes that is found: greedily, and by a solver unless the bound proves that there is no better one. Of plans that take as
    many, the one whose hot bytes lie in tightly coupled memory."""
    items = buffers(graph)
    free = overlaps(graph, items)
    sizes = tuple(sum(pool.size for pool in span) for span in target.spans)
    least = max(needed(len(graph), items, free), default=0)
    problem = Problem(tuple(items), tuple(free.items()), sizes, least, 0 if target.pools[0].cached else target.pools[0].size)
    places, bound = solved(problem)
    names = [span[0].name for span in target.spans]
    homes = {name: Place(names[span], at) for name, (span, at) in places.items()}
    return Plan(homes, dict(zip(names, problem.peaks(places), strict=True)), bound, problem.waiting(places))


def waiting_cycles(plan: Plan, target: Target) -> float:
    """What the core waits for lines of values and scratch that do not lie in tightly coupled memory."""
    return plan.waiting / max(target.caches.line_bytes, 1) * max(pool.line_fill_cycles for pool in target.pools)


@lru_cache(maxsize=8)
def solved(problem: Problem) -> tuple[Places, int]:
    """Places and the least bytes that any take; a graph is planned again for its report."""
    places = arranged(problem)
    overflow, bytes, _ = problem.badness(places)
    return (places, problem.bound) if overflow or bytes == problem.bound else proved(problem, places)
