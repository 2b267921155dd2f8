"""Let feature maps lie channels-last: transposes sink through the graph until they meet and vanish."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod

import numpy as np

from tfc.backends.target import Target
from tfc.ir.graph import Graph, Node
from tfc.ir.ops import POINTWISE, op_named

from .constants import add_constant

Axes = tuple[int, ...]
ALONG_AXIS = ("batch_norm", "group_norm", "slice", "take")
CHANNELS_LAST = {3: (0, 2, 1), 4: (0, 2, 3, 1)}  # by rank: sequences and images


def to_nhwc(graph: Graph, target: Target) -> Graph:
    """Image arguments become NHWC (their `axes` say so); a transpose that is left stands where a value is really needed so."""
    sinking = Sinking(with_last_reshapes(graph))
    for node in sinking.graph:
        sinking.visit(node)
    results = [sinking.plain(name) for name in graph.results]
    out = sinking.out
    out.results = tuple(results)
    return out


def with_last_reshapes(graph: Graph) -> Graph:
    """Of several reshapes only the last one counts: one before it may join channels with something else."""
    graph = graph.copy()
    for node in graph.of_op("reshape"):
        inner = graph[node.operands[0]]
        if inner.op == "reshape":
            graph.add(replace(node, operands=inner.operands))
            if not graph.users(inner) and inner.name not in graph.results:
                graph.remove(inner.name)
    return graph


def inverse(axes: Axes) -> Axes:
    return tuple(int(i) for i in np.argsort(axes))


@dataclass(frozen=True)
class Held:
    """A value v as it is kept: v = transpose(stored, axes)."""

    stored: str
    axes: Axes

    @property
    def moved(self) -> bool:
        return self.axes != tuple(range(len(self.axes)))


class Sinking:
    """One walk over a graph that keeps every value with the transpose it still waits for."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.out = Graph(graph.name, tensors=graph.tensors)
        self.held: dict[str, Held] = {}

    def visit(self, node: Node) -> None:
        if node.op == "arg" and (axes := wanted_axes(self.graph, node)) is not None:
            self.keep(node, node.but(axes=axes), inverse(axes))
        elif node.op == "transpose":
            held = self.held[node.operands[0]]
            self.held[node.name] = Held(held.stored, tuple(held.axes[axis] for axis in node.attrs["axes"]))
        elif node.op in ("softmax", "log_softmax"):
            self.keep(node, *self.along_last(node))
        elif (moved := self.sunk(node)) is not None:
            self.keep(node, *moved)
        else:
            plain = replace(node, operands=tuple(self.plain(name) for name in node.operands))
            self.keep(node, plain, tuple(range(len(node.type.shape))))

    def keep(self, node: Node, kept: Node, axes: Axes) -> None:
        """Enter a node whose value, transposed by `axes`, is the old one."""
        shape = tuple(node.type.shape[axis] for axis in inverse(axes))
        self.out.add(replace(kept, type=node.type.with_shape(shape)))
        self.held[node.name] = Held(kept.name, axes)

    def sunk(self, node: Node) -> tuple[Node, Axes] | None:
        """The node on stored operands with the transpose that its result then waits for; None where it must see plain ones."""
        moved = [self.held[name] for name in node.operands if self.held[name].moved]
        if not moved:
            return None
        axes = moved[0].axes
        rank, first = len(axes), node.operands[0]
        if node.op in POINTWISE or (
            node.op in ("linear", "layer_norm", "rms_norm")
            and axes[-1] == rank - 1
            and first in self.held
            and self.held[first].moved
            and len(node.operands) < 4
        ):
            return replace(node, operands=(self.held[first].stored, *node.operands[1:])), axes
        if node.op == "reshape":
            return reshaped(self.held[first], node, self.graph[first].type.shape)
        if node.op in ("add", "sub", "mul", "div") and len(node.type.shape) == rank:
            return replace(node, operands=tuple(self.as_stored(name, axes, node) for name in node.operands)), axes
        if node.op == "concat":
            operands = tuple(self.as_stored(name, axes, node) for name in node.operands)
            return replace(node, operands=operands, attrs={**node.attrs, "axis": axes[node.attrs["axis"]]}), axes
        if node.op in ALONG_AXIS:
            axis = axes[op_named(node.op).attribute(node.attrs, "axis")]
            return replace(node, operands=(self.held[first].stored, *node.operands[1:]), attrs={**node.attrs, "axis": axis}), axes
        if node.op == "mean":
            gone = [axis % rank for axis in node.attrs["axes"]]
            rest = axes if node.attrs.get("keepdims") else squeeze(axes, gone)
            return replace(node, operands=(self.held[first].stored,), attrs={**node.attrs, "axes": tuple(sorted(axes[axis] for axis in gone))}), rest
        if node.op == "expand" and len(node.type.shape) == rank:
            return replace(node, operands=(self.held[first].stored,), attrs={"shape": tuple(node.type.shape[axis] for axis in inverse(axes))}), axes
        if node.op == "pad":
            amounts = node.attrs["amounts"]
            pairs = [amounts[2 * axis : 2 * axis + 2] for axis in inverse(axes)]
            return replace(node, operands=(self.held[first].stored,), attrs={**node.attrs, "amounts": tuple(n for pair in pairs for n in pair)}), axes
        return None

    def along_last(self, node: Node) -> tuple[Node, Axes]:
        """A softmax with its axis last, which is where integers can do it."""
        held = self.held[node.operands[0]]
        rank = len(held.axes)
        axis = op_named(node.op).attribute(node.attrs, "axis") % rank
        axes = held.axes
        stored = held.stored
        if axes[axis] != rank - 1:
            order = (*(i for i in range(rank) if i != axis), axis)
            stored, axes = self.transposed(stored, tuple(axes[i] for i in order), node), inverse(order)
        return replace(node.but(axis=None), operands=(stored,)), axes

    def as_stored(self, name: str, axes: Axes, node: Node) -> str:
        """An operand as it must be stored so that `axes` makes it plain: broadcasting operands get their missing axes."""
        held = self.held[name]
        if held.axes == axes:
            return held.stored
        tensor = self.graph.constant(name)
        if tensor is not None:
            wide = tensor.reshape((1,) * (len(axes) - tensor.ndim) + tensor.shape)
            return name if tensor.size == 1 else self.constant(f"{name}.nhwc", wide.transpose(inverse(axes)), node)
        plain = self.plain(name)
        shape = self.out[plain].type.shape
        if len(shape) < len(axes):
            plain = self.insert("reshape", plain, (1,) * (len(axes) - len(shape)) + shape, node)
        return self.transposed(plain, inverse(axes), node)

    def constant(self, name: str, tensor: np.ndarray, node: Node) -> str:
        anchor = self.out.fresh(f"{node.name}.anchor")  # constants stand before their reader, which is about to come
        self.out.add(Node(anchor, "arg", (), node.type))
        made = add_constant(self.out, name, tensor, before=anchor)
        self.out.remove(anchor)
        return made

    def plain(self, name: str) -> str:
        """The value as it was, through a transpose if it waits for one."""
        held = self.held[name]
        if not held.moved:
            return held.stored
        made = self.transposed(held.stored, held.axes, self.graph[name])
        self.held[name] = Held(made, tuple(range(len(held.axes))))
        return made

    def transposed(self, stored: str, axes: Axes, node: Node) -> str:
        """A transpose, or a reshape where it only moves axes of length 1."""
        shape = self.out[stored].type.shape
        new = tuple(shape[axis] for axis in axes)
        long = [axis for axis in axes if shape[axis] != 1]
        if long == sorted(long):
            return stored if new == shape else self.insert("reshape", stored, new, node)
        made = self.out.fresh(f"{stored}.moved")
        self.out.add(Node(made, "transpose", (stored,), node.type.with_shape(new), {"axes": axes}, source=node.source))
        return made

    def insert(self, op: str, operand: str, shape: Axes, node: Node) -> str:
        made = self.out.fresh(f"{operand}.shaped")
        self.out.add(Node(made, op, (operand,), node.type.with_shape(shape), {"shape": shape}, source=node.source))
        return made


