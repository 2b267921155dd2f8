"""softmax(q·kᵀ·scale + bias)·v over heads becomes one attention, however the heads were split."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tfc.backends.target import Target
from tfc.ir.diagnostic import Diagnostic
from tfc.ir.graph import Graph, Node, Tensor
from tfc.ir.text import print_node

from .biased_scores import added_bias, biased_scores
from .channels import can_choose, chosen
from .drop_dead import drop_dead
from .moves import Moved, trace


def fuse_attention(graph: Graph, target: Target) -> Graph:
    """Exact in float. Operands that are channels of one wide linear get a linear of their own, so that nothing is copied.

    A mask of infinities that is part of no such attention is refused: no other operator could say what it means.
    """
    graph = graph.copy()
    for product in graph.of_op("matmul"):
        fuse(graph, product)
    for node in drop_dead(graph, target).of_op("add", "sub"):
        if any((tensor := graph.constant(name)) is not None and not np.isfinite(tensor).all() for name in node.operands):
            raise Diagnostic("a mask of infinities outside attention", at=print_node(node), help="tfc knows softmax(q @ k.T * scale + mask) @ v")
    return graph


@dataclass(frozen=True)
class Tokens:
    """An operand of attention: for each batch and token a row of `base`, for each head and channel a column."""

    base: str
    heads: int
    batch: int
    count: int
    columns: Tensor


def fuse(graph: Graph, product: Node) -> None:
    weights = trace(graph, product.operands[0])
    softmax = graph[weights.base]
    if softmax.op != "softmax" or not weights.is_identity or softmax.attrs.get("axis", -1) not in (-1, len(softmax.type.shape) - 1):
        return
    biased = biased_scores(graph, softmax.operands[0])
    if biased is None:
        return
    scores, factor, bias = biased
    q, k = (trace(graph, name, scaling=True) for name in scores.operands)
    v = trace(graph, product.operands[1], scaling=True)
    k = Moved(k.base, np.swapaxes(k.source, -1, -2), k.factor)
    lead = int(np.prod(product.type.shape[:-2]))
    for heads in (n for n in range(lead, 0, -1) if lead % n == 0):
        operands = [token_rows(graph, moved, heads) for moved in (q, k, v)]
        if v.factor == 1.0 and all(operands) and alike([o for o in operands if o]):
            chosen = [o for o in operands if o]
            added = added_bias(graph, product, bias, (chosen[0].batch, heads, *scores.type.shape[-2:]))
            replace_by_attention(graph, product, chosen, added, factor * q.factor * k.factor)
            return


def alike(operands: list[Tokens]) -> bool:
    """Whether q, k and v have the channels, and k and v the tokens, that attention wants."""
    q, k, v = operands
    return len(q.columns) == len(k.columns) and k.count == v.count


def token_rows(graph: Graph, moved: Moved, heads: int) -> Tokens | None:
    """Read [batch · heads, tokens, channels] as rows and columns of the base; None where the base mixes them."""
    width = graph[moved.base].type.shape[-1]
    source = moved.source.reshape(-1, heads, *moved.source.shape[-2:])
    rows, columns = source // width, source % width
    if (rows != rows[:, :1, :, :1]).any() or (columns != columns[:1, :, :1, :]).any():
        return None
    batch, _, count, _ = source.shape
    if not np.array_equal(rows[:, 0, :, 0].reshape(-1), np.arange(batch * count)) or batch * count * width != graph[moved.base].type.size:
        return None
    chosen_columns = columns[0, :, 0, :].reshape(-1)
    return Tokens(moved.base, heads, batch, count, chosen_columns) if can_choose(graph, graph[moved.base], chosen_columns) else None


def replace_by_attention(graph: Graph, product: Node, operands: list[Tokens], bias: tuple[str, ...], scale: float) -> None:
    q, k, v = (channels(graph, tokens, product) for tokens in operands)
    first = operands[0]
    shape = (first.batch, first.count, len(operands[2].columns))
    name, each = graph.fresh(f"{product.name}.attention"), shape[2] // first.heads
    fused = Node(name, "attention", (q, k, v, *bias), product.type.with_shape(shape), {"heads": first.heads, "scale": scale}, source=product.source)
    graph.add(fused.but(qparams=product.attrs.get("qparams")), before=product.name)
    split, turned = (first.batch, first.count, first.heads, each), (first.batch, first.heads, first.count, each)
    halves = graph.fresh(f"{name}.heads")
    graph.add(Node(halves, "reshape", (name,), product.type.with_shape(split), {"shape": split}, source=product.source), before=product.name)
    swapped = graph.fresh(f"{name}.swapped")
    graph.add(Node(swapped, "transpose", (halves,), product.type.with_shape(turned), {"axes": (0, 2, 1, 3)}, source=product.source), before=product.name)
    graph.add(Node(product.name, "reshape", (swapped,), product.type, {"shape": product.type.shape}, source=product.source))


def channels(graph: Graph, tokens: Tokens, product: Node) -> str:
    """The chosen columns of the base as a value [batch, tokens, channels]."""
    base = graph[tokens.base]
    shape = (tokens.batch, tokens.count, base.type.shape[-1])
    if not np.array_equal(tokens.columns, np.arange(shape[2])):
        base = chosen(graph, base, tokens.columns, product)
        shape = (*shape[:2], len(tokens.columns))
    if base.type.shape == shape:
        return base.name
    name = graph.fresh(f"{base.name}.tokens")
    graph.add(Node(name, "reshape", (base.name,), base.type.with_shape(shape), {"shape": shape}, source=base.source), before=product.name)
    return name
