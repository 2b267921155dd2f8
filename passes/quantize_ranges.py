"""From the range of a value to its levels."""

from __future__ import annotations

import numpy as np

from tfc.ir.graph import Graph, Node
from tfc.ir.types import Quantization

DEAD = 1e-6  # the range of a value that is always the same


def of_range(lo: float, hi: float) -> Quantization:
    """256 levels over a range widened to hold 0, which gets an integer of its own."""
    lo, hi = min(lo, 0.0), max(hi, 0.0)
    scale = (hi - lo) / 255 if hi - lo > DEAD else 1 / 255  # a value that is always 0 may have any scale
    return Quantization(scale, int(np.clip(round(-128 - lo / scale), -128, 127)))


def own(node: Node) -> Quantization:
    """The quantization that the model brought for a value, else that of its range."""
    if node.attrs.get("wide"):
        return symmetric(*node.attrs["range"])
    return Quantization(*node.attrs["qparams"]) if "qparams" in node.attrs else of_range(*node.attrs["range"])


def symmetric(lo: float, hi: float) -> Quantization:
    """65,535 levels around 0."""
    return Quantization(max(-lo, hi) / 32767 if max(-lo, hi) > DEAD else 1 / 32767)


def of(graph: Graph, name: str) -> Quantization:
    quantization = graph[name].type.quantization
    assert quantization is not None, name
    return quantization
