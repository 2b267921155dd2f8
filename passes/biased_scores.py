"""What stands between the product of queries and keys and the softmax: scales, a bias, masks."""

from __future__ import annotations

import numpy as np

from tfc.ir.attention_bias import expect_open_rows
from tfc.ir.diagnostic import Diagnostic
from tfc.ir.graph import Graph, Node, Tensor
from tfc.ir.text import print_node
from tfc.ir.types import Shape

from .constants import add_constant
from .moves import trace


def biased_scores(graph: Graph, name: str) -> tuple[Node, float, Tensor | None] | None:
    """The product behind a value that is factor · product + bias, with factor and bias; None where there is no such."""
    factor, bias = 1.0, None
    while True:
        moved = trace(graph, name, scaling=True)
        node, factor = graph[moved.base], factor * moved.factor
        if not moved.is_identity or moved.source.size != node.type.size:
            return None
        if node.op == "matmul":
            return node, factor, bias
        term = constant_term(graph, node)
        if term is None:
            return None
        name, tensor = term
        added = factor * np.broadcast_to(tensor, node.type.shape).reshape(-1)
        bias = added if bias is None else bias + added


def constant_term(graph: Graph, node: Node) -> tuple[str, Tensor] | None:
    """The value and the constant of which a node is the sum."""
    if node.op not in ("add", "sub"):
        return None
    for value, constant in ((0, 1), (1, 0)) if node.op == "add" else ((0, 1),):
        tensor = graph.constant(node.operands[constant])
        if tensor is not None and graph[node.operands[value]].type.shape == node.type.shape:
            return node.operands[value], tensor if node.op == "add" else -tensor
    return None


def added_bias(graph: Graph, product: Node, bias: Tensor | None, shape: Shape) -> tuple[str, ...]:
    """The bias as a constant of such scores, without what it repeats; nothing where all keys have the same."""
    if bias is None:
        return ()
    wide = bias.reshape(shape).astype(np.float32)
    try:
        expect_open_rows(wide)
    except Diagnostic as error:
        error.at = print_node(product)
        raise
    if (wide == wide[..., :1]).all():
        return ()
    for axis in range(3):
        first = wide.take([0], axis)
        wide = first if (wide == first).all() else wide
    return (add_constant(graph, f"{product.name}.bias", wide, before=product.name),)
