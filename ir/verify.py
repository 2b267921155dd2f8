"""Is this graph well formed, and has it reached a stage?"""

from __future__ import annotations

from collections.abc import Callable

from .diagnostic import Diagnostic
from .graph import Graph, Node, Place, View
from .ops import TIED, op_named
from .pointwise import CLAMPS
from .text import print_node

Check = Callable[[Graph, Node], str | None]


def verify(graph: Graph) -> None:
    """Operators, arity, attributes, shapes, order, and the tensors of constants."""
    made: set[str] = set()
    for node in graph:
        for operand in node.operands:
            if operand not in made:
                raise Diagnostic(f"%{operand} is read before it is made", at=print_node(node))
        made.add(node.name)
        try:
            shape = op_named(node.op).shape([graph[name].type for name in node.operands], dict(node.attrs), node.type.shape)
        except Diagnostic as error:
            error.at = error.at or print_node(node)
            raise
        if shape != node.type.shape:
            raise Diagnostic(f"the result has shape {shape}, the type says {node.type.shape}", at=print_node(node))
        if isinstance(node.place, View) and node.place.of not in graph:
            raise Diagnostic(f"a view of %{node.place.of}, which does not exist", at=print_node(node))
        if node.op == "const":
            _verify_constant(graph, node)
    for name in graph.results:
        if name not in made:
            raise Diagnostic(f"%{name} is returned but never made")


def _verify_constant(graph: Graph, node: Node) -> None:
    symbol = node.attrs["data"]
    if symbol in graph.tensors and graph.tensors[symbol].shape != node.type.shape:
        raise Diagnostic(f"@{symbol} has shape {graph.tensors[symbol].shape}, the type says {node.type.shape}", at=print_node(node))


def is_float(graph: Graph, node: Node) -> str | None:
    return None if node.type.is_float or node.op == "const" else "is not float"


def is_ranged(graph: Graph, node: Node) -> str | None:
    given = node.op in ("const", "softmax") or node.op in TIED or not {"range", "qparams"}.isdisjoint(node.attrs)
    table = node.attrs.get("activation") not in (None, *CLAMPS)
    return is_float(graph, node) or (None if given and (not table or "pre_range" in node.attrs) else "has no range: run calibrate")


def is_quantized(graph: Graph, node: Node) -> str | None:
    if node.op == "const":
        return None
    return "is not quantized: run quantize" if node.type.is_float or node.type.quantization is None else None


def is_bound(graph: Graph, node: Node) -> str | None:
    needs = node.op not in ("arg", "const") and not is_joined(graph, node) and not isinstance(node.place, View)
    return is_quantized(graph, node) or ("names no kernel: run choose-kernels" if needs and "kernel" not in node.attrs else None)


def is_joined(graph: Graph, node: Node) -> bool:
    """Whether the parts of a concatenation lie in it."""
    return node.op == "concat" and all(isinstance(place := graph[name].place, View) and place.of == node.name for name in node.operands)


def is_placed(graph: Graph, node: Node) -> str | None:
    if node.op == "const":
        return None
    if node.place is None:
        return "has no place: run plan-memory"
    if node.scratch is not None and not isinstance(node.scratch.place, Place):
        return "has scratch without a place: run plan-memory"
    return is_bound(graph, node)


STAGES: dict[str, Check] = {"float": is_float, "ranged": is_ranged, "quantized": is_quantized, "bound": is_bound, "placed": is_placed}


def require(graph: Graph, stage: str) -> None:
    """Raise a Diagnostic that names the first node which is not at this stage."""
    for node in graph:
        if reason := STAGES[stage](graph, node):
            raise Diagnostic(f"this graph is not {stage}: %{node.name} {reason}", at=print_node(node))


def reached(graph: Graph, stage: str) -> bool:
    """Whether every node is at this stage."""
    return all(STAGES[stage](graph, node) is None for node in graph)
