"""Data movement that moves nothing becomes a reshape, or goes."""

from __future__ import annotations

import numpy as np

from tfc.backends.target import Target
from tfc.ir.graph import Graph, Node
from tfc.ir.movement import MOVES

from .moves import MOVING


def simplify_moves(graph: Graph, target: Target) -> Graph:
    """A chain, or the end of one, whose elements end where they began is one reshape of its start, or the start itself."""
    graph = graph.copy()
    for node in graph.of_op(*MOVING):
        start = farthest_alike(graph, node)
        if start is None:
            continue
        if start.type.shape == node.type.shape:
            graph.redirect(node.name, start.name)
        elif node.op != "reshape" or node.operands != (start.name,):
            graph.add(Node(node.name, "reshape", (start.name,), node.type, {"shape": node.type.shape}, source=node.source))
    return graph


def farthest_alike(graph: Graph, node: Node) -> Node | None:
    """The first value of the chain up to a node that has the same elements in the same order."""
    found, place, start = None, np.arange(node.type.size), node
    while start.op in MOVING:
        move, start = start, graph[start.operands[0]]
        source = MOVES[move.op](move, np.arange(start.type.size).reshape(1, *start.type.shape)).reshape(-1)
        place = source[place]
        if place.size == start.type.size and np.array_equal(place, np.arange(place.size)):
            found = start
    return found
