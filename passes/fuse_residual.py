"""Fuse a sum into the convolution or linear that makes one of its operands."""

from dataclasses import replace

from tfc.backends.target import Target
from tfc.ir.graph import Graph, Node


def fuse_residual(graph: Graph, target: Target) -> Graph:
    """The product that comes last takes the other operand as its residual, so that the sum is rounded once."""
    graph = graph.copy()
    for total in graph.of_op("add"):
        position = {node.name: index for index, node in enumerate(graph)}
        candidates = [graph[name] for name in total.operands if takes_residual(graph, graph[name], total)]
        if not candidates or "clamp" in total.attrs:
            continue
        producer = max(candidates, key=lambda node: position[node.name])
        other = total.operands[1 - total.operands.index(producer.name)]
        graph.add(
            replace(total, op=producer.op, operands=(*producer.operands, other), attrs=producer.attrs, source=producer.source or total.source).but(
                qparams=total.attrs.get("qparams")
            )
        )
        graph.remove(producer.name)
        # The value keeps the product's name, which is what its weights are called by.
        graph.add(replace(graph[total.name], name=producer.name), before=total.name)
        graph.redirect(total.name, producer.name)
    return graph


def takes_residual(graph: Graph, producer: Node, total: Node) -> bool:
    """A product that only this sum reads, of the sum's own shape, and added to another tensor of that shape."""
    shapes = {graph[name].type.shape for name in total.operands}
    others = [graph[name] for name in total.operands if name != producer.name]
    return (
        producer.op in ("conv2d", "linear")
        and len(producer.operands) == 3
        and not {"activation", "qparams"} & set(producer.attrs)
        and graph.users(producer) == [total]
        and producer.name not in graph.results
        and shapes == {total.type.shape}
        and len(others) == 1
        and others[0].op != "const"
    )
