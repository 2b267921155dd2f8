"""Some channels of a value, where the weights that made them can be split without a copy."""

from __future__ import annotations

import numpy as np

from tfc.ir.graph import Graph, Node, Tensor

from .constants import add_constant, add_tensor


def chosen(graph: Graph, base: Node, columns: Tensor, product: Node) -> Node:
    """Some channels of a value: a linear with these rows of the weights where it is one, also behind a batch norm, else a slice."""
    shape = (*base.type.shape[:-1], len(columns))
    name = graph.fresh(f"{base.name}.part")
    type = base.type.with_shape(shape)
    if is_plain_linear(graph, base):
        x, *parameters = base.operands
        parts = [chosen_rows(graph, old, columns, product) for old in parameters]
        return graph.add(Node(name, "linear", (x, *parts), type, source=base.source).but(qparams=base.attrs.get("qparams")), before=product.name)
    if (inner := normed_linear(graph, base)) is not None:
        rest = [chosen_rows(graph, old, columns, product) for old in base.operands[1:]]
        attrs = {**base.attrs, "shape": shape} if base.op == "reshape" else base.attrs
        return graph.add(Node(name, base.op, (chosen(graph, inner, columns, product).name, *rest), type, attrs, source=base.source), before=product.name)
    attrs = {"axis": len(shape) - 1, "start": int(columns[0]), "stop": int(columns[0]) + len(columns)}
    return graph.add(Node(name, "slice", (base.name,), type, attrs, source=base.source), before=product.name)


def chosen_rows(graph: Graph, name: str, rows: Tensor, product: Node) -> str:
    """Rows of a constant, with their scales where it brings any."""
    const = graph[name]
    part = add_constant(graph, f"{name}.part", graph.tensors[const.attrs["data"]][rows], before=product.name)
    if "scales" in const.attrs:
        graph.add(graph[part].but(scales=add_tensor(graph, f"{part}.scales", graph.tensors[const.attrs["scales"]][rows])))
    return part


def is_plain_linear(graph: Graph, node: Node) -> bool:
    return node.op == "linear" and len(node.operands) == 3 and all(graph.constant(name) is not None for name in node.operands[1:])


def normed_linear(graph: Graph, base: Node) -> Node | None:
    """What a batch norm or reshape that keeps the channels reads, if that is a linear or such a node itself."""
    keeps = base.op == "batch_norm" and base.attrs.get("axis", 1) == len(base.type.shape) - 1
    x = graph[base.operands[0]] if base.operands else base
    if keeps or (base.op == "reshape" and x.type.shape[-1:] == base.type.shape[-1:]):
        return x if is_plain_linear(graph, x) or normed_linear(graph, x) is not None else None
    return None


def can_choose(graph: Graph, base: Node, columns: Tensor) -> bool:
    """Any columns of a linear, whose weights can be split; of other values neighbours, a slice."""
    return is_plain_linear(graph, base) or normed_linear(graph, base) is not None or np.array_equal(columns, np.arange(columns[0], columns[0] + len(columns)))
