"""Which values lie inside other values: reshapes and slices in their operand, the parts of a concatenation in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod

from tfc.ir.graph import Graph, Node, View

WORD = 4  # bytes, on which kernels load
RESHAPES = ("reshape", "reinterpret")


@dataclass(frozen=True)
class Views:
    """`inside` says where a value lies in another one, whether a kernel writes it there or not; no kernel computes the `silent` nodes."""

    inside: dict[str, View]
    silent: frozenset[str]

    def root(self, name: str) -> str:
        """The value that has the bytes of this one: itself, unless it lies in another one."""
        while name in self.inside:
            name = self.inside[name].of
        return name

    def offset(self, name: str) -> int:
        """Bytes from the start of its root."""
        return self.inside[name].offset + self.offset(self.inside[name].of) if name in self.inside else 0

    def computed(self, node: Node) -> bool:
        """Whether a kernel makes the value."""
        return node.op not in ("arg", "const") and node.name not in self.silent


def views_of(graph: Graph) -> Views:
    """Of concatenations those join without a copy whose parts lie one behind another and are all made by kernels, for them first; a slice that is
    such a part is copied there."""
    inside: dict[str, View] = {}
    silent: set[str] = set()
    for node in graph.of_op("concat"):
        if (parts := _parts(graph, node)) and not any(name in inside for name in parts):
            inside |= parts
            silent.add(node.name)
    for node in graph:
        if node.name not in inside and (view := _view_of_operand(graph, node)):
            inside[node.name] = view
            silent.add(node.name)
    return Views(inside, frozenset(silent))


def rivals(graph: Graph, views: Views) -> Iterator[tuple[str, str]]:
    """Pairs of concatenations with a part that lies in the first because it comes first: any order that keeps these pairs has the same views."""
    for node in graph.of_op("concat"):
        if node.name not in views.silent and (parts := _parts(graph, node)):
            yield from ((home, node.name) for name in parts if name in views.inside and graph[home := views.inside[name].of].op == "concat")


def _parts(graph: Graph, node: Node) -> dict[str, View] | None:
    """Where the operands of a concatenation would lie in it; None where they cannot."""
    operands = [graph[name] for name in node.operands]
    made = all(operand.op not in ("arg", "const") and not _is_reshape(graph, operand) for operand in operands)
    own = made and len(set(node.operands)) == len(operands)
    alike = all((operand.type.quantization, operand.type.dtype) == (node.type.quantization, node.type.dtype) for operand in operands)
    if not (own and alike and _is_outermost(node.type.shape, node.attrs["axis"])):
        return None
    places, offset = {}, 0
    for operand in operands:
        places[operand.name] = View(node.name, offset)
        offset += operand.type.bytes
    return places if all(place.offset % WORD == 0 for place in places.values()) else None


def _view_of_operand(graph: Graph, node: Node) -> View | None:
    if _is_reshape(graph, node):
        return View(node.operands[0])
    if node.op != "slice" or graph[node.operands[0]].op == "const":
        return None
    operand, axis = graph[node.operands[0]].type, node.attrs["axis"]
    offset = node.attrs["start"] * (operand.bytes // prod(operand.shape[: axis + 1]))
    return View(node.operands[0], offset) if _is_outermost(operand.shape, axis) and node.attrs.get("step", 1) == 1 and offset % WORD == 0 else None


def _is_reshape(graph: Graph, node: Node) -> bool:
    return node.op in RESHAPES and graph[node.operands[0]].op != "const"


def _is_outermost(shape: tuple[int, ...], axis: int) -> bool:
    """Whether what is cut along this axis is one run of bytes."""
    return prod(shape[:axis]) == 1
