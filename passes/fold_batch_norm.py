"""Batch norm becomes part of the weights before it, a convolution of single pixels, or a product and a sum."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tfc.backends.target import Target
from tfc.ir.graph import Graph, Node, Tensor

from .constants import add_constant


def fold_batch_norm(graph: Graph, target: Target) -> Graph:
    """Exact where a convolution or linear feeds it alone, along its channels; elsewhere an affine map for each channel: one that is a
    depthwise convolution takes an activation and rounds once.
    """
    graph = graph.copy()
    for norm in graph.of_op("batch_norm"):
        gain, offset = affine(graph, norm)
        producer = graph[norm.operands[0]]
        axis = norm.attrs.get("axis", 1)
        alone = graph.users(producer) == [norm] and producer.name not in graph.results
        if (
            producer.op in ("conv2d", "conv_transpose2d", "linear")
            and len(producer.operands) == 3
            and alone
            and axis == len(norm.type.shape) - 1
            and "qparams" not in producer.attrs
        ):
            fold_into(graph, producer.but(qparams=norm.attrs.get("qparams")), gain, offset)
            graph.redirect(norm.name, producer.name)
        elif len(norm.type.shape) == 4 and axis == 3:
            weights = add_constant(graph, f"{norm.name}.gain", gain.reshape(-1, 1, 1, 1), before=norm.name)
            bias = add_constant(graph, f"{norm.name}.offset", offset, before=norm.name)
            attrs = {"groups": len(gain), **{key: norm.attrs[key] for key in ("qparams",) if key in norm.attrs}}
            graph.add(Node(norm.name, "conv2d", (producer.name, weights, bias), norm.type, attrs, source=norm.source))
        else:
            wide = (-1,) + (1,) * (len(norm.type.shape) - 1 - axis)
            scaled = graph.fresh(f"{norm.name}.scaled")
            gains = add_constant(graph, f"{norm.name}.gain", gain.reshape(wide), before=norm.name)
            offsets = add_constant(graph, f"{norm.name}.offset", offset.reshape(wide), before=norm.name)
            graph.add(Node(scaled, "mul", (producer.name, gains), norm.type, source=norm.source), before=norm.name)
            graph.add(Node(norm.name, "add", (scaled, offsets), norm.type, source=norm.source).but(qparams=norm.attrs.get("qparams")))
    return graph


def affine(graph: Graph, norm: Node) -> tuple[Tensor, Tensor]:
    """Gain and offset of each channel, float32."""
    gamma, beta, mean, variance = (graph.tensors[graph[name].attrs["data"]].astype(np.float64) for name in norm.operands[1:])
    gain = gamma / np.sqrt(variance + norm.attrs.get("eps", 1e-5))
    return gain.astype(np.float32), (beta - mean * gain).astype(np.float32)


def fold_into(graph: Graph, producer: Node, gain: Tensor, offset: Tensor) -> None:
    """Scale the output channels of a convolution or linear, and shift its bias."""
    x, weights, bias = producer.operands
    w, b = (graph.tensors[graph[name].attrs["data"]] for name in (weights, bias))
    scaled = w * gain.reshape(-1, *(1,) * (w.ndim - 1))
    new_w = add_constant(graph, weights, scaled.astype(np.float32), before=producer.name)
    new_b = add_constant(graph, bias, (b * gain + offset).astype(np.float32), before=producer.name)
    graph.add(replace(producer, operands=(x, new_w, new_b)))
