"""Chains of data movement, known by where each element comes from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tfc.ir.graph import Graph, Node, Tensor
from tfc.ir.movement import MOVES, tokens

MOVING = ("reshape", "transpose", "slice", "expand", "unfold", "fold")
SCALING = ("mul", "div")


@dataclass(frozen=True)
class Moved:
    """A value as a movement of another one: element i of it is factor · element `source[i]` of `base`, row-major."""

    base: str
    source: Tensor
    factor: float = 1.0

    @property
    def is_identity(self) -> bool:
        return bool(np.array_equal(self.source.reshape(-1), np.arange(self.source.size)))


def trace(graph: Graph, name: str, *, scaling: bool = False) -> Moved:
    """Walk up through movement, with `scaling` also through products with positive scalars."""
    chain: list[Node] = []
    factor, node = 1.0, graph[name]
    while True:
        by = scalar_factor(graph, node) if scaling else None
        if node.op in MOVING:
            chain.append(node)
        elif by is not None:
            factor *= by
        else:
            break
        node = graph[node.operands[0]]
    source = np.arange(node.type.size).reshape(1, *node.type.shape)
    for move in reversed(chain):
        source = MOVES[move.op](move, source)
    return Moved(node.name, source[0].reshape(graph[name].type.shape), factor)


def scalar_factor(graph: Graph, node: Node) -> float | None:
    """κ when the node is κ · its first operand for a positive constant scalar."""
    if node.op not in SCALING or graph[node.operands[0]].type.shape != node.type.shape:
        return None
    tensor = graph.constant(node.operands[1])
    if tensor is None or tensor.size != 1 or (value := float(tensor.reshape(-1)[0])) <= 0:
        return None
    return value if node.op == "mul" else 1 / value


def patch_of(source: Tensor, height: int, width: int, channels: int) -> tuple[int, int] | None:
    """The patch by which a movement unfolds a [1, H, W, C] map into [patch pixels, patches, C]; None if it does not."""
    if source.size != height * width * channels:
        return None
    index = np.arange(source.size).reshape(1, 1, height, width, channels)
    flat = source.reshape(-1)
    for ph in (n for n in range(1, height + 1) if height % n == 0):
        for pw in (n for n in range(1, width + 1) if width % n == 0):
            if ph * pw > 1 and np.array_equal(flat, tokens(index, (ph, pw)).reshape(-1)):
                return ph, pw
    return None
