"""Give every node the kernel that bids least, and the scratch that it asks for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from tfc.backends.cost import Cost
from tfc.backends.kernels import KERNELS, bids
from tfc.backends.target import Target
from tfc.ir.diagnostic import Diagnostic
from tfc.ir.graph import Graph, Node, Scratch, View
from tfc.ir.text import print_node
from tfc.ir.types import Symbol
from tfc.ir.verify import require

from .lifetimes import is_view

OBJECTIVES: dict[str, Callable[[Cost], tuple[float, ...]]] = {
    "latency": lambda cost: (cost.cycles, cost.flash, cost.scratch),
    "ram": lambda cost: (cost.scratch, cost.cycles, cost.flash),
    "flash": lambda cost: (cost.flash, cost.cycles, cost.scratch),
}


def choose_kernels(graph: Graph, target: Target, *, objective: str = "latency") -> Graph:
    """Among the kernels that read the weights as they are stored; `objective` is latency, ram or flash. A view gets its operand's bytes instead."""
    require(graph, "quantized")
    graph = graph.copy()
    for node in graph:
        if node.op in ("arg", "const"):
            continue
        if is_view(graph, node):
            graph.add(replace(node, place=View(node.operands[0])))
            continue
        weights = weights_of(graph, node)
        name, cost = cheapest(graph, node, target, objective, weights.attrs.get("format", "dense") if weights else None)
        graph.add(replace(node.but(kernel=Symbol(name)), scratch=Scratch(cost.scratch) if cost.scratch else None))
    return graph


def cheapest(graph: Graph, node: Node, target: Target, objective: str, format: str | None = None) -> tuple[str, Cost]:
    """The best bid for a node, of kernels that read this format where one is given."""
    if objective not in OBJECTIVES:
        raise Diagnostic(f"there is no objective '{objective}'", help=f"objectives: {', '.join(OBJECTIVES)}")
    offers = [(name, cost) for name, cost in bids(node, graph, target).items() if format is None or KERNELS[name].format == format]
    if not offers:
        raise Diagnostic(
            f"no kernel computes this {node.op}" + (f" from {format} weights" if format else ""), at=print_node(node), help="`tfc kernels` lists what there is"
        )
    return min(offers, key=lambda offer: OBJECTIVES[objective](offer[1]))


def weights_of(graph: Graph, node: Node) -> Node | None:
    """The constant whose storage may be chosen: the weights of a convolution or linear."""
    return graph[node.operands[1]] if node.op in ("conv2d", "linear") else None
