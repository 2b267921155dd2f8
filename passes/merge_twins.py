"""What is computed twice is computed once."""

from __future__ import annotations

from tfc.backends.target import Target
from tfc.ir.graph import Graph


def merge_twins(graph: Graph, target: Target) -> Graph:
    """Of nodes alike in operator, operands, attributes and type the first one stays."""
    graph = graph.copy()
    first: dict[object, str] = {}
    for node in graph:
        if node.op in ("arg", "const") or node.name in graph.results:
            continue
        name = first.setdefault((node.op, node.operands, tuple(sorted(node.attrs.items())), node.type), node.name)
        if name != node.name:
            graph.redirect(node.name, name)
    return graph
