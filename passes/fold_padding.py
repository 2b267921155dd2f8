"""A border of zeros becomes the padding of the convolution or pooling that reads it."""

from __future__ import annotations

from dataclasses import replace

from tfc.backends.target import Target
from tfc.ir.graph import Graph, Node

AT_LEAST_ZERO = ("relu", "relu6", "sigmoid", "hardsigmoid", "exp", "abs", "square", "sqrt", "softmax", "softplus")


def fold_padding(graph: Graph, target: Target) -> Graph:
    """Exact: a convolution and an average that counts its padding take zeros; a maximum of what is nowhere negative does not see them."""
    graph = graph.copy()
    for node in graph.of_op("conv2d", "avg_pool2d", "max_pool2d"):
        border = graph[node.operands[0]]
        pad = padding_of(border)
        if pad is None or not takes_zeros(graph, node, border):
            continue
        total = tuple(own + more for own, more in zip(node.attrs.get("pad", (0, 0, 0, 0)), pad, strict=True))
        if node.op == "conv2d" or fits(total, node.attrs["window"]):
            graph.add(replace(node, operands=(border.operands[0], *node.operands[1:])).but(pad=total))
    return graph


def padding_of(node: Node) -> tuple[int, ...] | None:
    """Top, left, bottom, right of a border of zeros around height and width."""
    if node.op != "pad" or len(node.type.shape) != 4 or node.attrs.get("value", 0.0) != 0:
        return None
    amounts = node.attrs["amounts"]
    return None if any(amounts[:2] + amounts[6:]) else (amounts[2], amounts[4], amounts[3], amounts[5])


def fits(pad: tuple[int, ...], window: tuple[int, int]) -> bool:
    """Whether every window of a pooling holds an element."""
    return max(pad[0], pad[2]) < window[0] and max(pad[1], pad[3]) < window[1]


def takes_zeros(graph: Graph, node: Node, border: Node) -> bool:
    """Whether zeros in a node's own padding mean what they mean in the border."""
    if node.op == "avg_pool2d":
        return bool(node.attrs.get("count_padding", True))
    if node.op == "conv2d":  # one of single pixels is faster without padding
        return graph[node.operands[1]].type.shape[1:3] != (1, 1)
    return is_at_least_zero(graph, border.operands[0])


def is_at_least_zero(graph: Graph, name: str) -> bool:
    """Whether a value is nowhere negative, by how it was made."""
    node = graph[name]
    if node.op in ("max_pool2d", "avg_pool2d", "reshape", "pad"):
        return is_at_least_zero(graph, node.operands[0]) and node.attrs.get("value", 0.0) >= 0
    function = str(node.attrs.get("activation", node.op))
    return function in AT_LEAST_ZERO or (function == "clip" and node.attrs["parameters"][0] >= 0)
