"""What a plan promises: held against the graph alone, and against what each node of the firmware writes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from tfc.backends.c.project import resolve, scratch_address
from tfc.backends.emulator.machine import Machine
from tfc.backends.emulator.steps import node_starts
from tfc.backends.target import Target
from tfc.ir.diagnostic import Diagnostic
from tfc.ir.graph import Graph, Node, Place
from tfc.passes.lifetimes import aligned

SPARE = 56  # bytes at the end of scratch that are not written, at most: columns that a narrow strip does not have, and what loops read ahead


@dataclass(frozen=True)
class Extent:
    """The bytes of a value or of scratch."""

    name: str
    pool: int
    start: int
    end: int

    def meets(self, other: Extent) -> bool:
        return self.pool == other.pool and self.start < other.end and other.start < self.end


class Arena:
    """Where a placed graph has its values, and what each node may write: its value and its scratch. Nodes without a kernel write nothing."""

    def __init__(self, graph: Graph, target: Target) -> None:
        self.graph, self.target, self.nodes = graph, target, list(graph)
        addresses = resolve(graph, target)
        self.values = {name: Extent(name, at.pool, at.offset, at.offset + graph[name].type.bytes) for name, at in addresses.items()}
        self.last = {name: len(self.nodes) if name in graph.results else -1 for name in self.values}
        for step, node in enumerate(self.nodes):
            self.last |= {name: max(step, self.last[name]) for name in node.operands if name in self.values}

    def written(self, node: Node) -> list[Extent]:
        if "kernel" not in node.attrs:
            return []
        at = scratch_address(node, self.target)
        scratch = [Extent(f"{node.name} scratch", at.pool, at.offset, at.offset + node.scratch.bytes)] if at and node.scratch else []
        own = self.values[node.name]
        if isinstance(node.place, Place):  # up to the alignment no other value has them
            own = replace(own, end=own.start + aligned(node.type.bytes))
        return [own, *scratch]

    def clash(self) -> str | None:
        """The first node that writes over a value which is read afterwards, or whose scratch shares a byte with what it reads or makes; arguments are copied
        to their bytes before all."""
        there = [self.values[arg.name] for arg in self.graph.arguments]
        for one, other in combinations(there, 2):
            if one.meets(other):
                return f"the arguments %{one.name} and %{other.name} share bytes"
        for step, node in enumerate(self.nodes):
            if node.op in ("arg", "const"):
                continue
            own = self.written(node)
            for value in there:
                if self.last[value.name] > step and any(extent.meets(value) for extent in own):
                    return f"%{node.name} writes over %{value.name}, which is read afterwards"
            for name in (node.name, *node.operands):
                if name in self.values and any(extent.meets(self.values[name]) for extent in own[1:]):
                    return f"the scratch of %{node.name} lies over %{name}"
            there.append(self.values[node.name])
        return None

    def stray(self, machine: Machine, inputs: Sequence[bytes], outputs: Sequence[bytes]) -> str | None:
        """What is wrong with the bytes that one inference writes: a node leaves its own, or a pool is larger than what all of them write.

        `outputs` are those of a run that nobody watched. In rare programs the emulator computes otherwise as soon as stores are watched; which bytes it
        writes then says nothing about the firmware.
        """
        pools, touched = machine.firmware.pools, machine.counting.touched
        who, may = "before all nodes", [self.values[arg.name] for arg in self.graph.arguments]
        strays, tops = list[str](), [0] * len(pools)

        def ended() -> None:
            """What was written since the last node began."""
            for number, (base, size) in enumerate(pools):
                written = np.flatnonzero(machine.range_of(touched, base, size))
                tops[number] = max(tops[number], int(written[-1]) + 1 if written.size else 0)
                own = [extent for extent in may if extent.pool == number]
                outside = written[~np.any([(extent.start <= written) & (written < extent.end) for extent in own], axis=0)] if own else written
                strays.extend(f"byte {at} of pool {number} is written {who}" for at in outside[:1])
            for marks in touched.values():
                marks[:] = False

        def begins(number: int) -> None:
            nonlocal who, may
            ended()
            who, may = f"by %{self.nodes[number].name}", self.written(self.nodes[number])

        try:
            with node_starts(machine, begins):
                watched = machine.run(inputs, watch=True)
        except Diagnostic:
            return None
        if watched.outputs != tuple(outputs):
            return None
        ended()
        sizes = zip(pools, tops, strict=True)
        strays.extend(f"pool {number} has {size} bytes, of which {top} are written" for number, ((_, size), top) in enumerate(sizes) if top < size - SPARE)
        return next(iter(strays), None)
