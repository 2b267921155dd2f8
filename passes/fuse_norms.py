"""Normalisations that were written out become `layer_norm` and `rms_norm`."""

from __future__ import annotations

from collections.abc import Iterator
from math import sqrt

import networkx as nx
import numpy as np

from tfc.backends.target import Target
from tfc.ir.graph import Graph, Node

from .constants import add_constant, scalar


def fuse_norms(graph: Graph, target: Target) -> Graph:
    """c / √(mean(c²) + ε) over the last axis; where c is x − mean(x), the layer norm of x. Gains and shifts behind it are for `fold_scales`."""
    graph = graph.copy()
    for node in graph.of_op("mul"):
        for c, root in (node.operands, node.operands[::-1]):
            found = deviation(graph, root, graph[c]) if graph[c].type.shape == node.type.shape else None
            if found is None or c == root:
                continue
            gain, eps = found
            x, length = centred(graph, graph[c]), node.type.shape[-1]
            between = nx.ancestors(graph.dag, node.name) & nx.descendants(graph.dag, x or c)
            if any("qparams" in graph[name].attrs for name in between):  # the model rounds there
                continue
            gamma = add_constant(graph, f"{node.name}.gamma", np.full(length, gain, np.float32), before=node.name)
            operands = (c, gamma) if x is None else (x, gamma, add_constant(graph, f"{node.name}.beta", np.zeros(length, np.float32), before=node.name))
            graph.add(
                Node(node.name, "rms_norm" if x is None else "layer_norm", operands, node.type, {"eps": eps}, source=node.source).but(
                    qparams=node.attrs.get("qparams")
                )
            )
            break
    return graph


def deviation(graph: Graph, name: str, c: Node) -> tuple[float, float] | None:
    """(gain, ε) of a value that is gain / √(mean(c²) + ε)."""
    node = graph[name]
    if node.op == "reciprocal" and graph[node.operands[0]].op == "sqrt":
        node = graph[node.operands[0]]
    elif node.op != "rsqrt":
        return None
    for squares, eps in with_constant(graph, graph[node.operands[0]], "add"):
        for corrected, factor in (*with_constant(graph, graph[squares], "mul"), (squares, 1.0)):
            if eps > 0 and factor > 0 and is_mean_square(graph, graph[corrected], c):
                return 1 / sqrt(factor), eps / factor
    return None


def with_constant(graph: Graph, node: Node, op: str) -> Iterator[tuple[str, float]]:
    """The other operand and the number of a sum or product with one number."""
    for x, other in (node.operands, node.operands[::-1]) if node.op == op else ():
        number = scalar(graph, other)
        if number is not None and graph[x].op != "const":
            yield x, number


def is_mean_square(graph: Graph, node: Node, c: Node) -> bool:
    """mean(c²) in one of its spellings; where c is x − mean(x), also mean(x²) − mean(x)²."""
    if node.op == "sub" and (x := centred(graph, c)) is not None:
        first, second = graph.operands(node)
        return is_mean_of_square(graph, first, x) and is_square(graph, second, c.operands[1])
    return is_mean_of_square(graph, node, c.name)


def is_mean_of_square(graph: Graph, node: Node, name: str) -> bool:
    return is_mean(graph, node) and is_square(graph, graph[node.operands[0]], name)


def is_square(graph: Graph, node: Node, name: str) -> bool:
    return (node.op == "square" and node.operands == (name,)) or (node.op == "mul" and node.operands == (name, name))


def is_mean(graph: Graph, node: Node) -> bool:
    """Whether a node is the mean over the last axis, which stays."""
    return node.op == "mean" and bool(node.attrs.get("keepdims")) and tuple(node.attrs["axes"]) == (len(node.type.shape) - 1,)


def centred(graph: Graph, node: Node) -> str | None:
    """x where the node is x − mean(x)."""
    if node.op != "sub":
        return None
    x, middle = node.operands
    return x if is_mean(graph, graph[middle]) and graph[middle].operands == (x,) else None
