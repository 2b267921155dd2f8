"""Store weights in the forms that serve the whole graph best: dense, or a stream of the blocks that are not zero."""

from __future__ import annotations

from dataclasses import replace

from tfc.backends.target import Target
from tfc.ir.graph import Graph
from tfc.ir.verify import require

from .offers import choose, weights_of


def choose_layouts(graph: Graph, target: Target, *, objective: str = "latency", ram: int | None = None, flash: int | None = None) -> Graph:
    """The forms that the best kernels for the whole graph read, see `optimum`.

    `objective` is latency, ram or flash; `ram` and `flash` are the bytes for what is alive at a time and for constants, by default all that the chip
    has. Weights whose readers want several forms are stored in each.
    """
    require(graph, "quantized")
    best = choose(graph, target, objective, ram, flash)
    graph = graph.copy()
    readers: dict[str, list[str]] = {}
    for name in best:
        if (weights := weights_of(graph, graph[name])) is not None:
            readers.setdefault(weights.name, []).append(name)
    for constant, names in readers.items():
        weights = graph[constant]
        read_as_it_is = constant in graph.results or any(user.name not in names for user in graph.users(constant))
        homes: dict[str, str] = {}
        for form in ["dense"] * read_as_it_is + [best[name].form for name in names]:
            if form not in homes:
                home = replace(weights.but(format=form), name=graph.fresh(constant) if homes else constant)
                homes[form] = graph.add(home, before=constant).name
        for name in names:
            node = graph[name]
            graph.add(replace(node, operands=(node.operands[0], homes[best[name].form], *node.operands[2:])))
    return graph
