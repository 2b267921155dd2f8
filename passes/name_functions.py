"""A pointwise function that was written out gets its name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from tfc.backends.target import Target
from tfc.ir.float_rules import FLOAT, pointwise
from tfc.ir.graph import Graph, Node, Tensor
from tfc.ir.ops import POINTWISE

from .constants import scalar

NAMES = ("relu", "relu6", "sigmoid", "silu", "gelu", "gelu_tanh", "hardswish", "hardsigmoid", "softplus", "mish")
TERMS = ("add", "sub", "mul", "div")
LONGEST = 12  # nodes of the longest spelling, gelu_tanh as GPT-2 has it
FAR = (20.0, 100.0, 1e3, 1e4)  # where a clip shows
GRID = np.concatenate([np.linspace(-12, 12, 385), FAR, np.negative(FAR)]).reshape(1, -1)
VALUES = {name: pointwise(name, (), GRID) for name in NAMES}


def name_functions(graph: Graph, target: Target) -> Graph:
    """A function is known by its values: x · relu6(x + 3) / 6 takes those of hardswish at every point of a grid, so it is hardswish."""
    graph = graph.copy()
    position = {node.name: index for index, node in enumerate(graph)}
    for node in graph.of_op(*POINTWISE, *TERMS):
        for variable in reversed(list(variables(graph, node, position))):
            name = function_of(graph, node, variable)
            if name is not None and (node.op, node.operands) != (name, (variable,)):
                graph.add(Node(node.name, name, (variable,), node.type, source=node.source))
                break
    return graph


def variables(graph: Graph, node: Node, position: Mapping[str, int]) -> Iterator[str]:
    """The values that a node may be a function of, the nearest first: it depends on anything else through them alone."""
    open_values, taken = {node.name}, 0
    while open_values and taken < LONGEST:
        latest = graph[max(open_values, key=position.__getitem__)]
        if len(open_values) == 1 and latest is not node:
            yield latest.name
        if latest.op not in (*POINTWISE, *TERMS) or "qparams" in latest.attrs:
            return
        values = {name for name in latest.operands if scalar(graph, name) is None}
        if not values or any(graph[name].type.shape != node.type.shape for name in values):
            return
        open_values, taken = open_values - {latest.name} | values, taken + 1


def function_of(graph: Graph, node: Node, variable: str) -> str | None:
    """The name of the function that a node is of a value."""
    known = {variable: GRID}

    def value(name: str) -> Tensor:
        if name not in known:
            number, inner = scalar(graph, name), graph[name]
            known[name] = np.full((1, 1), number) if number is not None else FLOAT[inner.op](inner, *map(value, inner.operands))
        return known[name]

    with np.errstate(all="ignore"):
        found = value(node.name)
        return next((name for name, wanted in VALUES.items() if np.allclose(found, wanted, rtol=1e-5, atol=1e-5)), None)
