"""Products and sums with constants become part of the weights before or behind them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from tfc.backends.target import Target
from tfc.ir.graph import Graph, Node, Tensor

from .constants import add_constant, with_operands
from .fold_batch_norm import fold_into

PRODUCTS = ("conv2d", "conv_transpose2d", "linear")
NORMS = ("layer_norm", "rms_norm", "group_norm")
APART = 8.0  # Gains of input channels may differ so much: the weights of an output channel share one scale.


@dataclass(frozen=True)
class Affine:
    """A node as gain · x + offset, numbers or one for each channel (the last axis)."""

    node: Node
    x: Node
    gain: Tensor
    offset: Tensor


def fold_scales(graph: Graph, target: Target) -> Graph:
    """Layer scale, normalisation of the input, a temperature: exact, but for the order in which floats are multiplied."""
    graph = graph.copy()
    for map in affine_maps(graph):
        into_producer(graph, map)
    for map in reversed(list(affine_maps(graph))):
        if not into_readers(graph, map):
            as_number(graph, map)
    return graph


def affine_maps(graph: Graph) -> Iterator[Affine]:
    for node in graph.of_op("mul", "div", "add", "sub"):
        tensors = [graph.constant(name) for name in node.operands]
        if (tensors[0] is None) == (tensors[1] is None):
            continue
        x = graph[node.operands[0 if tensors[0] is None else 1]]
        c = (tensors[0] if tensors[1] is None else tensors[1]).reshape(-1).astype(np.float64)  # type: ignore[union-attr]
        one_each = c.size > 1 and c.size == node.type.shape[-1] and graph[node.operands[1 - node.operands.index(x.name)]].type.shape[-1] == c.size
        if x.type.shape != node.type.shape or not (c.size == 1 or one_each):
            continue
        swapped = node.operands[1] == x.name
        match node.op:
            case "mul":
                yield Affine(node, x, c, np.zeros(1))
            case "div" if not swapped:
                yield Affine(node, x, 1 / c, np.zeros(1))
            case "add":
                yield Affine(node, x, np.ones(1), c)
            case "sub":
                yield Affine(node, x, -np.ones(1) if swapped else np.ones(1), c if swapped else -c)


def into_producer(graph: Graph, map: Affine) -> None:
    """Into the product or norm that this node alone reads."""
    node, x = map.node, map.x
    if graph.users(x) != [node] or x.name in graph.results or {"activation", "qparams"} & set(x.attrs):
        return
    gain, offset = (np.broadcast_to(value, node.type.shape[-1:]).astype(np.float32) for value in (map.gain, map.offset))
    if x.op in PRODUCTS and len(x.operands) == 3 and is_free(graph, x):
        fold_into(graph, x.but(qparams=node.attrs.get("qparams")), gain, offset)
    elif x.op in NORMS and x.attrs.get("axis", -1) in (-1, len(x.type.shape) - 1) and (x.op != "group_norm" or "axis" in x.attrs):
        if x.op == "rms_norm" and offset.any():
            return
        parameters = [graph.tensors[graph[name].attrs["data"]] * gain for name in x.operands[1:]]
        parameters = [parameters[0], *(beta + offset for beta in parameters[1:])]
        names = [add_constant(graph, name, value.astype(np.float32), before=x.name) for name, value in zip(x.operands[1:], parameters, strict=True)]
        graph.add(with_operands(x, x.operands[0], *names).but(qparams=node.attrs.get("qparams")))
    else:
        return
    graph.redirect(node.name, x.name)


def into_readers(graph: Graph, map: Affine) -> bool:
    """Into all the products that read this node; where zeros are padded beside it no shift, and no number that costs nothing as it is."""
    node, readers = map.node, graph.users(map.node)
    gains, only_unpadded = np.abs(map.gain), map.offset.any() or (map.gain.size == 1 and map.gain > 0)
    if not readers or node.name in graph.results or "qparams" in node.attrs or gains.min() * APART < gains.max():
        return False
    for reader in readers:
        if reader.op not in ("conv2d", "linear") or node.name in reader.operands[1:] or not is_free(graph, reader):
            return False
        if only_unpadded and any(reader.attrs.get("pad", ())):
            return False
    for reader in readers:
        _, weights, bias, *rest = reader.operands
        w, b = (graph.tensors[graph[name].attrs["data"]].astype(np.float64) for name in (weights, bias))
        gain, offset = (by_group(value, w, reader) for value in (map.gain, map.offset))
        new_w = add_constant(graph, weights, (w * gain).astype(np.float32), before=reader.name)
        new_b = add_constant(graph, bias, (b + (w * offset).reshape(len(w), -1).sum(axis=1)).astype(np.float32), before=reader.name)
        graph.add(replace(reader, operands=(map.x.name, new_w, new_b, *rest)))
    graph.redirect(node.name, map.x.name)
    return True


def by_group(values: Tensor, w: Tensor, reader: Node) -> Tensor:
    """Values of input channels as the weights of a convolution or linear see them."""
    if values.size == 1:
        return values
    groups = reader.attrs.get("groups", 1)
    of_outputs = np.repeat(values.reshape(groups, -1), len(w) // groups, axis=0)
    return of_outputs.reshape(len(w), *(1,) * (w.ndim - 2), -1)


def is_free(graph: Graph, product: Node) -> bool:
    """Whether weights may be scaled: they are constants that bring no scales of their own."""
    return all(graph[name].op == "const" and "scales" not in graph[name].attrs for name in product.operands[1:3])


def as_number(graph: Graph, map: Affine) -> None:
    """A constant that is the same everywhere becomes one number and the second operand: quantization may express it without work."""
    constant = map.node.operands[1 - map.node.operands.index(map.x.name)]
    tensor = graph.tensors[graph[constant].attrs["data"]]
    if (tensor != tensor.reshape(-1)[0]).any():
        return
    if tensor.size > 1:
        constant = add_constant(graph, f"{constant}.number", tensor.reshape(-1)[:1], before=map.node.name)
    turned = map.node.op == "sub" and map.node.operands[1] == map.x.name
    graph.add(with_operands(map.node, *((constant, map.x.name) if turned else (map.x.name, constant))))
