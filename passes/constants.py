"""New constants in a graph."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tfc.ir.graph import Graph, Node, Tensor
from tfc.ir.types import Quantization, Symbol, TensorType

DTYPE_NAMES = {"float32": "f32", "int8": "i8", "int16": "i16", "int32": "i32"}


def add_constant(graph: Graph, name: str, tensor: Tensor, *, before: str, quantization: Quantization | None = None) -> str:
    """Put a const of this tensor before a node; returns the value's name, fresh if `name` is taken."""
    name = graph.fresh(name)
    symbol = add_tensor(graph, name, tensor)
    type = TensorType(DTYPE_NAMES[str(tensor.dtype)], tensor.shape, quantization)
    graph.add(Node(name, "const", (), type, {"data": symbol}), before=before)
    return name


def add_tensor(graph: Graph, name: str, tensor: Tensor) -> Symbol:
    """Put a tensor beside the text under a fresh symbol."""
    symbol, number = Symbol(name), 0
    while symbol in graph.tensors:
        number += 1
        symbol = Symbol(f"{name}.{number}")
    graph.tensors[symbol] = np.ascontiguousarray(tensor).reshape(tensor.shape)
    return symbol


def scalar(graph: Graph, name: str) -> float | None:
    """The number of a const of one element, None for any other value."""
    tensor = graph.constant(name)
    return float(tensor.reshape(-1)[0]) if tensor is not None and tensor.size == 1 else None


def with_operands(node: Node, *operands: str) -> Node:
    return replace(node, operands=operands)
