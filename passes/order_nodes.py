"""A schedule that keeps the peak of live bytes low."""

from __future__ import annotations

from tfc.backends.target import Target
from tfc.ir.graph import Graph

from .lifetimes import live_bytes
from .offers import with_least_scratch


def order_nodes(graph: Graph, target: Target) -> Graph:
    """The better of the traced order and a greedy one, by their peak of live bytes with the least scratch that kernels may do with."""
    graph = graph.copy()
    counted = with_least_scratch(graph, target)
    peak = max(live_bytes(counted), default=0)
    order = greedy(graph)
    counted.reorder(order)
    if max(live_bytes(counted), default=0) < peak:
        graph.reorder(order)
    return graph


def greedy(graph: Graph) -> list[str]:
    """Of the nodes that are ready, always the one that adds the fewest bytes: its own less those of the operands it is last to read."""
    waiting = {node.name: {operand for operand in node.operands if graph[operand].op not in ("arg", "const")} for node in graph}
    readers = {node.name: {user.name for user in graph.users(node)} for node in graph}
    order = [node.name for node in graph if node.op in ("arg", "const")]
    done = set(order)
    rest = [node.name for node in graph if node.name not in done]
    while rest:
        ready = [name for name in rest if waiting[name] <= done]
        chosen = min(ready, key=lambda name: growth(graph, name, readers, done))
        rest.remove(chosen)
        done.add(chosen)
        order.append(chosen)
    return order


def growth(graph: Graph, name: str, readers: dict[str, set[str]], done: set[str]) -> int:
    node = graph[name]
    freed = {operand for operand in node.operands if graph[operand].op != "const" and readers[operand] <= done | {name} and operand not in graph.results}
    return node.type.bytes - sum(graph[operand].type.bytes for operand in freed)
