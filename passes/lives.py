"""Which bytes are alive while a node runs, whatever ran before it: `live_bytes` of all orders at once, by bit masks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tfc.ir.graph import Graph

from .lifetimes import aligned, ranges_of, shared
from .views import Views, rivals, views_of


@dataclass(frozen=True)
class Span:
    """A buffer: it is there from the first of the nodes in `begins` (without any: from the start) until all in `ends` have run (None: to the end)."""

    bytes: int
    begins: int
    ends: int | None

    def lives(self, done: int) -> bool:
        return bool(not self.begins or self.begins & done) and not self.ended(done)

    def ended(self, done: int) -> bool:
        return self.ends is not None and not self.ends & ~done


@dataclass(frozen=True)
class Step:
    """A node that runs: what must have run before it, who waits for it, who begins or ends a span that it begins or ends too, its scratch, the spans, and
    the bytes that its result may share with those that it ends."""

    needs: int
    waiting: int
    near: int
    scratch: int
    own: Span
    touched: tuple[Span, ...]
    shares: tuple[tuple[Span, int], ...]

    def over(self, spans: Iterable[tuple[Span, int]]) -> int:
        """The most bytes that the result shares with some of them."""
        return min(sum(bytes for _, bytes in spans), self.own.bytes)


class Lives:
    """The nodes of a graph that may change places, all but arguments and constants, numbered as they stand; a set of them is a mask."""

    def __init__(self, graph: Graph) -> None:
        self.names = [node.name for node in graph if node.op not in ("arg", "const")]
        self.number = {name: index for index, name in enumerate(self.names)}
        self.all = (1 << len(self.names)) - 1
        views = views_of(graph)
        spans = self._spans(graph, views)
        needs = {name: self._mask(graph[name].operands) for name in self.names}
        for first, second in rivals(graph, views):
            needs[second] |= 1 << self.number[first]
        touched = {name: dict.fromkeys(root for value in (name, *graph[name].operands) if (root := views.root(value)) in spans) for name in self.names}
        touching = {root: self._mask(name for name in self.names if root in touched[name]) for root in spans}
        waiting = {name: self._mask(other for other in self.names if needs[other] >> self.number[name] & 1) for name in self.names}
        self.steps = [
            Step(
                needs[name],
                waiting[name],
                union(touching[root] for root in touched[name]),
                aligned(scratch.bytes) if (scratch := graph[name].scratch) else 0,
                spans[views.root(name)],
                tuple(spans[root] for root in touched[name]),
                tuple(self._shares(graph, views, spans, name)),
            )
            for name in self.names
        ]
        self.at_start = sum(span.bytes for span in spans.values() if span.lives(0))
        self.floor = max([sum(aligned(arg.type.bytes) for arg in graph.arguments), *self._needs_of_each(list(spans.values()))])

    def _mask(self, names: Iterable[str]) -> int:
        return sum(1 << self.number[name] for name in dict.fromkeys(names) if name in self.number)

    def _spans(self, graph: Graph, views: Views) -> dict[str, Span]:
        begins: dict[str, int] = {}
        ends: dict[str, int] = {}
        for node in graph:
            if node.op != "const":
                root = views.root(node.name)
                begins[root] = begins.get(root, 0) | self._mask((node.name,))
                ends[root] = ends.get(root, 0) | self._mask((node.name, *(user.name for user in graph.users(node))))
        kept = {views.root(name) for name in graph.results}
        from_start = {arg.name for arg in graph.arguments}
        return {root: Span(aligned(graph[root].type.bytes), 0 if root in from_start else begins[root], None if root in kept else ends[root]) for root in begins}

    def _shares(self, graph: Graph, views: Views, spans: dict[str, Span], name: str) -> Iterator[tuple[Span, int]]:
        """Of a node that names its kernel."""
        home = views.root(name)
        for root, ranges in ranges_of(graph[name], graph, views).items() if "kernel" in graph[name].attrs else ():
            if root in spans and root != home:
                yield spans[root], shared(spans[root].bytes, spans[home].bytes, ranges)

    def _needs_of_each(self, spans: list[Span]) -> Iterator[int]:
        """For each node the bytes that are alive while it runs in any order: of what it or a node before it begins, and it or a node behind it ends."""
        before, behind = [0] * len(self.steps), [0] * len(self.steps)
        for index, step in enumerate(self.steps):
            before[index] = step.needs | union(before[other] for other in bits(step.needs))
        for index in reversed(range(len(self.steps))):
            behind[index] = union(1 << other | behind[other] for other in bits(self.steps[index].waiting))
        for index, step in enumerate(self.steps):
            here = 1 << index
            alive = (s for s in spans if (not s.begins or s.begins & (before[index] | here)) and (s.ends is None or s.ends & (behind[index] | here)))
            yield step.scratch + sum(span.bytes for span in alive) - step.over(step.shares)

    def ready(self, among: int, done: int) -> int:
        """Those of some nodes that have not run and may."""
        return sum(1 << index for index in bits(among & ~done) if not self.steps[index].needs & ~done)

    def run(self, index: int, done: int, live: int) -> tuple[int, int]:
        """The bytes that are alive while a node runs, and those after it; `live` are those before it, when these are `done`."""
        step, after = self.steps[index], done | 1 << index
        begun = 0 if not step.own.begins or step.own.begins & done else step.own.bytes
        ended = sum(span.bytes for span in step.touched if span.ended(after))
        over = step.over(pair for pair in step.shares if pair[0].ended(after)) if begun else 0
        return live + begun + step.scratch - over, live + begun - ended


def bits(mask: int) -> Iterator[int]:
    while mask:
        lowest = mask & -mask
        yield lowest.bit_length() - 1
        mask ^= lowest


def union(masks: Iterable[int]) -> int:
    together = 0
    for mask in masks:
        together |= mask
    return together
