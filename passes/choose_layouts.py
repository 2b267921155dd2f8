"""Store each layer's weights in the form that serves it best: dense, or a stream of the blocks that are not zero."""

from __future__ import annotations

from tfc.backends.kernels import KERNELS
from tfc.backends.target import Target
from tfc.ir.graph import Graph
from tfc.ir.verify import require

from .choose_kernels import cheapest, weights_of


def choose_layouts(graph: Graph, target: Target, *, objective: str = "latency") -> Graph:
    """The format that the cheapest kernel reads; `objective` is latency, ram or flash."""
    require(graph, "quantized")
    graph = graph.copy()
    for node in graph:
        if (weights := weights_of(graph, node)) is not None:
            graph.add(weights.but(format=KERNELS[cheapest(graph, node, target, objective)[0]].format))
    return graph
