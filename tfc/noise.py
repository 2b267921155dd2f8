"""Where quantization hurts: how far each integer value is from the float one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from tfc.ir.evaluate import dequantize_array, evaluate_batch
from tfc.ir.graph import Graph, Node, Tensor

SAMPLES = 8  # all values of two graphs are held at once


def signal_to_noise(reference: Graph, quantized: Graph, samples: Sequence[Tensor], integers: Sequence[Tensor]) -> dict[str, float]:
    """Decibels for each value that both graphs have under one name: 10·log₁₀(Σ float² / Σ (float − integer)²).

    `reference` is the float graph that was quantized; samples and integers are the same inputs [N, …] for both.
    """
    floats: dict[str, Tensor] = {}
    ratios: dict[str, float] = {}

    def keep(node: Node, value: Tensor) -> None:
        floats[node.name] = value

    def compare(node: Node, value: Tensor) -> None:
        if node.name in floats and node.op != "const" and node.type.quantization is not None:
            exact = floats[node.name].astype(np.float64)
            noise = ((exact - dequantize_array(value, node.type.quantization)) ** 2).sum()
            ratios[node.name] = round(float(10 * np.log10(max((exact**2).sum(), 1e-30) / max(noise, 1e-30))), 1)

    evaluate_batch(reference, [x[:SAMPLES] for x in samples], observe=keep)
    evaluate_batch(quantized, [x[:SAMPLES] for x in integers], observe=compare)
    return ratios
