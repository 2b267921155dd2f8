"""Which values may be int16, and int8 copies for those who read only int8."""

from __future__ import annotations

from dataclasses import replace

from tfc.ir.diagnostic import Diagnostic
from tfc.ir.graph import Graph, Node
from tfc.ir.ops import TIED
from tfc.ir.ops_products import is_pixelwise
from tfc.ir.text import print_node
from tfc.ir.types import Quantization

from .calibrate import has_table
from .quantize_ranges import of, of_range

# What takes int16 operands beside int8 ones, and of some operators only these operands. What makes int16: these, and what is tied to such a value.
NORMS = ("layer_norm", "rms_norm", "group_norm")  # their parameters are folded into integers by whoever computes them
READS_WIDE = frozenset({"add", "sub", "mul", "div", "rescale", "reinterpret", "concat", "mean", *TIED}) - {"resize_bilinear", "max_pool2d"}
WIDE_OPERANDS = {"conv2d": (0, 3), "linear": (0, 3), **dict.fromkeys(NORMS, (0,))}
MAKES_WIDE = frozenset({"conv2d", "linear", "add", "sub", "mul", "div", "rescale", "concat"})


def reads_wide(op: str, index: int) -> bool:
    """Whether an operator takes this operand as int16."""
    return index in WIDE_OPERANDS[op] if op in WIDE_OPERANDS else op in READS_WIDE


def makes_wide(op: str) -> bool:
    """Whether the result of an operator may be int16."""
    return op in MAKES_WIDE or (op in (*TIED, "reinterpret") and reads_wide(op, 0))


def takes_wide(graph: Graph, node: Node, index: int) -> bool:
    """Whether a node takes this operand as int16: of convolutions, only those that are linears take such an x."""
    return reads_wide(node.op, index) and (index > 0 or node.op != "conv2d" or is_pixelwise(node.attrs, graph[node.operands[1]].type))


def typed(node: Node, quantization: Quantization) -> Node:
    wide = node.attrs.get("wide", False)
    if wide and (node.op not in MAKES_WIDE or has_table(node) or "range" not in node.attrs):
        raise Diagnostic("this value cannot be int16", at=print_node(node), help=f"operators that make int16, without a table: {', '.join(sorted(MAKES_WIDE))}")
    return replace(node, type=replace(node.type, dtype="i16" if wide else "i8", quantization=quantization))


def narrow_operands(graph: Graph, node: Node) -> Node:
    """The node with an int8 copy of every int16 operand that it does not take."""
    operands = [
        narrow(graph, name, node) if graph[name].type.dtype == "i16" and not takes_wide(graph, node, index) else name
        for index, name in enumerate(node.operands)
    ]
    return replace(node, operands=tuple(operands))


def narrow(graph: Graph, name: str, reader: Node) -> str:
    """An int8 copy of an int16 value; one serves all readers."""
    copy = f"{name}.i8"
    if copy not in graph:
        wide = graph[name]
        reach = float(of(graph, name).scale) * 32767
        quantization = of_range(*wide.attrs.get("range", (-reach, reach)))
        attrs = {"means": wide.attrs["means"]} if "means" in wide.attrs else {}
        graph.add(Node(copy, "rescale", (name,), replace(wide.type, dtype="i8", quantization=quantization), attrs, source=wide.source), before=reader.name)
    return copy
