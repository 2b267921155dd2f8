"""Which values and scratches must exist at the same time, and which of them may share bytes even so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate

from tfc.backends.overlap import NOWHERE, Shift, shifts
from tfc.ir.graph import Graph, Node
from tfc.ir.work import macs

from .views import Views, views_of

ALIGNMENT = 8
MACS_A_BYTE = 3  # of scratch: what loops over strips load serves several channels and columns

Ranges = tuple[tuple[int, int], ...]  # without their ends, in increasing order
Overlaps = dict[tuple[str, str], Ranges]  # by operand and result


@dataclass(frozen=True)
class Buffer:
    """Bytes that must not move from step `first` to step `last`, both included. `name` is a value, or `NAME scratch`; `heat` are the bytes that are
    read of it, all together: what multiplies reads its scratch over and over."""

    name: str
    bytes: int
    first: int
    last: int
    heat: int = 0

    def meets(self, other: Buffer) -> bool:
        return self.first <= other.last and other.first <= self.last


def aligned(bytes: int) -> int:
    return -(-bytes // ALIGNMENT) * ALIGNMENT


def buffers(graph: Graph) -> list[Buffer]:
    """All buffers of a schedule. Arguments are there from the start, results to the end; constants lie in flash. A value that others lie in exists as
    long as any of them."""
    views = views_of(graph)
    step = {node.name: -1 if node.op == "arg" else index for index, node in enumerate(graph)}
    first, last = dict(step), dict(step)
    for node in graph:
        owner = views.root(node.name)
        first[owner] = min(first[owner], step[node.name])
        last[owner] = max(last[owner], step[node.name])
        for operand in node.operands:
            owner = views.root(operand)
            last[owner] = max(last[owner], step[node.name])
    for name in graph.results:
        last[views.root(name)] = len(step)
    made, readers = [], Counter(views.root(operand) for node in graph if views.computed(node) for operand in node.operands)
    for node in graph:
        if node.op != "const" and node.name not in views.inside:
            bytes = aligned(node.type.bytes)
            made.append(Buffer(node.name, bytes, first[node.name], last[node.name], bytes * readers[node.name]))
        if node.scratch:
            bytes = aligned(node.scratch.bytes)
            made.append(Buffer(f"{node.name} scratch", bytes, step[node.name], step[node.name], max(bytes, macs(graph, node) // MACS_A_BYTE)))
    return made


def overlaps(graph: Graph, items: Iterable[Buffer]) -> Overlaps:
    """The buffers of operands and results that meet in one step alone, where the kernel permits them to share bytes: how far the operand must not lie
    behind the result. Arguments are copied to their buffers, and may be overwritten."""
    views, of = views_of(graph), {item.name: item for item in items}
    return {pair: ranges for node in graph if "kernel" in node.attrs for pair, ranges in overlaps_of(node, graph, views, of).items()}


def overlaps_of(node: Node, graph: Graph, views: Views, of: dict[str, Buffer]) -> Overlaps:
    """Those of one node with the kernel that it names."""
    y = of[views.root(node.name)]
    pairs = ((of[root], ranges) for root, ranges in ranges_of(node, graph, views).items() if root in of)
    return {(x.name, y.name): ranges for x, ranges in pairs if x.last == y.first and x != y}


def ranges_of(node: Node, graph: Graph, views: Views) -> dict[str, Ranges]:
    """For each root of an operand of a node with a kernel how far it must not lie behind the root of the result, if it ends where that begins."""
    allowed, found = shifts(node, graph), dict[str, list[tuple[int, int]]]()
    for index, name in enumerate(node.operands):
        moved = views.offset(node.name) - views.offset(name)
        found.setdefault(views.root(name), []).extend(forbidden(graph[name].type.bytes, node.type.bytes, allowed.get(index), moved))
    return {root: merged(ranges) for root, ranges in found.items()}


def forbidden(x: int, y: int, allowed: Shift | None, moved: int) -> list[tuple[int, int]]:
    """How far x bytes must not lie behind y bytes, plus `moved`."""
    free = allowed or NOWHERE
    ranges = ((-x, min(free.least, y)), (max(free.most, -x), y))
    return [(low + moved, high + moved) for low, high in ranges if low < high]


def merged(ranges: Iterable[tuple[int, int]]) -> Ranges:
    """The same for multiples of the alignment, which may lie at the ends of ranges."""
    found: list[tuple[int, int]] = []
    for low, high in sorted((low // ALIGNMENT * ALIGNMENT, aligned(high)) for low, high in ranges):
        if found and low < found[-1][1]:
            low, high = found[-1][0], max(high, found.pop()[1])
        found.append((low, high))
    return tuple(found)


def shared(x: int, y: int, ranges: Ranges) -> int:
    """The most bytes that x bytes and y bytes can share."""
    places = [0, y - x, *(end for ends in ranges for end in ends)]
    return max((min(at + x, y) - max(at, 0) for at in places if not any(low < at < high for low, high in ranges)), default=0)


def live_bytes(graph: Graph) -> list[int]:
    """Bytes that must be there at each step: no plan needs less than their maximum."""
    items = buffers(graph)
    return needed(len(graph), items, overlaps(graph, items))


def needed(steps: int, items: Sequence[Buffer], free: Overlaps) -> list[int]:
    """The bytes of all buffers that are alive at each step, less those that a result can share with its operands."""
    change, of = [0] * (steps + 3), {item.name: item for item in items}
    for buffer in items:
        change[buffer.first + 1] += buffer.bytes
        change[min(buffer.last, steps) + 2] -= buffer.bytes
    total = list(accumulate(change[:-1]))
    for y in {y for _, y in free}:
        total[of[y].first + 1] -= saved({pair: ranges for pair, ranges in free.items() if pair[1] == y}, of)
    return total


def saved(free: Overlaps, of: dict[str, Buffer]) -> int:
    """The most bytes that the result of some pairs can share with operands."""
    return min([sum(shared(of[x].bytes, of[y].bytes, ranges) for (x, y), ranges in free.items()), *(of[y].bytes for _, y in free)])
