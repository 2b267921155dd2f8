"""Give every node its kernel, and the scratch that this asks for."""

from __future__ import annotations

from dataclasses import replace

from tfc.backends.target import Target
from tfc.ir.graph import Graph, Scratch, View
from tfc.ir.types import Symbol
from tfc.ir.verify import require

from .lifetimes import is_view
from .offers import choose


def choose_kernels(graph: Graph, target: Target, *, objective: str = "latency", ram: int | None = None, flash: int | None = None) -> Graph:
    """The best for the whole graph of kernels that read weights as they are stored; options are those of `choose_layouts`. A view gets its operand's bytes."""
    require(graph, "quantized")
    graph = graph.copy()
    for name, offer in choose(graph, target, objective, ram, flash, stored=True).items():
        graph.add(replace(graph[name].but(kernel=Symbol(offer.kernel)), scratch=Scratch(offer.scratch) if offer.scratch else None))
    for node in graph:
        if is_view(graph, node):
            graph.add(replace(node, place=View(node.operands[0])))
    return graph
