"""Compute what depends on no input."""

from tfc.backends.target import Target
from tfc.ir.evaluate import evaluate
from tfc.ir.graph import Graph

from .constants import add_constant


def fold_constants(graph: Graph, target: Target) -> Graph:
    """Every float node whose operands are all constants becomes one."""
    graph = graph.copy()
    for node in graph:
        operands = graph.operands(node)
        if operands and node.type.is_float and all(operand.op == "const" for operand in operands):
            (value,) = evaluate(Graph("folded", [*{operand.name: operand for operand in operands}.values(), node], [node.name], graph.tensors), [])
            graph.redirect(node.name, add_constant(graph, f"{node.name}.folded", value, before=node.name))
    return graph
