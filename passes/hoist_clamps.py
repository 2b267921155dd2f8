"""A clamp behind a maximum moves before it, where the product that makes the values can take it."""

from __future__ import annotations

from dataclasses import replace

from tfc.backends.target import Target
from tfc.ir.graph import Graph
from tfc.ir.pointwise import CLAMPS

from .constants import with_operands

TAKE = ("conv2d", "conv_transpose2d", "batch_norm", "add", "sub", "mul")  # these clamp without work


def hoist_clamps(graph: Graph, target: Target) -> Graph:
    """relu(max_pool(x)) is max_pool(relu(x)), and the relu is a part of the convolution that makes x."""
    graph = graph.copy()
    for act in graph.of_op(*CLAMPS, "clip"):
        pool = graph[act.operands[0]]
        alone = graph.users(pool) == [act] and pool.name not in graph.results
        if pool.op != "max_pool2d" or not alone or "qparams" in {*act.attrs, *pool.attrs}:
            continue
        x = graph[pool.operands[0]]
        if x.op not in TAKE or graph.users(x) != [pool] or x.name in graph.results:
            continue
        name = graph.fresh(f"{act.name}.inner")
        graph.add(replace(act, name=name, operands=(x.name,), type=x.type), before=pool.name)
        graph.add(with_operands(pool, name))
        graph.redirect(act.name, pool.name)
    return graph
