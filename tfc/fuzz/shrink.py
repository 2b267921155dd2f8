"""Make a failing network small."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import networkx as nx

from tfc.ir.graph import Graph, Node

LEAVES = ("arg", "const")


def shrink(graph: Graph, fails: Callable[[Graph], bool], seconds: float = 120) -> Graph:
    """A network with fewer operators that fails too; no step makes it smaller, or the time is up."""
    until = time.monotonic() + seconds
    while True:
        smaller = next((trial for trial in smaller_ones(graph) if time.monotonic() > until or fails(trial)), None)
        if smaller is None or time.monotonic() > until:
            return graph
        graph = smaller


def operators(graph: Graph) -> list[Node]:
    return [node for node in graph if node.op not in LEAVES]


def smaller_ones(graph: Graph) -> Iterator[Graph]:
    """Networks with fewer operators: up to one value, from one value on, and without one operator."""
    nodes = operators(graph)
    for node in nodes:
        if len(trial := ending(graph, (node.name,))) < len(graph):
            yield trial
    for node in reversed(nodes):
        if len(nodes) > 1 and node.name not in graph.results:
            cut = graph.copy()
            cut.add(Node(node.name, "arg", (), node.type))
            yield ending(in_front(cut, node.name), graph.results)
    for node in nodes:
        for operand in graph.operands(node):
            if operand.op != "const" and operand.type == node.type and len(nodes) > 1:
                without = graph.copy()
                for user in graph.users(node):
                    without.add(replace(user, operands=tuple(operand.name if name == node.name else name for name in user.operands)))
                yield ending(without, tuple(dict.fromkeys(operand.name if name == node.name else name for name in graph.results)))


def in_front(graph: Graph, name: str) -> Graph:
    """The same with one value first."""
    graph = graph.copy()
    graph.reorder([name, *(node.name for node in graph if node.name != name)])
    return graph


def ending(graph: Graph, results: tuple[str, ...]) -> Graph:
    """Only what these results need."""
    needed = set(results).union(*(nx.ancestors(graph.dag, name) for name in results))
    nodes = [node for node in graph if node.name in needed]
    symbols = {node.attrs["data"] for node in nodes if node.op == "const"}
    return Graph(graph.name, nodes, results, {symbol: tensor for symbol, tensor in graph.tensors.items() if symbol in symbols})
