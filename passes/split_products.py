"""A product whose channels part ways becomes a product for each part."""

from __future__ import annotations

from dataclasses import replace

from tfc.backends.target import Target
from tfc.ir.graph import Graph, Node

from .constants import add_constant

MOST = 4  # parts: each product has a price of its own


def split_products(graph: Graph, target: Target) -> Graph:
    """Slices of channels copy; the rows of the weights are cut instead, and each part may be fused with what reads it."""
    graph = graph.copy()
    for product in graph.of_op("conv2d", "linear"):
        parts = graph.users(product)
        if product.name not in graph.results and is_split(product, parts) and is_plain(graph, product):
            for part in parts:
                cut(graph, product, part)
    return graph


def is_split(product: Node, parts: list[Node]) -> bool:
    """Whether runs of channels are all that is read of a product, none of them twice."""
    last = len(product.type.shape) - 1
    if not 1 <= len(parts) <= MOST or any(part.op != "slice" or part.attrs["axis"] != last or part.attrs.get("step", 1) != 1 for part in parts):
        return False
    return sum(part.type.shape[last] for part in parts) <= product.type.shape[last]


def is_plain(graph: Graph, product: Node) -> bool:
    constants = [graph[name] for name in product.operands[1:]]
    free = all(constant.op == "const" and "scales" not in constant.attrs for constant in constants)
    return free and len(constants) == 2 and product.attrs.get("groups", 1) == 1 and not {"activation", "qparams"} & set(product.attrs)


def cut(graph: Graph, product: Node, part: Node) -> None:
    x, *constants = product.operands
    rows = slice(part.attrs["start"], part.attrs["stop"])
    names = [add_constant(graph, f"{name}.part", graph.tensors[graph[name].attrs["data"]][rows], before=part.name) for name in constants]
    graph.add(replace(product, name=part.name, operands=(x, *names), type=part.type))
