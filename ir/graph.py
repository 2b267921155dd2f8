"""A network: nodes that are the values they make, in schedule order, over a networkx DAG."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from .diagnostic import Diagnostic
from .types import Symbol, TensorType

Attribute = Any  # bool, int, float, str, Symbol, or a tuple of these
Tensor = NDArray[Any]


@dataclass(frozen=True)
class Place:
    """Where a value lies: bytes behind the start of a memory pool."""

    memory: str
    offset: int


@dataclass(frozen=True)
class View:
    """A value that lies inside another one, `offset` bytes behind its start."""

    of: str
    offset: int = 0


@dataclass(frozen=True)
class Scratch:
    """Planned memory that a kernel needs while it runs."""

    bytes: int
    place: Place | None = None


@dataclass(frozen=True)
class Source:
    """Where a node comes from: the module path and the user's file:line."""

    module: str
    line: str = ""


@dataclass(frozen=True)
class Node:
    """One operation and the one value it makes, known by `name`. The source does not count for equality."""

    name: str
    op: str
    operands: tuple[str, ...]
    type: TensorType
    attrs: Mapping[str, Attribute] = field(default_factory=dict)
    place: Place | View | None = None
    scratch: Scratch | None = None
    source: Source | None = field(default=None, compare=False)

    def but(self, **attrs: Attribute) -> Node:
        """The same node with these attributes; None removes one."""
        merged = {**self.attrs, **attrs}
        return replace(self, attrs={key: value for key, value in merged.items() if value is not None})


class Graph:
    """Nodes in schedule order, the names of the results, and the tensors beside the text.

    Operands are the truth; `dag` follows them, for the algorithms of networkx.
    """

    def __init__(self, name: str, nodes: Iterable[Node] = (), results: Iterable[str] = (), tensors: Mapping[Symbol, Tensor] | None = None) -> None:
        self.name = name
        self.dag = nx.DiGraph()
        self._nodes: dict[str, Node] = {node.name: node for node in nodes}
        self.results = tuple(results)
        self.tensors: dict[Symbol, Tensor] = dict(tensors or {})
        self.dag.add_nodes_from(self._nodes)
        self.dag.add_edges_from((operand, node.name) for node in self._nodes.values() for operand in node.operands)

    def __iter__(self) -> Iterator[Node]:
        """The nodes in order, each as it stands when its turn comes: a loop may replace, add and remove nodes."""
        for name in list(self._nodes):
            if name in self._nodes:
                yield self._nodes[name]

    def __len__(self) -> int:
        return len(self._nodes)

    def __contains__(self, name: str) -> bool:
        return name in self._nodes

    def __getitem__(self, name: str) -> Node:
        try:
            return self._nodes[name]
        except KeyError:
            raise Diagnostic(f"there is no value %{name} in @{self.name}") from None

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Graph)
            and self.name == other.name
            and self.results == other.results
            and list(self._nodes.values()) == list(other._nodes.values())
            and self.tensors.keys() == other.tensors.keys()
            and all(_same(self.tensors[key], other.tensors[key]) for key in self.tensors)
        )

    __hash__ = None  # type: ignore[assignment]  # a graph changes

    def copy(self) -> Graph:
        """Another graph with the same nodes; tensors are shared, and never written in place."""
        return Graph(self.name, self._nodes.values(), self.results, self.tensors)

    def of_op(self, *ops: str) -> Iterator[Node]:
        """The nodes of these operators, in order; a loop may change the graph."""
        return (node for node in self if node.op in ops)

    @property
    def arguments(self) -> list[Node]:
        return list(self.of_op("arg"))

    def users(self, node: Node | str) -> list[Node]:
        """The nodes that read this value, in no particular order."""
        name = node if isinstance(node, str) else node.name
        return [self._nodes[user] for user in self.dag.successors(name)]

    def operands(self, node: Node) -> list[Node]:
        """The nodes that this one reads."""
        return [self[name] for name in node.operands]

    def add(self, node: Node, *, before: str | None = None) -> Node:
        """Put a node at the end or before another one; a node of that name is replaced where it stands."""
        known = self._nodes.get(node.name)
        if known is None or known.operands != node.operands:
            self.dag.add_node(node.name)
            self.dag.remove_edges_from(list(self.dag.in_edges(node.name)))
            self.dag.add_edges_from((operand, node.name) for operand in node.operands)
        if before is None or node.name in self._nodes:
            self._nodes[node.name] = node
        else:
            at = list(self._nodes).index(before)
            items = list(self._nodes.items())
            self._nodes = dict([*items[:at], (node.name, node), *items[at:]])
        return node

    def remove(self, name: str) -> None:
        """Take out a value that nothing reads."""
        readers = [user.name for user in self.users(name)]
        if readers or name in self.results:
            raise Diagnostic(f"%{name} is still read by {', '.join('%' + r for r in readers) or 'return'}")
        del self._nodes[name]
        self.dag.remove_node(name)

    def redirect(self, old: str, new: str) -> None:
        """Let all who read `old`, results included, read `new`; `old` is removed unless `new` itself reads it."""
        for user in self.users(old):
            if user.name != new:
                self.add(replace(user, operands=tuple(new if name == old else name for name in user.operands)))
        self.results = tuple(new if name == old else name for name in self.results)
        if not self.users(old):
            self.remove(old)

    def fresh(self, stem: str) -> str:
        """A value name that is not taken: `stem`, `stem.1`, `stem.2`, …"""
        name, number = stem, 0
        while name in self._nodes:
            number += 1
            name = f"{stem}.{number}"
        return name

    def reorder(self, names: Iterable[str]) -> None:
        """Make this the schedule; `names` holds each value once."""
        order = list(names)
        if sorted(order) != sorted(self._nodes):
            raise Diagnostic("an order must name every value once")
        self._nodes = {name: self._nodes[name] for name in order}

    def constant(self, name: str) -> Tensor | None:
        """The tensor of a `const` value, None for any other value."""
        node = self[name]
        return self.tensors[node.attrs["data"]] if node.op == "const" else None


def _same(a: Tensor, b: Tensor) -> bool:
    return a.dtype == b.dtype and np.array_equal(a, b)
