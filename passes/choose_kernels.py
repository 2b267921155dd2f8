"""Give every node its kernel, and the scratch that this asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tfc.backends.target import Target
from tfc.ir.graph import Graph, Scratch
from tfc.ir.types import Symbol
from tfc.ir.verify import require

from .offers import choose
from .optimum import Offer
from .views import views_of


def choose_kernels(graph: Graph, target: Target, *, objective: str = "latency", ram: int | None = None, flash: int | None = None) -> Graph:
    """The best for the whole graph of kernels that read weights as they are stored, and what lies inside another value its place there. Options are those of
    `choose_layouts`.
    """
    require(graph, "quantized")
    return bound(graph, choose(graph, target, objective, ram, flash, stored=True))


def bound(graph: Graph, offers: Mapping[str, Offer]) -> Graph:
    """The graph whose nodes have taken these offers."""
    graph = graph.copy()
    for name, offer in offers.items():
        node = graph[name].but(kernel=Symbol(offer.kernel), together=offer.together)
        graph.add(replace(node, scratch=Scratch(offer.scratch) if offer.scratch else None))
    for name, view in views_of(graph).inside.items():
        graph.add(replace(graph[name], place=view))
    return graph
