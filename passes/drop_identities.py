"""Tables that map every integer to itself go."""

from __future__ import annotations

from dataclasses import replace

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
        if not np.array_equal(table, np.arange(-128, 128)):
            continue
        if graph.users(x) == [node] and x.op != "arg" and x.name not in graph.results:
            graph.add(replace(x, name=node.name))  # what is left of the value is the clamped one
            graph.remove(x.name)
        else:
            graph.redirect(node.name, x.name)
    return graph
