"""Run a graph in numpy. For quantized graphs this is the meaning that every kernel must reproduce bit for bit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .diagnostic import Diagnostic
from .float_rules import FLOAT
from .graph import Graph, Node, Tensor
from .int_rules import INT, Call
from .text import print_node
from .types import DTYPES, Quantization

Observer = Callable[[Node, Tensor], None]


def evaluate(graph: Graph, inputs: Sequence[Any], *, observe: Observer | None = None) -> list[Tensor]:
    """The results for one sample; each input has the shape of the model's own input (an arg's `axes` are applied here)."""
    return [y[0] for y in evaluate_batch(graph, [np.asarray(x)[None] for x in inputs], observe=observe)]


def evaluate_batch(graph: Graph, inputs: Sequence[Tensor], *, observe: Observer | None = None) -> list[Tensor]:
    """The same for many samples at once: every input and result has one more, leading axis.

    `observe(node, value)` sees each value as it is made.
    """
    if len(inputs) != len(graph.arguments):
        raise Diagnostic(f"@{graph.name} takes {len(graph.arguments)} inputs, not {len(inputs)}")
    values: dict[str, Tensor] = {}
    given = iter(inputs)
    last_use = {name: node.name for node in graph for name in node.operands}
    for node in graph:
        value = argument_value(node, next(given)) if node.op == "arg" else _value(graph, node, values)
        values[node.name] = value
        if observe:
            observe(node, value)
        for name in set(node.operands):
            if last_use[name] == node.name and name not in graph.results:
                del values[name]
    return [np.broadcast_to(values[name], (len(inputs[0]) if inputs else 1, *graph[name].type.shape)) for name in graph.results]


def argument_value(node: Node, x: Tensor) -> Tensor:
    """Samples [N, …] of an argument as the graph takes them; another shape or element type is a Diagnostic."""
    if axes := node.attrs.get("axes"):
        x = np.transpose(x, (0, *(axis + 1 for axis in axes)))
    if x.shape[1:] != node.type.shape:
        raise Diagnostic(f"an input of shape {x.shape[1:]} was given for one of {node.type.shape}", at=print_node(node))
    if node.type.dtype != "f32" and x.dtype != DTYPES[node.type.dtype]:
        raise Diagnostic(f"an input of {x.dtype} was given for one of {node.type.dtype}", at=print_node(node), help="quantize_array() makes integers of floats")
    return x.astype(DTYPES[node.type.dtype])


def _value(graph: Graph, node: Node, values: dict[str, Tensor]) -> Tensor:
    if node.op == "const":
        return np.asarray(graph.tensors[node.attrs["data"]])[None]
    operands = [values[name] for name in node.operands]
    try:
        if node.type.is_float:
            result = FLOAT[node.op](node, *operands)
        else:
            result = INT[node.op](Call(node, tuple(graph[name].type for name in node.operands), graph), *operands)
    except KeyError:
        raise Diagnostic(f"'{node.op}' has no meaning for {node.type.dtype}", at=print_node(node)) from None
    except Diagnostic as error:
        error.at = error.at or print_node(node)
        raise
    return result.astype(DTYPES[node.type.dtype], copy=False)


def quantize_array(x: Tensor, quantization: Quantization, dtype: str = "i8") -> Tensor:
    """Floats to integers: round(x / scale) + zero point, saturated."""
    info = np.iinfo(DTYPES[dtype])
    return np.clip(np.round(x.astype(np.float64) / float(quantization.scale)) + quantization.zero_point, info.min, info.max).astype(DTYPES[dtype])


def dequantize_array(q: Tensor, quantization: Quantization) -> Tensor:
    """Integers to the floats they stand for."""
    return ((q.astype(np.float64) - quantization.zero_point) * float(quantization.scale)).astype(np.float32)
