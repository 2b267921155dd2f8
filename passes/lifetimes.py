"""Which values and scratches must exist at the same time."""

from __future__ import annotations

from dataclasses import dataclass

from tfc.ir.graph import Graph, Node

ALIGNMENT = 8
VIEWS = ("reshape", "reinterpret")


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


def is_view(graph: Graph, node: Node) -> bool:
    """Whether the value is its operand's bytes under another type."""
    return node.op in VIEWS and graph[node.operands[0]].op != "const"


def root(graph: Graph, name: str) -> str:
    """The value whose bytes a value uses: itself, unless it is a view."""
    node = graph[name]
    return root(graph, node.operands[0]) if is_view(graph, node) else name


def buffers(graph: Graph) -> list[Buffer]:
    """All buffers of a schedule. Arguments are there from the start, results to the end; constants lie in flash."""
    step = {node.name: index for index, node in enumerate(graph)}
    last = dict(step)
    for node in graph:
        for operand in node.operands:
            owner = root(graph, operand)
            last[owner] = max(last[owner], step[node.name])
    for name in graph.results:
        last[root(graph, name)] = len(step)
    made = []
    for node in graph:
        if node.op != "const" and root(graph, node.name) == node.name:
            made.append(Buffer(node.name, aligned(node.type.bytes), -1 if node.op == "arg" else step[node.name], last[node.name]))
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
