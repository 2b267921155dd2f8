"""MobileViT's unfold and fold vanish: what stands between them acts on each token alone, attention walks the map with strides."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tfc.backends.target import Target
from tfc.ir.graph import Graph, Node
from tfc.ir.ops import POINTWISE

from .moves import MOVING, patch_of, trace

TOKENWISE = (*POINTWISE, "linear", "layer_norm", "rms_norm", "softmax", "log_softmax", "add", "sub", "mul", "div", "concat", "slice", "attention")


def fold_unfold(graph: Graph, target: Target) -> Graph:
    """Recognise both in chains of reshapes and transposes, move unfold behind each token-wise node, cancel it with fold."""
    graph = graph.copy()
    for node in graph.of_op(*MOVING):
        recognise(graph, node)
    for node in graph:
        if node.op in TOKENWISE:
            sink(graph, node)
        elif node.op == "fold":
            cancel(graph, node)
    return graph


def recognise(graph: Graph, node: Node) -> None:
    """Write `unfold` or `fold` for a chain of movement that does just that."""
    if node.op in ("unfold", "fold"):
        return
    moved = trace(graph, node.name)
    base = graph[moved.base]
    if len(base.type.shape) == 4 and base.type.shape[0] == 1 and len(node.type.shape) == 3:
        patch = patch_of(moved.source, *base.type.shape[1:])
        if patch and node.type.shape[0] == patch[0] * patch[1] and node.type.shape[2] == base.type.shape[3]:
            graph.add(replace(node, op="unfold", operands=(base.name,), attrs={"patch": patch}))
    elif len(base.type.shape) == 3 and len(node.type.shape) == 4 and node.type.shape[0] == 1 and moved.source.size == base.type.size:
        back = np.empty(moved.source.size, np.int64)
        back[moved.source.reshape(-1)] = np.arange(moved.source.size)
        patch = patch_of(back, *node.type.shape[1:])
        if patch and base.type.shape[0] == patch[0] * patch[1] and base.type.shape[2] == node.type.shape[3]:
            graph.add(replace(node, op="fold", operands=(base.name,), attrs={"patch": patch, "size": node.type.shape[1:3]}))


def sink(graph: Graph, node: Node) -> None:
    """op(unfold(x)) becomes unfold(op(x)), with the patch told to attention."""
    activations = [operand for operand in graph.operands(node) if operand.op != "const"]
    unfolds = [operand for operand in activations if operand.op == "unfold"]
    if not unfolds or len(unfolds) != len(activations) or not by_channel(graph, node):
        return
    patch, size = unfolds[0].attrs["patch"], graph[unfolds[0].operands[0]].type.shape[1:3]
    if any(u.attrs["patch"] != patch or graph[u.operands[0]].type.shape[1:3] != size for u in unfolds):
        return
    attrs = dict(node.attrs)
    if node.op in ("concat", "slice"):
        attrs["axis"] = 3
    if node.op == "attention":
        attrs["patch"] = patch
    name = graph.fresh(f"{node.name}.map")
    operands = tuple(graph[operand].operands[0] if graph[operand].op == "unfold" else operand for operand in node.operands)
    graph.add(replace(node, name=name, operands=operands, attrs=attrs, type=node.type.with_shape((1, *size, node.type.shape[-1]))), before=node.name)
    graph.add(Node(node.name, "unfold", (name,), node.type, {"patch": patch}, source=node.source))


def by_channel(graph: Graph, node: Node) -> bool:
    """Whether the node treats all tokens alike: constants of sums and products may differ along the channels only."""
    if node.op in ("concat", "slice"):
        return bool(node.attrs["axis"] == len(node.type.shape) - 1)
    if node.op in ("softmax", "log_softmax"):
        return node.attrs.get("axis", -1) in (-1, len(node.type.shape) - 1)
    if node.op in ("add", "sub", "mul", "div"):
        return all(operand.op != "const" or operand.type.size in (1, operand.type.shape[-1]) for operand in graph.operands(node))
    if node.op == "attention":
        return len(node.operands) == 3 or graph[node.operands[3]].type.shape[:-3] in ((), (1,))
    return True


def cancel(graph: Graph, node: Node) -> None:
    """fold(unfold(x)) is x."""
    inner = graph[node.operands[0]]
    if inner.op == "unfold" and inner.attrs["patch"] == node.attrs["patch"] and graph[inner.operands[0]].type.shape == node.type.shape:
        graph.redirect(node.name, inner.operands[0])
