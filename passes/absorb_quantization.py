"""Quantization that the model brings (PT2E) goes to the values that it is about."""

from __future__ import annotations

from dataclasses import replace

from tfc.backends.target import Target
from tfc.ir.graph import Graph, Node
from tfc.ir.ops import TIED


def absorb_quantization(graph: Graph, target: Target) -> Graph:
    """A fake_quantize becomes `qparams` of the value before it; a second, different one on that value becomes a rescale."""
    graph = graph.copy()
    for node in graph.of_op("fake_quantize"):
        qparams = (float(node.attrs["scale"]), int(node.attrs["zero_point"]))
        owner = source(graph, node.operands[0])
        if "qparams" not in owner.attrs and owner.op != "const":
            owner = graph.add(owner.but(qparams=qparams))
        if owner.attrs.get("qparams") == qparams:
            graph.redirect(node.name, node.operands[0])
        else:
            graph.add(replace(node, op="rescale", attrs={"qparams": qparams}))
    return graph


def source(graph: Graph, name: str) -> Node:
    """The value whose quantization a value must have: itself, or what it is moved from."""
    node = graph[name]
    return source(graph, node.operands[0]) if node.op in TIED else node
