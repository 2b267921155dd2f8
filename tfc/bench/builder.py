"""Makes quantized graphs of one operator: random constants, of which exactly as many are zero as asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfc.ir.graph import Graph, Node, Tensor
from tfc.ir.ops import op_named
from tfc.ir.types import DTYPES, Quantization, Symbol, TensorType
from tfc.sparsity import Sparsity, kept_blocks

X_SCALE, Y_SCALE = 0.02, 0.03
SPREAD = 50 / 5400  # int8 times int8 has a deviation of 5,400; a result shall have one of 50


@dataclass
class Builder:
    """A graph in the making. Weights keep `density` of their blocks [height, width] of the matrix [out, inputs]; kept ones have no zeros."""

    rng: np.random.Generator
    density: float = 1.0
    block: tuple[int, int] = (1, 1)
    graph: Graph = field(default_factory=lambda: Graph("bench"))

    def arg(self, *shape: int, name: str = "x", dtype: str = "i8", zero_point: int = 3) -> str:
        return self.graph.add(Node(name, "arg", (), activation(dtype, shape, X_SCALE, zero_point))).name

    def const(self, name: str, data: NDArray[Any], dtype: str, quantization: Quantization | None = None) -> str:
        symbol = Symbol(name)
        self.graph.tensors[symbol] = data.astype(DTYPES[dtype])
        return self.graph.add(Node(name, "const", (), TensorType(dtype, data.shape, quantization), {"data": symbol})).name

    def weights(self, *shape: int) -> tuple[str, str]:
        """OHWI or OI weights, and a bias."""
        out, inputs = shape[0], prod(shape[1:])
        values = self.rng.integers(1, 128, (out, inputs)) * self.rng.choice((-1, 1), (out, inputs))
        kept = kept_blocks(self.rng, (out, inputs), Sparsity(self.block, self.density))
        deviation = np.sqrt(max(inputs * kept.mean(), 1))
        self.graph.tensors[Symbol("scales")] = self.rng.uniform(0.5, 1.0, out) * SPREAD / deviation * Y_SCALE / X_SCALE
        axis = Quantization(Symbol("scales"), 0, axis=0)
        return self.const("w", (values * kept).reshape(shape), "i8", axis), self.const("b", self.rng.integers(-4000, 4000, out), "i32", axis)

    def node(self, op: str, *operands: str, dtype: str = "i8", scale: float = Y_SCALE, zero_point: int = -4, attrs: dict[str, Any] | None = None) -> Graph:
        """The graph, whose result is this node."""
        attrs = attrs or {}
        shape = op_named(op).shape([self.graph[name].type for name in operands], attrs, ())
        self.graph.results = (self.graph.add(Node("y", op, operands, activation(dtype, shape, scale, zero_point), attrs)).name,)
        return self.graph


def activation(dtype: str, shape: Sequence[int], scale: float, zero_point: int) -> TensorType:
    """int16 is symmetric, and 256 times as fine."""
    quantization = Quantization(scale / 256) if dtype == "i16" else Quantization(scale, zero_point)
    return TensorType(dtype, tuple(shape), quantization)


def random_inputs(graph: Graph) -> list[Tensor]:
    """An input of the full range for each argument, always the same."""
    rng, types = np.random.default_rng(1), [node.type for node in graph.arguments]
    limits = [np.iinfo(DTYPES[type.dtype]) for type in types]
    return [rng.integers(limit.min, limit.max + 1, type.shape, limit.dtype) for type, limit in zip(types, limits, strict=True)]
