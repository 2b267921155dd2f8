"""A linear over a whole map takes its columns in the order in which the map lies."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tfc.backends.target import Target
from tfc.ir.graph import Graph, Node

from .constants import add_constant
from .moves import MOVING, trace


def turn_weights(graph: Graph, target: Target) -> Graph:
    """Behind a flatten of channels-first maps the weights are permuted once, here, instead of the map at every run."""
    graph = graph.copy()
    for node in graph.of_op("linear"):
        x = graph[node.operands[0]]
        if x.op not in MOVING or x.type.size != x.type.shape[-1] or graph[node.operands[1]].op != "const":
            continue
        moved = trace(graph, x.name)
        base = graph[moved.base]
        source = moved.source.reshape(-1)
        if moved.is_identity or base.op == "const" or not np.array_equal(np.sort(source), np.arange(base.type.size)):
            continue
        flat = graph.fresh(f"{x.name}.flat")
        graph.add(Node(flat, "reshape", (base.name,), x.type, {"shape": x.type.shape}, source=x.source), before=node.name)
        weights = graph[node.operands[1]]
        turned = add_constant(graph, weights.name, graph.tensors[weights.attrs["data"]][:, np.argsort(source)], before=node.name)
        graph.add(graph[turned].but(scales=weights.attrs.get("scales")))
        graph.add(replace(node, operands=(flat, turned, *node.operands[2:])))
    return graph
