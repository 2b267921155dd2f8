"""Repetition that a sum or product does by itself goes."""

from __future__ import annotations

import numpy as np

from tfc.backends.target import Target
from tfc.ir.graph import Graph

from .constants import with_operands

BROADCASTING = ("add", "sub", "mul", "div")
LOOPS = 4  # of a kernel for two operands


def drop_expands(graph: Graph, target: Target) -> Graph:
    """Operands of sums and products broadcast: an expanded one is read as it was, where the other one has the full shape."""
    graph = graph.copy()
    for node in graph.of_op(*BROADCASTING):
        for index, name in enumerate(node.operands):
            if graph[name].op != "expand":
                continue
            operands = list(graph[node.name].operands)
            operands[index] = graph[name].operands[0]
            shapes = [graph[operand].type.shape for operand in operands]
            if np.broadcast_shapes(*shapes) == node.type.shape and sum(n > 1 for n in node.type.shape) <= LOOPS:
                graph.add(with_operands(graph[node.name], *operands))
    return graph
