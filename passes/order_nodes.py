"""The schedule with the least peak of live bytes."""

from __future__ import annotations

from tfc.backends.target import Target
from tfc.ir.graph import Graph

from .lifetimes import live_bytes
from .lives import Lives
from .offers import with_least_scratch
from .schedules import least_peak


def order_nodes(graph: Graph, target: Target) -> Graph:
    """Of all orders the one with the least peak, with the kernels of the least scratch; the traced one if none has less."""
    graph = graph.copy()
    counted = with_least_scratch(graph, target)
    lives = Lives(counted)
    found = least_peak(lives, max(live_bytes(counted), default=0))
    if found.order is not None:
        inputs = [node.name for node in graph if node.op in ("arg", "const")]
        graph.reorder([*inputs, *(lives.names[index] for index in found.order)])
    return graph


def least_of_any_order(graph: Graph) -> int:
    """Bytes that are alive at some time in any order of the nodes, with the kernels that they have: an order with this peak is the best. Counted are the
    orders in which the same values lie inside others; of concatenations that share a part the first in order has it inside."""
    return least_peak(Lives(graph), max(live_bytes(graph), default=0), attempts=0).bound
