"""Graphs as text: what prints parses back to the equal graph."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
from lark import Lark, Token, Transformer, UnexpectedInput
from lark.exceptions import VisitError

from .diagnostic import Diagnostic
from .graph import Graph, Node, Place, Scratch, Source, Tensor, View
from .types import DTYPES, Quantization, Symbol, TensorType

VERSION = 1


def print_graph(graph: Graph) -> str:
    """The text of a graph, with its version line."""
    results = ", ".join(f"%{name}" for name in graph.results)
    lines = [f"tfir {VERSION}", f"graph @{graph.name} {{", *(f"  {print_node(node)}" for node in graph), f"  return {results}".rstrip(), "}"]
    return "\n".join(lines) + "\n"


def print_node(node: Node) -> str:
    """One line: value, operator, operands, attributes, type, scratch, place, source."""
    operands = ", ".join(f"%{name}" for name in node.operands)
    attrs = ", ".join(f"{key} = {_literal(value)}" for key, value in sorted(node.attrs.items()))
    parts = [f"%{node.name} = {node.op}", operands, f"{{{attrs}}}" if attrs else "", f": {print_type(node.type)}"]
    if node.scratch:
        parts.append(f"scratch({node.scratch.bytes}" + (f" {_place(node.scratch.place)})" if node.scratch.place else ")"))
    if node.place:
        parts.append(_place(node.place))
    if node.source:
        parts.append(f"loc({json.dumps(node.source.module)}, {json.dumps(node.source.line)})")
    return " ".join(part for part in parts if part)


def print_type(type: TensorType) -> str:
    """`i8[1, 32, 32, 3] q(0.0078, -3)`"""
    text = f"{type.dtype}[{', '.join(map(str, type.shape))}]"
    if (q := type.quantization) is not None:
        axis = "" if q.axis is None else f", axis = {q.axis}"
        text += f" q({_literal(q.scale)}, {q.zero_point}{axis})"
    return text + (f" layout({type.layout})" if type.layout else "")


def _literal(value: Any) -> str:
    match value:
        case Symbol():
            return f"@{value}"
        case bool():
            return str(value).lower()
        case str():
            return json.dumps(value)
        case tuple():
            return f"[{', '.join(map(_literal, value))}]"
        case np.generic():
            return repr(value.item())
        case _:
            return repr(value)


def _place(place: Place | View) -> str:
    return f"at %{place.of}+{place.offset:#x}" if isinstance(place, View) else f"at {place.memory}+{place.offset:#06x}"


def parse_graph(text: str, tensors: Mapping[Symbol, Tensor] | None = None) -> Graph:
    """The graph of a text; its tensors stand beside it. Errors name line and column."""
    try:
        graph = _Builder().transform(_parser().parse(text))
    except UnexpectedInput as error:
        if isinstance(error.__context__, Diagnostic):
            raise error.__context__ from None
        where = f"line {error.line}, column {error.column}"
        raise Diagnostic("this is not the text of a graph", at=f"{where}\n{error.get_context(text).rstrip()}", help="ir/grammar.lark is the grammar") from None
    except VisitError as error:
        raise error.orig_exc from None
    assert isinstance(graph, Graph)
    graph.tensors.update(tensors or {})
    return graph


@cache
def _parser() -> Lark:
    return Lark(files(__package__).joinpath("grammar.lark").read_text(), parser="lalr")


class _Builder(Transformer[Token, Any]):
    """From the syntax tree to nodes, bottom up."""

    def start(self, items: list[Any]) -> Graph:
        version, graph = items
        if int(version) != VERSION:
            raise Diagnostic(f"this text has format version {version}, this tfc reads {VERSION}")
        assert isinstance(graph, Graph)
        return graph

    def graph(self, items: list[Any]) -> Graph:
        name, *nodes, results = items
        graph = Graph(name[1:])
        for node in nodes:
            for operand in node.operands:
                if operand not in graph:
                    raise Diagnostic(f"%{operand} is read before it is made", at=print_node(node))
            if node.name in graph:
                raise Diagnostic(f"%{node.name} is made twice", at=print_node(node))
            graph.add(node)
        for result in results:
            graph[result]
        graph.results = results
        return graph

    def node(self, items: list[Any]) -> Node:
        name, op, operands, *rest = items
        by_class = {type(item): item for item in rest}
        place = by_class.get(Place) or by_class.get(View)
        return Node(name[1:], str(op), operands, by_class[TensorType], by_class.get(dict, {}), place, by_class.get(Scratch), by_class.get(Source))

    def operands(self, items: list[Any]) -> tuple[str, ...]:
        return tuple(item[1:] for item in items if item)

    return_ = operands

    def attrs(self, items: list[Any]) -> dict[str, Any]:
        return dict(item for item in items if item)

    def attr(self, items: list[Any]) -> tuple[str, Any]:
        return str(items[0]), items[1]

    def number(self, items: list[Any]) -> int | float:
        return int(items[0]) if items[0].lstrip("-").isdigit() else float(items[0])

    def string(self, items: list[Any]) -> str:
        return str(json.loads(items[0]))

    def symbol(self, items: list[Any]) -> Symbol:
        return Symbol(items[0][1:])

    def boolean(self, items: list[Any]) -> bool:
        return bool(items[0] == "true")

    def type(self, items: list[Any]) -> TensorType:
        dtype, *rest = items
        if dtype not in DTYPES:
            raise Diagnostic(f"there is no element type '{dtype}'", help=f"element types: {', '.join(DTYPES)}")
        shape = tuple(int(item) for item in rest if isinstance(item, Token) and item.type == "INT")
        layout = next((str(item) for item in rest if isinstance(item, Token) and item.type == "NAME"), None)
        return TensorType(str(dtype), shape, next((item for item in rest if isinstance(item, Quantization)), None), layout)

    def quantization(self, items: list[Any]) -> Quantization:
        scale, zero_point, axis = items
        return Quantization(scale if isinstance(scale, Symbol) else float(scale), zero_point, None if axis is None else int(axis))

    def layout(self, items: list[Any]) -> Token:
        return items[0]  # type: ignore[no-any-return]

    def scratch(self, items: list[Any]) -> Scratch:
        return Scratch(int(items[0]), items[1])

    def place(self, items: list[Any]) -> Place | View:
        name, offset = str(items[0]), int(items[1], 16)
        return View(name[1:], offset) if name.startswith("%") else Place(name, offset)

    def sequence(self, items: list[Any]) -> tuple[Any, ...]:
        return tuple(item for item in items if item is not None)

    def loc(self, items: list[Any]) -> Source:
        return Source(json.loads(items[0]), json.loads(items[1]))


setattr(_Builder, "return", _Builder.return_)  # `return` is a keyword of Python
