"""Operators that compute rows of a map from rows of maps: which rows of an operand some rows of the result read."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tfc.ir.graph import Graph, Node
from tfc.ir.ops import POINTWISE, op_named

ROWS = 1  # the axis, in [n, h, w, c]
ALIKE = (*POINTWISE, "add", "sub", "mul", "div", "rescale")
ALONG_CHANNELS = ("layer_norm", "rms_norm", "softmax", "linear", "concat")


@dataclass(frozen=True)
class Rows:
    """Rows from `first` up to `end`, which may lie outside of the map: there is padding."""

    first: int
    end: int


def is_rowwise(graph: Graph, node: Node) -> bool:
    """Whether rows of the result depend on some rows of operands that are maps, all of a batch of 1; other operands are constants."""
    if not is_map(node):
        return False
    maps = [operand for operand in graph.operands(node) if operand.op != "const"]
    if not maps or not all(map(is_map, maps)) or any(operand.type.shape[2] != node.type.shape[2] for operand in maps if node.op in ALIKE):
        return False
    if node.op in ALIKE:
        return len(maps) == len(node.operands) and all(operand.type.shape == node.type.shape for operand in maps)
    if node.op in ALONG_CHANNELS:
        return node.attrs.get("axis", -1) in (-1, 3)
    return node.op in ("conv2d", "max_pool2d", "avg_pool2d")


def is_map(node: Node) -> bool:
    return len(node.type.shape) == 4 and node.type.shape[0] == 1 and node.op != "const"


def rows_read(graph: Graph, node: Node, index: int, rows: Rows) -> Rows:
    """The rows of an operand that rows of the result read."""
    if "pad" not in op_named(node.op).options or index > 0:
        return rows
    size, step = (graph[node.operands[1]].type.shape[1], node.attrs.get("dilation", (1, 1))[0]) if node.op == "conv2d" else (node.attrs["window"][0], 1)
    stride = node.attrs.get("stride", (1, 1))[0]
    first = rows.first * stride - node.attrs.get("pad", (0, 0, 0, 0))[0]
    return Rows(first, first + (rows.end - rows.first - 1) * stride + (size - 1) * step + 1)


def of_rows(graph: Graph, node: Node, rows: Rows) -> Node:
    """The operator for these rows of its result alone; its operands are to be the rows that `rows_read` tells, without those outside of the map."""
    shape = node.type.shape
    node = replace(node, type=replace(node.type, shape=(*shape[:ROWS], rows.end - rows.first, *shape[ROWS + 1 :])))
    if "pad" not in op_named(node.op).options:
        return node
    read, height, pad = rows_read(graph, node, 0, rows), graph[node.operands[0]].type.shape[ROWS], node.attrs.get("pad", (0, 0, 0, 0))
    return node.but(pad=(max(-read.first, 0), pad[1], max(read.end - height, 0), pad[3]))
