"""Compute part of a graph a few rows at a time, so that its inner maps never exist as a whole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import count

import networkx as nx

from tfc.backends.target import Target
from tfc.ir.diagnostic import Diagnostic
from tfc.ir.graph import Graph, Node
from tfc.ir.text import print_node
from tfc.ir.types import TensorType

from .rows import ROWS, Rows, is_rowwise, of_rows, rows_read

PIECE = r"\.(rows|part|line)\d+$"  # what names of pieces end with


def stream_rows(graph: Graph, target: Target, *, first: str, last: str, rows: int) -> Graph:
    """All between the values `first` and `last`, both included, by so many rows of `last` at a time.

    Of each inner map a line buffer holds the rows that are read again: nothing is computed twice. What was computed before and is still needed moves to
    the front of the next buffer; new rows are written behind it.
    """
    region = region_between(graph, first, last)
    if (reason := why_not(graph, region, last)) is not None:
        raise Diagnostic(f"%{first} to %{last} cannot be computed by rows: {reason}", at=print_node(graph[last]))
    if not 0 < rows < graph[last].type.shape[ROWS]:
        raise Diagnostic(f"%{last} has {graph[last].type.shape[ROWS]} rows, of which not {rows} can be computed at a time", at=print_node(graph[last]))
    result = Graph(graph.name, (), graph.results, graph.tensors)
    for node in graph:
        if node.name == last:
            Streaming(graph, region, result).stream(node, rows)
        elif node.name not in region:
            result.add(node)
    return result


def region_between(graph: Graph, first: str, last: str) -> list[str]:
    """The values on the ways from one value to another, in order."""
    for name in (first, last):
        graph[name]  # a Diagnostic where there is none
    between = {first, *nx.descendants(graph.dag, first)} & {last, *nx.ancestors(graph.dag, last)}
    return [node.name for node in graph if node.name in between]


def why_not(graph: Graph, region: list[str], last: str) -> str | None:
    """What keeps a region from being computed by rows."""
    if not region:
        return "no way leads there"
    for name in region:
        if not is_rowwise(graph, graph[name]):
            return f"%{name} is no operator on rows of maps"
        if name != last and (name in graph.results or any(user.name not in region for user in graph.users(name))):
            return f"%{name} is read elsewhere too"
    return None


@dataclass
class Line:
    """What is there of a map: rows from `first` up to `end`, as a value; none at the start."""

    value: str = ""
    first: int = 0
    end: int = 0


class Streaming:
    """A region of a graph on its way into another graph."""

    def __init__(self, graph: Graph, region: list[str], result: Graph) -> None:
        self.graph, self.region, self.result = graph, region, result
        self.lines = {name: Line() for name in region}

    def stream(self, last: Node, rows: int) -> None:
        """All rows of the region's last value. Those above its first one stand for the time before: maps at the front begin earlier."""
        height, parts = last.type.shape[ROWS], []
        for end in range(-height // rows * rows, height + rows, rows):
            wanted = self._wanted(last.name, end)
            kept = {name: self._first_needed(name) for name in self.region}
            for name in self.region:
                if wanted[name] > self.lines[name].end:
                    rest = self._rest(name, kept[name])
                    made = self._compute(name, wanted[name])
                    if name == last.name:
                        parts.append(made.name)
                    else:
                        self._append(made, name, rest, kept[name])
        self.result.add(Node(last.name, "concat", tuple(parts), last.type, {"axis": ROWS}, source=last.source))

    def _wanted(self, last: str, end: int) -> dict[str, int]:
        """The row of each map up to which it must be computed, so that the last can be up to its row `end`."""
        wanted = {last: end}
        for name in reversed(self.region):
            wanted[name] = min(wanted[name], self._height(name))
            for operand, read in self._reads(name, Rows(wanted[name] - 1, wanted[name])):
                if operand in self.lines:
                    wanted[operand] = max(read.end, wanted.get(operand, read.end))
        return wanted

    def _first_needed(self, name: str) -> int:
        """The first row of a map that is still read."""
        needed = self._height(name)
        for user in self.graph.users(name):
            line = self.lines.get(user.name)
            if line and line.end < self._height(user.name):
                needed = min([needed, *(max(read.first, 0) for operand, read in self._reads(user.name, Rows(line.end, line.end + 1)) if operand == name)])
        return needed

    def _reads(self, name: str, rows: Rows) -> Iterator[tuple[str, Rows]]:
        node = self.graph[name]
        return ((operand, rows_read(self.graph, node, index, rows)) for index, operand in enumerate(node.operands) if self.graph[operand].op != "const")

    def _height(self, name: str) -> int:
        return self.graph[name].type.shape[ROWS]

    def _compute(self, name: str, end: int) -> Node:
        """The next rows of a map, up to `end`."""
        node, rows = self.graph[name], Rows(self.lines[name].end, end)
        operands = [
            operand if self.graph[operand].op == "const" else self._rows_of(operand, rows_read(self.graph, node, index, rows))
            for index, operand in enumerate(node.operands)
        ]
        made = of_rows(self.graph, node, rows)
        self.lines[name].end = end
        return self.result.add(replace(made, name=self._fresh(f"{name}.rows"), operands=tuple(operands)))

    def _rows_of(self, name: str, rows: Rows) -> str:
        """A value that is these rows of a map, of which the line, or the whole map outside of the region, has more."""
        line = self.lines.get(name, Line(name, 0, self._height(name)))
        first, end = max(rows.first, 0), min(rows.end, self._height(name))
        return self._slice(line, self.graph[name], Rows(first, end))

    def _slice(self, line: Line, node: Node, rows: Rows) -> str:
        if (rows.first, rows.end) == (line.first, line.end):
            return line.value
        attrs = {"axis": ROWS, "start": rows.first - line.first, "stop": rows.end - line.first}
        sliced = Node(self._fresh(f"{node.name}.part"), "slice", (line.value,), with_rows(node.type, rows.end - rows.first), attrs, source=node.source)
        return self.result.add(sliced).name

    def _rest(self, name: str, kept: int) -> str | None:
        """The rows of a line that are still needed. They are saved before the next ones are computed: the old line ends here."""
        line = self.lines[name]
        return self._slice(line, self.graph[name], Rows(kept, line.end)) if kept < line.end else None

    def _append(self, made: Node, name: str, rest: str | None, kept: int) -> None:
        """The line from now on: the rest of it and the new rows."""
        end = self.lines[name].end
        if rest is None:
            self.lines[name] = Line(made.name, end - made.type.shape[ROWS], end)
            return
        joined = Node(self._fresh(f"{name}.line"), "concat", (rest, made.name), with_rows(made.type, end - kept), {"axis": ROWS}, source=made.source)
        self.lines[name] = Line(self.result.add(joined).name, kept, end)

    def _fresh(self, stem: str) -> str:
        return next(name for name in (f"{stem}{i}" for i in count()) if name not in self.graph and name not in self.result)


def with_rows(type: TensorType, rows: int) -> TensorType:
    return replace(type, shape=(*type.shape[:ROWS], rows, *type.shape[ROWS + 1 :]))
