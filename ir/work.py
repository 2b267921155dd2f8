"""How much a node computes."""

from __future__ import annotations

import numpy as np

from .graph import Graph, Node


def macs(graph: Graph, node: Node) -> int:
    """Multiply-accumulates of the dense computation: products of weights, and both products of attention."""
    match node.op:
        case "conv2d" | "linear":
            return node.type.size * graph[node.operands[1]].type.size // node.type.shape[-1]
        case "matmul":
            return node.type.size * int(graph[node.operands[0]].type.shape[-1])
        case "attention":
            patch, keys = node.attrs.get("patch", (1, 1)), graph[node.operands[1]].type
            tokens = keys.size // keys.shape[0] // keys.shape[-1] // (patch[0] * patch[1])
            return int((graph[node.operands[0]].type.size + node.type.size) * tokens)
        case _:
            return 0


def nonzero_macs(graph: Graph, node: Node) -> int:
    """Those of them whose weight is not zero."""
    weights = graph.constant(node.operands[1]) if node.op in ("conv2d", "linear") else None
    return macs(graph, node) if weights is None else macs(graph, node) * int(np.count_nonzero(weights)) // weights.size
