"""Weights as int8 with a scale for each output channel, and the bias that makes up for their rounding."""

from __future__ import annotations

import numpy as np

from tfc.ir.graph import Graph, Node, Tensor


def quantize_weights(weights: Tensor, bias: Tensor, x_scale: float, brought: Tensor | None) -> tuple[Tensor, Tensor]:
    """int8 weights in −127…127 and a float64 scale for each output channel; scales grow where a bias would not fit int32.

    A channel of zeros, whose scale means nothing, has the smallest one: a large one would make all channels take longer to requantize.
    """
    flat = np.abs(weights.astype(np.float64)).reshape(len(weights), -1).max(axis=1)
    scales = flat / 127 if brought is None else brought.astype(np.float64)
    scales = np.where(flat > 0, scales, scales.min(where=flat > 0, initial=1.0))
    scales = np.maximum(scales, np.abs(bias.astype(np.float64)) / (x_scale * 2**30))
    integers = np.round(weights / scales.reshape(-1, *(1,) * (weights.ndim - 1)))
    return np.clip(integers, -127, 127).astype(np.int8), scales


def lost_mean(graph: Graph, node: Node, weights: Tensor, integers: Tensor, scales: Tensor) -> Tensor:
    """What rounding the weights takes from the mean of each output, where the means of the inputs are known.

    Bias correction: Nagel et al., "Data-Free Quantization Through Weight Equalization and Bias Correction", 2019.
    """
    symbol = graph[node.operands[0]].attrs.get("means")
    if symbol is None or node.op == "conv_transpose2d":
        return np.zeros(len(weights))
    error = weights - integers * scales.reshape(-1, *(1,) * (weights.ndim - 1))
    channels = error.reshape(len(error), -1, error.shape[-1]).sum(axis=1)
    groups = node.attrs.get("groups", 1)
    means = np.repeat(graph.tensors[symbol].reshape(groups, -1), len(weights) // groups, axis=0)
    return np.asarray((channels * means).sum(axis=1))