def reshaped(held: Held, node: Node, old: Axes) -> tuple[Node, Axes] | None:
    """A reshape of what is stored, where the axes that it joins or splits lie side by side there too (height and width in NHWC)."""
    new = node.type.shape
    pieces = []  # (where it is stored, the new axes that it becomes)
    for before, after in matching(old, new):
        places = [held.axes[axis] for axis in before if old[axis] != 1]
        if not places:  # all of length 1: they may lie anywhere
            continue
        if places != list(range(places[0], places[0] + len(places))):
            return None
        pieces.append((places[0], after))
    long = iter([axis for _, after in sorted(pieces) for axis in after if new[axis] != 1])
    order = [axis if n == 1 else next(long) for axis, n in enumerate(new)]  # axes of length 1 stay where they are
    shape = tuple(new[axis] for axis in order)
    return replace(node, operands=(held.stored,), attrs={"shape": shape}), inverse(tuple(order))


def matching(old: Axes, new: Axes) -> list[tuple[list[int], list[int]]]:
    """The shortest runs of axes of both shapes that hold the same elements, each with an axis longer than 1."""
    runs: list[tuple[list[int], list[int]]] = []
    before, after, i, j = list[int](), list[int](), 0, 0
    while i < len(old) or j < len(new):
        sizes = prod(old[axis] for axis in before), prod(new[axis] for axis in after)
        if sizes[0] == sizes[1] > 1:
            runs.append((before, after))
            before, after = [], []
        elif j == len(new) or (i < len(old) and sizes[0] <= sizes[1]):
            before, i = [*before, i], i + 1
        else:
            after, j = [*after, j], j + 1
    if before or after:  # axes of length 1 at the end, or the last run
        complete = prod(old[axis] for axis in before) > 1
        runs = [*runs, (before, after)] if complete or not runs else [*runs[:-1], (runs[-1][0] + before, runs[-1][1] + after)]
    return runs


def squeeze(axes: Axes, gone: list[int]) -> Axes:
    """The permutation that is left when result axes `gone` (and the stored axes they come from) are taken out."""
    left = [axis for index, axis in enumerate(axes) if index not in gone]
    return tuple(sorted(left).index(axis) for axis in left)


def wanted_axes(graph: Graph, node: Node) -> Axes | None:
    """The axes of an argument with channels last, if it reaches a transpose to them through elementwise operators alone.

    A value of three axes may be tokens as well as a sequence: nothing but such transposes may read it.
    """
    wanted = CHANNELS_LAST.get(len(node.type.shape))
    if wanted is None or "axes" in node.attrs:
        return None
    seen, todo, found, others = {node.name}, [node.name], False, False
    while todo:
        for user in graph.users(todo.pop()):
            turned = user.op == "transpose" and user.attrs["axes"] == wanted
            found |= turned
            if user.op in (*POINTWISE, "add", "sub", "mul", "div", "pad", "batch_norm"):
                todo += [user.name] if user.name not in seen else []
                seen.add(user.name)
            else:
                others |= not turned
    return wanted if found and not (others and len(wanted) == 3) else None
