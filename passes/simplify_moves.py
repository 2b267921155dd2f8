"""Data movement that moves nothing becomes a reshape, or goes."""

from __future__ import annotations

from tfc.backends.target import Target
from tfc.ir.graph import Graph, Node

from .moves import MOVING, trace


def simplify_moves(graph: Graph, target: Target) -> Graph:
    """Chains whose elements end where they began are one reshape of the chain's start, or the start itself."""
    graph = graph.copy()
    for node in graph.of_op(*MOVING):
        moved = trace(graph, node.name)
        base = graph[moved.base]
        if not moved.is_identity or moved.source.size != base.type.size:
            continue
        if base.type.shape == node.type.shape:
            graph.redirect(node.name, base.name)
        elif node.op != "reshape" or node.operands != (base.name,):
            graph.add(Node(node.name, "reshape", (base.name,), node.type, {"shape": node.type.shape}, source=node.source))
    return graph
