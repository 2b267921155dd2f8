"""Which values and scratches must exist at the same time."""

from __future__ import annotations

from dataclasses import dataclass

from tfc.ir.graph import Graph

from .views import views_of

ALIGNMENT = 8


@dataclass(frozen=True)
class Buffer:
    """Bytes that must not move from step `first` to step `last`, both included. `name` is a value, or `NAME scratch`."""

    name: str
    bytes: int
    first: int
    last: int

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
    made = []
    for node in graph:
        if node.op != "const" and node.name not in views.inside:
            made.append(Buffer(node.name, aligned(node.type.bytes), first[node.name], last[node.name]))
        if node.scratch:
            made.append(Buffer(f"{node.name} scratch", aligned(node.scratch.bytes), step[node.name], step[node.name]))
    return made


def live_bytes(graph: Graph) -> list[int]:
    """Bytes that are alive at each step: no plan needs less than their maximum."""
    total = [0] * (len(graph) + 2)
    for buffer in buffers(graph):
        total[buffer.first + 1] += buffer.bytes
        if buffer.last + 2 < len(total):
            total[buffer.last + 2] -= buffer.bytes
    running, result = 0, []
    for change in total:
        running += change
        result.append(running)
    return result
