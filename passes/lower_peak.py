"""Find the parts of a graph whose maps make the peak of RAM, and compute them by rows."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

from tfc.backends.target import Target
from tfc.ir.graph import Graph

from .lifetimes import live_bytes
from .offers import with_fair_scratch
from .rows import ROWS, is_rowwise
from .stream_rows import PIECE, region_between, stream_rows, why_not

NARROW = 6  # places where a region may begin or end, on each side of the peak
PARTS = (2, 3, 4, 6, 9, 12, 18, 36)  # into which the last map of a region may be cut
VAIN = 3  # steps down that do not pay, before one that does
PIECE_COST = 0.001  # share of the peak that a node more, with its call and its rows to copy, has to save


@dataclass(frozen=True)
class Region:
    """What is computed by rows: the options of `stream_rows`."""

    first: str
    last: str
    rows: int


def lower_peak(graph: Graph, target: Target, *, ram: int | None = None) -> Graph:
    """Compute parts by rows until no more than `ram` bytes, by default all that the chip has, are alive at a time, or no part lowers the peak; of no
    bytes at all, until the chip has room and no part pays for its nodes."""
    ram = target.ram_bytes if ram is None else ram
    counted = with_fair_scratch(graph, target)
    if max(live_bytes(counted), default=0) <= ram:
        return graph
    room = ram - max((node.scratch.bytes for node in counted if node.scratch), default=0)  # for values: pieces need no more scratch than whole maps
    regions: list[Region] = []
    result, peak = graph, max(live_bytes(graph), default=0)
    kept, vain = (peak, result), 0
    while peak > room and vain < VAIN:
        trials = [(max(live_bytes(trial)), wanted, trial) for wanted in proposals(graph, regions, result) for trial in [streamed(graph, target, wanted)]]
        lower = [trial for trial in trials if trial[0] < peak]
        enough = [trial for trial in lower if trial[0] <= room]
        best = min(enough or lower, key=lambda trial: len(trial[2]) if enough else worth(trial[0], trial[2]), default=None)
        if best is None:
            break
        peak, regions, result = best
        pays = ram > 0 or peak > target.ram_bytes or worth(peak, result) < worth(*kept)
        kept, vain = ((peak, result), 0) if pays else (kept, vain + 1)
    return kept[1]


def worth(peak: int, graph: Graph) -> float:
    """What is to become small."""
    return float(peak * (1 + PIECE_COST) ** len(graph))


def streamed(graph: Graph, target: Target, regions: Sequence[Region]) -> Graph:
    for region in regions:
        graph = stream_rows(graph, target, first=region.first, last=region.last, rows=region.rows)
    return graph


def proposals(graph: Graph, regions: list[Region], result: Graph) -> Iterator[list[Region]]:
    """Another region around the peak, instead of those that it covers; it may begin or end as these do."""
    peak = peak_of(graph, result)
    firsts = dict.fromkeys([*narrow(graph, peak, -1), *(region.first for region in regions)])
    lasts = dict.fromkeys([*narrow(graph, peak, 1), *(region.last for region in regions)])
    for first, last in product(firsts, lasts):
        inside = region_between(graph, first, last)
        if peak not in inside or why_not(graph, inside, last) is not None:
            continue
        others = [region for region in regions if region.last not in inside]
        if any(set(region_between(graph, region.first, region.last)) & set(inside) for region in others):
            continue
        height = graph[last].type.shape[ROWS]
        for rows in sorted({-(-height // parts) for parts in PARTS if parts <= height}):
            yield [*others, Region(first, last, rows)]


def peak_of(graph: Graph, result: Graph) -> str:
    """The value of the original graph that is computed where the result has its peak."""
    live, names = live_bytes(result), [node.name for node in result]
    name = names[min(max(live.index(max(live)) - 1, 0), len(names) - 1)]
    while name not in graph:
        name = re.sub(PIECE, "", name)
    return name


def narrow(graph: Graph, name: str, way: int) -> list[str]:
    """The nearest values at or behind (1), or at or before (-1) a value, each of which a region writes, or reads, with fewer bytes than all nearer ones."""
    found = [node.name for node in graph if is_rowwise(graph, node)]
    if name not in found:
        return []
    at, ends, least = found.index(name), [], sys.maxsize
    for near in found[at:] if way > 0 else reversed(found[: at + 1]):
        node = graph[near]
        bytes = node.type.bytes if way > 0 else max(operand.type.bytes for operand in graph.operands(node) if operand.op != "const")
        if bytes < least:
            ends.append(near)
            least = bytes
    return ends[:NARROW]
