"""Repetition that a sum or product does by itself goes."""

from __future__ import annotations

import numpy as np

from tfc.backends.target import Target
from tfc.ir.graph import Graph

from .constants import with_operands

BROADCASTING = ("add", "sub", "mul", "div")


def drop_expands(graph: Graph, target: Target) -> Graph:
    """Operands of sums and products broadcast: an expanded one is read as it was, where the other one has the full shape."""
    graph = graph.copy()
    for node in graph.of_op(*BROADCASTING):
        for index, name in enumerate(node.operands):
            if graph[name].op != "expand":
                continue
            operands = list(graph[node.name].operands)
            operands[index] = graph[name].operands[0]
            if np.broadcast_shapes(*(graph[operand].type.shape for operand in operands)) == node.type.shape:
                graph.add(with_operands(graph[node.name], *operands))
    return graph
