"""Give the channels between two layers of weights the same share of the range."""

from __future__ import annotations

import numpy as np

from tfc.backends.target import Target
from tfc.ir.graph import Graph, Node, Tensor

from .constants import add_constant, with_operands

HOMOGENEOUS = (None, "relu", "leaky_relu")  # f(s·x) = s·f(x) for s > 0


def equalize(graph: Graph, target: Target) -> Graph:
    """Exact in float: channel c is divided by s before, multiplied after; s is its peak on the calibration data.

    One scale serves all channels of an activation, and each output channel of weights has its own: so it is the peaks of the
    activations that are made equal, where Nagel et al. ("Data-Free Quantization Through Weight Equalization and Bias Correction",
    2019) equalize weights. Ranges are to be calibrated again.
    """
    graph = graph.copy()
    pairs = [(producer.name, users[0].name) for producer in graph.of_op("conv2d", "linear") if (users := partners(graph, producer))]
    for first, second in pairs:
        rescale_between(graph, graph[first], graph[second])
    return graph


def partners(graph: Graph, producer: Node) -> list[Node]:
    """The one product that alone reads this one through a homogeneous activation; none where there is no such."""
    users = graph.users(producer)
    alone = len(users) == 1 and producer.name not in graph.results and len(producer.operands) == 3
    plain = producer.attrs.get("activation") in HOMOGENEOUS and "qparams" not in producer.attrs and "peaks" in producer.attrs
    fits = alone and users[0].op in ("conv2d", "linear") and users[0].operands[0] == producer.name
    groups = users[0].attrs.get("groups", 1) if fits else 1
    return users if fits and plain and groups in (1, producer.type.shape[-1]) else []


def rescale_between(graph: Graph, first: Node, second: Node) -> None:
    w1, b1, w2 = (tensor(graph, name) for name in (*first.operands[1:3], second.operands[1]))
    peaks = graph.tensors[first.attrs["peaks"]].astype(np.float64)
    used = peaks > 1e-6 * peaks.max()
    s = np.where(used, peaks / np.exp(np.log(peaks[used]).mean()) if used.any() else 1.0, 1.0).astype(np.float32)
    depthwise = second.attrs.get("groups", 1) > 1
    replace_constant(graph, first, 1, w1 / column(s, w1))
    replace_constant(graph, graph[first.name], 2, b1 / s)
    replace_constant(graph, second, 1, w2 * (column(s, w2) if depthwise else s))


def column(s: Tensor, like: Tensor) -> Tensor:
    return s.reshape(-1, *(1,) * (like.ndim - 1))


def tensor(graph: Graph, name: str) -> Tensor:
    return graph.tensors[graph[name].attrs["data"]]


def replace_constant(graph: Graph, node: Node, index: int, value: Tensor) -> None:
    """Another constant for one operand; the old one may have other readers."""
    old = node.operands[index]
    new = add_constant(graph, old, np.asarray(value, np.float32), before=node.name)
    graph.add(with_operands(node, *(new if i == index else name for i, name in enumerate(node.operands))))
    if not graph.users(old):
        graph.remove(old)
