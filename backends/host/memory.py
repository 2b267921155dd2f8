"""Where the bytes of a graph's values lie, LANES samples side by side, and the constants that the code reads."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfc.ir.graph import Graph, Node, Place, View

ALIGNMENT = 64


def aligned(size: int) -> int:
    return -(-size // ALIGNMENT) * ALIGNMENT


def homes(graph: Graph) -> tuple[dict[str, int], int]:
    """The offset of each value, and the bytes of all of them: as planned, or without any reuse where nothing is planned.

    Memories follow one another. With LANES samples every offset and size is that many times as large.
    """
    starts, total = starts_of_memories(graph)
    found: dict[str, int] = {}

    def find(node: Node) -> int:
        nonlocal total
        if node.name not in found:
            match node.place:
                case Place(memory, offset):
                    found[node.name] = starts[memory] + offset
                case View(of, offset):
                    found[node.name] = find(graph[of]) + offset
                case None:
                    found[node.name], total = total, total + aligned(node.type.bytes)
        return found[node.name]

    for node in graph:
        if node.op != "const":
            find(node)
    return found, total


def lies_over_operand(graph: Graph, node: Node, homes: dict[str, int]) -> bool:
    """Whether a result shares bytes with an operand without being a view of it or of what it lies in."""
    start, end = homes[node.name], homes[node.name] + node.type.bytes
    others = [operand for operand in graph.operands(node) if operand.op != "const" and root(graph, operand) != root(graph, node)]
    return any(homes[other.name] < end and start < homes[other.name] + other.type.bytes for other in others)


def root(graph: Graph, node: Node) -> str:
    """The value that has the bytes of this one."""
    while isinstance(node.place, View):
        node = graph[node.place.of]
    return node.name


def starts_of_memories(graph: Graph) -> tuple[dict[str, int], int]:
    """One behind the other as far as they are used, and where the last ends."""
    ends: dict[str, int] = {}
    for node in graph:
        if isinstance(node.place, Place):
            ends[node.place.memory] = max(ends.get(node.place.memory, 0), node.place.offset + node.type.bytes)
    starts, total = {}, 0
    for memory, end in ends.items():
        starts[memory], total = total, total + aligned(end)
    return starts, total


@dataclass
class Constants:
    """Arrays one behind the other in one block; equal arrays are stored once."""

    size: int = 0
    arrays: dict[tuple[str, bytes], int] = field(default_factory=dict)

    def add(self, values: NDArray[Any]) -> int:
        """The offset of the array's bytes."""
        key = (values.dtype.str, np.ascontiguousarray(values).tobytes())
        if key not in self.arrays:
            self.arrays[key], self.size = self.size, self.size + aligned(len(key[1]))
        return self.arrays[key]

    def block(self) -> NDArray[np.uint8]:
        block = buffer(self.size)
        for (_, data), offset in self.arrays.items():
            block[offset : offset + len(data)] = np.frombuffer(data, np.uint8)
        return block


def buffer(size: int) -> NDArray[np.uint8]:
    """Zeros on an aligned address."""
    raw = np.zeros(size + ALIGNMENT, np.uint8)
    start = -raw.ctypes.data % ALIGNMENT
    return raw[start : start + size]
