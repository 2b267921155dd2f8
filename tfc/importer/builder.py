"""What the rules of the importer build with: nodes under the names of modules, constants on demand, folded movement."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from tfc.ir.diagnostic import expect
from tfc.ir.graph import Graph, Node, Source
from tfc.ir.ops import op_named
from tfc.ir.types import Shape, Symbol, TensorType, f32

FloatArray = NDArray[np.float32]
Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Constant:
    """A parameter, buffer or number that becomes a float `const` node when the first node reads it.

    Until then it may be integers or truth values, which index and choose. `scales` are those of its first axis, where the model
    says how these weights are quantized.
    """

    name: str
    data: Array
    scales: FloatArray | None = None

    @property
    def type(self) -> TensorType:
        return f32(*self.data.shape)


Operand = Node | Constant
Result = Operand | Sequence[Operand | None]  # None for a result that nothing may read
Rule = Callable[..., Result]


AnyRule = TypeVar("AnyRule", bound=Rule)


def builds(table: dict[str, Rule], *targets: str) -> Callable[[AnyRule], AnyRule]:
    """Enter a rule in `table` for these operators. Parameters behind the builder are the operator's arguments by name."""

    def enter(rule: AnyRule) -> AnyRule:
        table.update(dict.fromkeys(targets, rule))
        return rule

    return enter


def name_of(text: str) -> str:
    """The text as the name of a value or symbol."""
    return re.sub(r"[^A-Za-z0-9_.]", "_", text)


class Builder:
    """A graph under construction; `stem`, `source` and `shapes` describe the call that is being built."""

    def __init__(self, name: str) -> None:
        self.graph = Graph(name)
        self.stem = ""
        self.source: Source | None = None
        self.shapes: list[Shape] = []
        self._made: dict[tuple[Any, ...], tuple[Node, Array]] = {}

    @property
    def shape(self) -> Shape:
        """The shape that the trace recorded for the one result of this call."""
        return self.shapes[0]

    def aside(self) -> Builder:
        """A graph of its own for the same call: what it builds is evaluated, not kept."""
        other = Builder("aside")
        other.stem, other.source, other.shapes = self.stem, self.source, self.shapes
        return other

    def emit(self, op: str, *operands: Operand, part: str = "", **attrs: Any) -> Node:
        """A node named after the call, or after a part of it. Attributes at their defaults are left out."""
        nodes = [self.node(operand) for operand in operands]
        declared = op_named(op)
        attrs = {key: value for key, value in attrs.items() if value != declared.options[key].default}
        shape = declared.shape([node.type for node in nodes], attrs, ())
        return self.graph.add(Node(self._fresh(part), op, tuple(node.name for node in nodes), f32(*shape), attrs, source=self.source))

    def node(self, operand: Operand) -> Node:
        """The operand as a node of the graph; the same view of the same constant is one node."""
        if isinstance(operand, Node):
            return operand
        data = operand.data
        key = (operand.name, data.__array_interface__["data"][0], data.shape, data.strides)
        if key not in self._made:
            symbol = Symbol(self.graph.fresh(operand.name))
            self.graph.tensors[symbol] = np.array(data, np.float32, order="C")
            attrs = {"data": symbol}
            if operand.scales is not None:
                attrs["scales"] = Symbol(f"{symbol}.scales")
                self.graph.tensors[attrs["scales"]] = operand.scales.astype(np.float64)
            # The array is kept with the node: while it lives, no other one has its address.
            self._made[key] = self.graph.add(Node(symbol[:], "const", (), operand.type, attrs)), data
        return self._made[key][0]

    def constant(self, part: str, data: Array) -> Constant:
        """A constant of this call."""
        return Constant(self._name(part), data)

    def number(self, part: str, value: float) -> Constant:
        """A scalar constant of this call."""
        return Constant(self._name(part), np.array(value, np.float32))

    def filled(self, part: str, shape: Shape, value: float) -> Constant:
        """A constant of this call that is one number everywhere."""
        return Constant(self._name(part), np.full(shape, value, np.float32))

    def transpose(self, x: Operand, axes: tuple[int, ...], part: str = "") -> Operand:
        """x with permuted axes; a constant is permuted here."""
        expect(sorted(axes) == list(range(len(x.type.shape))), f"{axes} is no permutation of the axes of {x.type.shape}")
        if axes == tuple(range(len(axes))):
            return x
        if isinstance(x, Constant):
            return Constant(x.name, x.data.transpose(axes), x.scales if axes[0] == 0 else None)
        return self.emit("transpose", x, part=part, axes=axes)

    def reshape(self, x: Operand, shape: Shape, part: str = "") -> Operand:
        """x under another shape; a constant is reshaped here."""
        if shape == x.type.shape:
            return x
        if isinstance(x, Constant):
            expect(x.type.size == f32(*shape).size, f"{x.type.shape} does not reshape to {shape}")
            return Constant(x.name, x.data.reshape(shape))
        return self.emit("reshape", x, part=part, shape=shape)

    def slice(self, x: Operand, axis: int, start: int, stop: int, step: int = 1, part: str = "") -> Operand:
        """Some indices of x along an axis; a constant is cut here, and all of them in order are x."""
        if (start, stop, step) == (0, x.type.shape[axis], 1):
            return x
        if isinstance(x, Constant):
            expect(0 <= start < stop and step > 0, f"[{start}:{stop}:{step}] is an empty slice")
            return Constant(x.name, x.data[(slice(None),) * axis + (slice(start, stop, step),)])
        return self.emit("slice", x, part=part, axis=axis, start=start, stop=stop, step=step)

    def take(self, x: Operand, axis: int, indices: Sequence[int], part: str = "") -> Operand:
        """These indices of x along an axis; all of them in order are x, equal steps a slice."""
        length, steps = x.type.shape[axis], {b - a for a, b in pairwise(indices)}
        if tuple(indices) == tuple(range(length)):
            return x
        if len(steps) < 2 and min(steps, default=1) > 0:
            return self.slice(x, axis, indices[0], indices[-1] + 1, min(steps, default=1), part)
        if isinstance(x, Constant):
            return Constant(x.name, x.data.take(indices, axis))
        return self.emit("take", x, part=part, axis=axis, indices=tuple(int(i) for i in indices))

    def broadcast(self, x: Operand, shape: Shape, part: str = "") -> Operand:
        """x repeated along axes that it lacks or that have length 1."""
        if shape == x.type.shape:
            return x
        rank = len(shape) - len(x.type.shape)
        wide = self.reshape(x, (1,) * rank + x.type.shape, "rank")
        return wide if wide.type.shape == shape else self.emit("expand", wide, part=part, shape=shape)

    def _name(self, part: str) -> str:
        return f"{self.stem}.{part}" if part else self.stem

    def _fresh(self, part: str) -> str:
        return self.graph.fresh(self._name(part))


def given(*operands: Operand | None) -> Operand:
    """The one operand that is there: overloads of an operator name their first argument differently."""
    present = [operand for operand in operands if operand is not None]
    expect(len(present) == 1, f"{len(present)} operands are given in place of one")
    return present[0]


def axis_of(x: Operand, dim: int) -> int:
    """An axis as torch counts it, from the front."""
    rank = len(x.type.shape)
    expect(-rank <= dim < max(rank, 1), f"{x.type.shape} has no axis {dim}")
    return dim % max(rank, 1)
