"""Reshapes that only add or drop axes of length 1 sink, so that what they stand between can meet."""

from __future__ import annotations

from dataclasses import replace

from tfc.backends.target import Target
from tfc.ir.graph import Graph, Node
from tfc.ir.ops import POINTWISE, op_named
from tfc.ir.types import Shape

from .constants import add_constant

LAST_AXIS = ("linear", "layer_norm", "rms_norm")
ALONG_AXIS = ("batch_norm", "group_norm")
TERMS = ("add", "sub", "mul", "div")


def sink_reshapes(graph: Graph, target: Target) -> Graph:
    """op(reshape(x)) becomes reshape(op(x)): a sequence is an image of height 1 from its first convolution to its last."""
    graph = graph.copy()
    for node in graph:
        if node.op == "reshape":
            join(graph, node)
            continue
        source = sunk_from(graph, node)
        if source is None:
            continue
        shape = (*source[:-1], node.type.shape[-1]) if node.op == "linear" else source
        operands = tuple(above(graph, name, source, node) for name in node.operands)
        name = graph.fresh(f"{node.name}.wide")
        attrs = dict(node.attrs)
        if node.op in ALONG_AXIS:
            attrs["axis"] = moved_axis(axis_of(node), node.type.shape, source)
        graph.add(replace(node, name=name, operands=operands, attrs=attrs, type=node.type.with_shape(shape)), before=node.name)
        graph.add(Node(node.name, "reshape", (name,), node.type, {"shape": node.type.shape}, source=node.source))
    return graph


def join(graph: Graph, node: Node) -> None:
    """A reshape of a reshape is one reshape, or none: a batch norm between two of them then meets the linear before both."""
    inner = graph[node.operands[0]]
    if inner.op != "reshape":
        return
    base = graph[inner.operands[0]]
    if base.type.shape == node.type.shape and node.name not in graph.results:
        graph.redirect(node.name, base.name)
    else:
        graph.add(replace(node, operands=(base.name,)))


def sunk_from(graph: Graph, node: Node) -> Shape | None:
    """The shape that the operands of a node have above their reshapes, if it may be computed there."""
    if node.op not in (*POINTWISE, *LAST_AXIS, *ALONG_AXIS, *TERMS):
        return None
    values = [graph[name] for name in node.operands if graph[name].op != "const"]
    if not values or any(not is_widening(graph, value) or value.type.shape != values[0].type.shape for value in values):
        return None
    source = graph[values[0].operands[0]].type.shape
    if any(graph[value.operands[0]].type.shape != source for value in values) or not source:
        return None
    if node.op in TERMS and (values[0].type.shape != node.type.shape or not all(fits(graph, name, node, source) for name in node.operands)):
        return None
    if node.op in LAST_AXIS and source[-1] != values[0].type.shape[-1]:
        return None
    if node.op in ALONG_AXIS and (node.type.shape[axis_of(node)] == 1 or (node.op == "group_norm" and source[0] != node.type.shape[0])):
        return None
    return source


def is_widening(graph: Graph, node: Node) -> bool:
    """Whether a node is a reshape that leaves the axes longer than 1 as they are."""
    return node.op == "reshape" and long_axes(graph[node.operands[0]].type.shape) == long_axes(node.type.shape)


def long_axes(shape: Shape) -> list[int]:
    return [n for n in shape if n != 1]


def axis_of(node: Node) -> int:
    return int(op_named(node.op).attribute(node.attrs, "axis")) % len(node.type.shape)


def moved_axis(axis: int, shape: Shape, source: Shape) -> int:
    """The axis of `source` that is the same long axis as this one of `shape`."""
    number = len(long_axes(shape[:axis]))
    return [i for i, n in enumerate(source) if n != 1][number]


def fits(graph: Graph, name: str, node: Node, source: Shape) -> bool:
    """Whether an operand of a sum or product is a reshape, or a constant that varies along long axes only."""
    return graph[name].op != "const" or graph[name].type.size == 1 or long_axes(node.type.shape) == long_axes(source)


def above(graph: Graph, name: str, source: Shape, node: Node) -> str:
    """An operand as it is above the reshape; a constant of a sum or product under the axes of the source."""
    operand = graph[name]
    if operand.op != "const":
        return operand.operands[0]
    if node.op not in TERMS or operand.type.size == 1:
        return name
    first = len(node.type.shape) - len(operand.type.shape)
    shape = [1] * len(source)
    for axis, n in enumerate(operand.type.shape, first):
        if n != 1:
            shape[moved_axis(axis, node.type.shape, source)] = n
    tensor = graph.tensors[operand.attrs["data"]]
    return add_constant(graph, f"{name}.wide", tensor.reshape(shape), before=node.name)
