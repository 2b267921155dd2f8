"""Fuse a pointwise function into the convolution or linear that feeds it."""

from tfc.backends.target import Target
from tfc.ir.graph import Graph
from tfc.ir.ops import POINTWISE
from tfc.ir.types import Symbol

from .calibrate import cuts


def fuse_activation(graph: Graph, target: Target) -> Graph:
    """Where the function alone reads the product, it is applied before the result is rounded to eight bits."""
    graph = graph.copy()
    for act in graph.of_op(*POINTWISE):
        producer = graph[act.operands[0]]
        alone = graph.users(producer) == [act] and producer.name not in graph.results
        if act.op == "clip" and cuts(act) and "qparams" not in act.attrs:  # saturation is cheaper than a table
            continue
        if producer.op in ("conv2d", "conv_transpose2d", "linear") and not {"activation", "qparams"} & set(producer.attrs) and alone:
            brought = {key: act.attrs.get(key) for key in ("parameters", "qparams", "pre_range")}
            graph.add(producer.but(activation=Symbol(act.op), **brought))
            graph.redirect(act.name, producer.name)
    return graph
