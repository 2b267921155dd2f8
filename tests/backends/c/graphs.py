"""Small quantized graphs of one op, placed without any reuse of memory: the food of the kernel tests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from math import prod
from typing import Any

import numpy as np

from tfc.backends.cost import Cost
from tfc.backends.kernels import KERNELS
from tfc.backends.target import Target
from tfc.ir.graph import Graph, Node, Place, Scratch
from tfc.ir.ops import op_named
from tfc.ir.types import DTYPES, Quantization, Symbol, TensorType
from tfc.passes.offers import ways

ALIGNMENT = 8


@dataclass
class Builder:
    """Makes a graph node by node; shapes follow from the ops."""

    rng: np.random.Generator
    graph: Graph = field(default_factory=lambda: Graph("one"))

    def arg(self, shape: Sequence[int], scale: float = 0.02, zero_point: int = 3, name: str = "x", dtype: str = "i8") -> str:
        return self.graph.add(Node(self.graph.fresh(name), "arg", (), activation(dtype, shape, scale, zero_point))).name

    def const(self, name: str, data: Any, dtype: str, quantization: Quantization | None = None) -> str:
        symbol = Symbol(self.graph.fresh(name))
        self.graph.tensors[symbol] = data
        return self.graph.add(Node(str(symbol), "const", (), TensorType(dtype, data.shape, quantization), {"data": symbol})).name

    def weights(self, shape: Sequence[int], x_scale: float, density: float = 1.0, spread: float = 0.02) -> tuple[str, str]:
        """OHWI or OI weights and a bias; one channel in eight is all zero."""
        w = self.rng.integers(-127, 128, shape) * (self.rng.random(shape) < density)
        w[self.rng.random(shape[0]) < 0.12] = 0
        scales = self.rng.uniform(0.2, 1.0, shape[0]) * spread
        self.graph.tensors[Symbol("scales")] = scales
        axis = Quantization(Symbol("scales"), 0, axis=0)
        return self.const("w", w.astype(np.int8), "i8", axis), self.const("b", self.rng.integers(-9000, 9000, shape[0]).astype(np.int32), "i32", axis)

    def node(self, op: str, operands: Sequence[str], scale: float = 0.03, zero_point: int = -4, dtype: str = "i8", **attrs: Any) -> str:
        """A node with a result of this quantization; an attribute that is called `scale` is given as `scale_`."""
        attrs = {key.rstrip("_"): value for key, value in attrs.items()}
        types = [self.graph[name].type for name in operands]
        shape = op_named(op).shape(types, attrs, ())
        return self.graph.add(Node("y", op, tuple(operands), activation(dtype, shape, scale, zero_point), attrs)).name

    def finish(self, name: str) -> Graph:
        self.graph.results = (name,)
        return self.graph


def activation(dtype: str, shape: Sequence[int], scale: float, zero_point: int) -> TensorType:
    """int16 covers the same values as int8 would, around 0."""
    wide = dtype == "i16"
    return TensorType(dtype, tuple(shape), Quantization(scale / 256 if wide else scale, 0 if wide else zero_point))


BOTH_ORDERS = ("conv2d_s8", "linear_s8", "sparse1x4", "sparse2x4")  # dense and sparse, of four and of eight columns


def bound_graphs(graph: Graph, target: Target) -> Iterator[tuple[str, Cost, Graph]]:
    """The graph once for every kernel that bids for its last node; of some that share their loops' frame also in the order that takes least scratch."""
    node = graph[graph.results[0]]
    for name, together, cost in ways(node, graph, target):
        if together is not None and not (together == 1 and name.endswith(BOTH_ORDERS)):
            continue
        bound = graph.copy()
        bound.add(replace(node.but(kernel=Symbol(name), together=together), scratch=Scratch(cost.scratch) if cost.scratch else None))
        if (form := KERNELS[name].format) != "dense":
            bound.add(bound[node.operands[1]].but(format=form))
        yield name, cost, bound


def merged(graphs: Sequence[Graph]) -> Graph:
    """One graph that computes all of them, beside one another: one build for many cases."""
    result = Graph("many")
    for index, graph in enumerate(graphs):
        prefix = f"c{index}."
        symbols = {symbol: Symbol(prefix + symbol) for symbol in graph.tensors}
        result.tensors.update({symbols[symbol]: tensor for symbol, tensor in graph.tensors.items()})
        for node in graph:
            attrs = {key: symbols.get(value, value) if key == "data" else value for key, value in node.attrs.items()}
            result.add(
                replace(node, name=prefix + node.name, operands=tuple(prefix + name for name in node.operands), type=renamed(node.type, symbols), attrs=attrs)
            )
        result.results += tuple(prefix + name for name in graph.results)
    return result


def renamed(type: TensorType, symbols: dict[Symbol, Symbol]) -> TensorType:
    q = type.quantization
    return replace(type, quantization=replace(q, scale=symbols[q.scale])) if q and isinstance(q.scale, Symbol) else type


def placed(graph: Graph, pools: Sequence[str]) -> Graph:
    """Every value and scratch its own bytes: in the pools by turns, aligned; views are not used."""
    graph, ends, turn = graph.copy(), dict.fromkeys(pools, 0), 0

    def place(size: int) -> Place:
        nonlocal turn
        memory, turn = pools[turn % len(pools)], turn + 1
        at, ends[memory] = ends[memory], ends[memory] + -(-size // ALIGNMENT) * ALIGNMENT
        return Place(memory, at)

    for node in graph:
        if node.op != "const":
            scratch = replace(node.scratch, place=place(node.scratch.bytes)) if node.scratch else None
            graph.add(replace(node, place=place(node.type.bytes), scratch=scratch))
    return graph


def samples(graph: Graph, rng: np.random.Generator) -> list[np.ndarray]:
    """An input of full range for each argument."""
    types = [(node.type, DTYPES[node.type.dtype]) for node in graph.arguments]
    return [rng.integers(np.iinfo(dtype).min, np.iinfo(dtype).max + 1, prod(type.shape)).astype(dtype).reshape(type.shape) for type, dtype in types]
