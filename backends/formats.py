"""How constants are stored: dense, dense by pairs of channels, and streams of the blocks that are not zero."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from tfc.ir.diagnostic import Diagnostic
from tfc.ir.graph import Graph, Node

from .measures import once
from .streams import BLOCKS
from .walked import Pairs

Bytes = NDArray[np.int8]


class Format(Protocol):
    """Weights [out, inputs] of int8 to stored bytes and back, exactly."""

    @property
    def name(self) -> str: ...

    def pack(self, weights: NDArray[Any]) -> Bytes: ...

    def size(self, weights: NDArray[Any]) -> int:
        """Bytes of what `pack` makes, without making it: every choice between formats asks for all of them."""
        ...

    def unpack(self, data: Bytes, out: int, inputs: int) -> Bytes: ...


@dataclass(frozen=True)
class Dense:
    """Row-major, as the tensor is."""

    name: str = "dense"

    def pack(self, weights: NDArray[Any]) -> Bytes:
        return np.ascontiguousarray(weights, np.int8).reshape(-1)

    def size(self, weights: NDArray[Any]) -> int:
        return int(weights.size)

    def unpack(self, data: Bytes, out: int, inputs: int) -> Bytes:
        return data.reshape(out, inputs)


ALL: tuple[Format, ...] = (Dense(), Pairs(), *BLOCKS)
FORMATS = {form.name: form for form in ALL}


def format_named(name: str) -> Format:
    if name not in FORMATS:
        raise Diagnostic(f"there is no format '{name}'", help=f"formats: {', '.join(FORMATS)}")
    return FORMATS[name]


def matrix(weights: NDArray[Any]) -> NDArray[Any]:
    """OI or OHWI weights as [out, inputs]."""
    return weights.reshape(weights.shape[0], -1)


def stored_bytes(graph: Graph, node: Node) -> int:
    """Bytes in flash of a constant in its format."""
    form = format_named(node.attrs.get("format", "dense"))
    return node.type.bytes if form.name == "dense" else once(form.size, graph.tensors[node.attrs["data"]])
