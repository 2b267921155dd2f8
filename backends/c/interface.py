"""What the generated header says of inputs and outputs: where they lie, what their integers stand for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tfc.ir.diagnostic import Diagnostic
from tfc.ir.graph import Graph, Node
from tfc.ir.types import Quantization

from .facts import CTYPES
from .render import Address, identifier

PIXEL_SHIFT = 22


@dataclass(frozen=True)
class Pixels:
    """(pixel · multiplier + constant) >> PIXEL_SHIFT is the integer of a pixel 0…255 that stands for 0…1."""

    multiplier: int
    constant: int
    shift: int = PIXEL_SHIFT


@dataclass(frozen=True)
class Tensor:
    """An input or output of the model."""

    name: str
    ctype: str
    shape: tuple[int, ...]
    bytes: int
    scale: float
    zero_point: int
    address: Address
    pixels: Pixels | None

    @property
    def upper(self) -> str:
        return self.name.upper()

    @property
    def elements(self) -> int:
        return int(np.prod(self.shape))


def interface(graph: Graph, addresses: dict[str, Address]) -> tuple[list[Tensor], list[Tensor]]:
    """Inputs and outputs; their C names are told apart."""
    taken: set[str] = set()
    inputs = [tensor(node, addresses, taken) for node in graph.arguments]
    return inputs, [tensor(graph[name], addresses, taken) for name in graph.results]


def tensor(node: Node, addresses: dict[str, Address], taken: set[str]) -> Tensor:
    q = node.type.quantization
    if node.name not in addresses or q is None or isinstance(q.scale, str):
        raise Diagnostic(f"%{node.name} can be no input or output: it is a constant, or not quantized by one scale")
    stem = identifier(node.name)
    name = next(name for name in (stem, *(f"{stem}_{i}" for i in range(2, 999))) if name not in taken)
    taken.add(name)
    scale = float(q.scale)
    pixels = pixel_rule(q) if node.type.dtype == "i8" else None
    return Tensor(name, CTYPES[node.type.dtype], node.type.shape, node.type.bytes, scale, q.zero_point, addresses[node.name], pixels)


def pixel_rule(q: Quantization) -> Pixels | None:
    """Integers in place of floats, where they give the same for all 256 pixels."""
    steps = np.arange(256) / 255 / float(q.scale)
    if steps[255] >= 1 << 8:
        return None
    rule = Pixels(round(2**PIXEL_SHIFT / (255 * float(q.scale))), (q.zero_point << PIXEL_SHIFT) + (1 << (PIXEL_SHIFT - 1)))
    exact = np.round(steps).astype(np.int64) + q.zero_point
    return rule if np.array_equal((np.arange(256) * rule.multiplier + rule.constant) >> PIXEL_SHIFT, exact) else None
