"""The first node at which a road leaves the evaluator."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tfc.backends.c.project import resolve
from tfc.backends.emulator.machine import Machine
from tfc.backends.emulator.steps import node_starts
from tfc.backends.host.model import HostModel
from tfc.ir.diagnostic import Diagnostic
from tfc.ir.evaluate import evaluate_batch
from tfc.ir.graph import Graph, Node, Tensor
from tfc.ir.text import print_node
from tfc.ir.types import DTYPES

Read = Callable[[Node], Tensor]  # what lies where a value belongs


@dataclass(frozen=True)
class Difference:
    """A value of one sample that is not what the evaluator makes of it.

    Computed wrongly from operands that were right, or, where there is a `reader`, right when it was made and changed before this one
    read it, while the nodes `between` ran.
    """

    road: str
    sample: int
    node: Node
    element: tuple[int, ...]
    expected: int
    got: int
    wrong: int  # elements
    reader: str | None = None
    between: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        return {
            "road": self.road,
            "sample": self.sample,
            "node": self.node.name,
            "text": print_node(self.node),
            "kernel": self.node.attrs.get("kernel"),
            "element": list(self.element),
            "expected": self.expected,
            "got": self.got,
            "wrong_elements": self.wrong,
            "inputs_equal": True,  # else one of them would be the first value to differ
            "overwritten": None if self.reader is None else {"before": self.reader, "while_ran": list(self.between)},
        }

    def __str__(self) -> str:
        size = int(np.prod(self.node.type.shape))
        lines = [
            f"the {self.road} differs first at %{self.node.name}, sample {self.sample}:",
            f"  {print_node(self.node)}",
            f"  kernel {self.node.attrs.get('kernel', 'none')}; {self.wrong:,} of {size:,} elements differ, "
            f"the first at {list(self.element)}: {self.got} instead of {self.expected}",
        ]
        if self.reader is None:
            lines.append(f"  what it read was right: {', '.join(f'%{name}' for name in self.node.operands) or 'nothing'}")
        else:
            ran = ", ".join(f"%{name}" for name in self.between) or "nothing"
            lines.append(f"  it was right when it was made, and was overwritten before {self.reader} read it; between them ran {ran}")
        return "\n".join(lines)


@dataclass
class Search:
    """Compares values while a road computes one sample. `before(n, read)` is told that the node of number n is about to run."""

    graph: Graph
    road: str
    sample: int
    expected: Mapping[str, Tensor]
    found: Difference | None = None
    done: int = 0  # nodes before this one are compared
    heard: list[int] = field(default_factory=list)
    nodes: list[Node] = field(init=False)

    def __post_init__(self) -> None:
        self.nodes = list(self.graph)

    def before(self, number: int, read: Read) -> None:
        """All before it have run: their values are there, and so must be what it reads."""
        if self.found or number in self.heard:
            return
        for node in self.nodes[self.done : number]:
            self.found = self.found or self._difference(node, read)
        self.done = max(self.done, number)
        reader = self.nodes[number] if number < len(self.nodes) else None
        for name in reader.operands if reader else self.graph.results:
            self.found = self.found or self._difference(self.graph[name], read, f"%{reader.name}" if reader else "return")
        self.heard.append(number)

    def _difference(self, node: Node, read: Read, reader: str | None = None) -> Difference | None:
        if node.op == "const":  # lies in the code, packed
            return None
        expected, got = self.expected[node.name], read(node)
        wrong = np.argwhere(expected != got)
        if not len(wrong):
            return None
        element = tuple(int(i) for i in wrong[0])
        made = next(number for number, other in enumerate(self.nodes) if other.name == node.name)
        between = tuple(self.nodes[number].name for number in self.heard if number > made) if reader else ()
        return Difference(self.road, self.sample, node, element, int(expected[element]), int(got[element]), len(wrong), reader, between)


def search(graph: Graph, road: str, sample: int, inputs: Sequence[Tensor]) -> Search:
    """A search with what the evaluator makes of one sample [1, …]."""
    values: dict[str, Tensor] = {}
    evaluate_batch(graph, inputs, observe=lambda node, value: values.update({node.name: np.broadcast_to(value[0], node.type.shape)}))
    return Search(graph, road, sample, values)


def find_on_host(model: HostModel, seeking: Search, inputs: Sequence[Tensor]) -> Difference | None:
    """Where native code of this machine leaves the evaluator on one sample [1, …]."""
    model.run_steps(inputs, lambda number, read: seeking.before(number, lambda node: read(node)[0]))
    return seeking.found


def find_on_emulator(machine: Machine, seeking: Search, inputs: Sequence[bytes]) -> Difference | None:
    """Where the firmware leaves the evaluator; what it does against the rules before that is a Diagnostic."""
    addresses, pools = resolve(seeking.graph, machine.target), machine.firmware.pools

    def read(node: Node) -> Tensor:
        place, type = addresses[node.name], node.type
        data = machine.chip.read(pools[place.pool][0] + place.offset, type.bytes)
        return np.frombuffer(data, DTYPES[type.dtype]).reshape(type.shape)

    try:
        with node_starts(machine, lambda number: seeking.before(number, read)):
            machine.run(inputs)
    except Diagnostic:
        if seeking.found is None:
            raise
    else:
        seeking.before(len(seeking.nodes), read)
    return seeking.found
