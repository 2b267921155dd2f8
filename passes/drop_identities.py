"""Tables that map every integer to itself go."""

from __future__ import annotations

import numpy as np

from tfc.backends.target import Target
from tfc.ir.arithmetic import pointwise_table
from tfc.ir.graph import Graph
from tfc.ir.ops import POINTWISE
from tfc.ir.pointwise import function_named


def drop_identities(graph: Graph, target: Target) -> Graph:
    """A clamp whose operand has its quantization: what it would cut off, the eight bits have cut off already."""
    graph = graph.copy()
    for node in graph.of_op(*POINTWISE):
        x = graph[node.operands[0]]
        if x.type != node.type or x.type.dtype != "i8" or x.type.quantization is None or (node.name in graph.results and x.op == "arg"):
            continue
        table = pointwise_table(function_named(node.op, node.attrs.get("parameters", ())), x.type.quantization, x.type.quantization)
        if np.array_equal(table, np.arange(-128, 128)):
            graph.redirect(node.name, x.name)
    return graph
