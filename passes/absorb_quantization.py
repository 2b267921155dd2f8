"""Quantization that the model brings (PT2E) goes to the values that it is about."""

from __future__ import annotations

from dataclasses import replace

from tfc.backends.target import Target
from tfc.ir.graph import Graph, Node
from tfc.ir.ops import POINTWISE, TIED

TABLE_LEVELS = 1024


def absorb_quantization(graph: Graph, target: Target) -> Graph:
    """A fake_quantize becomes `qparams` of the value before it; a second, different one on that value becomes a rescale.

    One of 1,024 levels becomes the `pre_range` of the function that alone reads it: the range of its table.
    """
    graph = graph.copy()
    for node in graph.of_op("fake_quantize"):
        if node.attrs.get("levels") == TABLE_LEVELS:
            read_by_table(graph, node)
            continue
        qparams = (float(node.attrs["scale"]), int(node.attrs["zero_point"]))
        owner = source(graph, node.operands[0])
        if "qparams" not in owner.attrs and owner.op != "const":
            owner = graph.add(owner.but(qparams=qparams))
        if owner.attrs.get("qparams") == qparams:
            graph.redirect(node.name, node.operands[0])
        else:
            graph.add(replace(node, op="rescale", attrs={"qparams": qparams}))
    return graph


def read_by_table(graph: Graph, node: Node) -> None:
    """Levels before a function that is not fused are finer than the value's own: only the value's own count."""
    readers = graph.users(node)
    if len(readers) == 1 and readers[0].op in POINTWISE:
        scale, zero = node.attrs["scale"], node.attrs["zero_point"]
        graph.add(readers[0].but(pre_range=(-zero * scale, (TABLE_LEVELS - 1 - zero) * scale)))
    graph.redirect(node.name, node.operands[0])


def source(graph: Graph, name: str) -> Node:
    """The value whose quantization a value must have: itself, or what it is moved from."""
    node = graph[name]
    return source(graph, node.operands[0]) if node.op in TIED else node
