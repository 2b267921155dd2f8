"""What attention and products of activations cost."""

from __future__ import annotations

from math import prod

from tfc.ir.int_rules import Call

from .cost import TABLE_BYTES, Cost, Work, added, cost, of
from .shapes import attention_together, batch_strides, bias_slabs, int8, key_tokens, matmul_together
from .target import Target


def products(times: float, pairs: int, together: int, steps: int, columns: int) -> Work:
    """`times` times all pairs of rows of the left side with all steps, two rows each, of the right one, and the sums made results; `together` pairs share
    what is packed. Columns are taken by quads, steps by eights.
    """
    quads, groups, chunks = -(-columns // 4), -(-pairs // together), -(-steps // 8)
    computed, packed = times * pairs, times * groups * steps
    return of(
        "products",
        **{"pair": computed, "pair_quad": computed * quads, "steps": computed * chunks, "steps_quad": computed * chunks * quads},
        **{"step_quad": computed * quads * steps, "pack_step": packed, "pack_turn": packed * ((quads - 1) // 16), "pack_quad": packed * quads},
        unaligned=packed * quads * (columns % 4 > 0),
    )


def matmul_cost(call: Call, target: Target) -> Cost | None:
    """Of int8, but for broadcasts along some axes only."""
    try:
        batch, _, _ = batch_strides(call)
    except IndexError:
        return None
    (m, k), n, together = call.operands[0].shape[-2:], call.operands[1].shape[-1], matmul_together(call)
    if not int8(call):
        return None
    work = added({"matmul": 1.0, "matmul.widened": batch * m * k}, products(batch, -(-m // 2), together.pairs, -(-k // 2), n))
    return cost(target, work, scratch=together.scratch)


def attention_cost(call: Call, target: Target, weight: str) -> Cost | None:
    """Scores of pairs of queries and keys, what makes weights of them, and the product with values."""
    if not int8(call) or call.attr("score"):
        return None
    heads, keys, together = call.attr("heads"), key_tokens(call), attention_together(call)
    sequences = call.operands[0].shape[0] * prod(call.attr("patch", (1, 1)))
    queries = prod(call.node.type.shape[:-1]) // sequences
    head, value = (x.shape[-1] // heads for x in call.operands[1:3])
    pairs, steps = -(-queries // 2), -(-keys // 2)
    scored, ragged = sequences * heads * pairs * steps, head % 4 > 0
    work = added(
        {"attention": 1.0},
        of("attention", score_step=scored, score_turn=scored * ((head - 1) // 64), score_quad=scored * (head // 4), score_tail=scored * ragged),
        {"products.unaligned": scored * (head // 4) * ragged} if ragged else {},
        {weight: sequences * heads * pairs * 2 * keys},
        of("attention", query_pair=sequences * heads * pairs, key=sequences * keys),
        products(sequences * heads, pairs, together.pairs, steps, value),
    )
    bias = call.graph.constant(call.node.operands[3]) if len(call.operands) > 3 else None
    flash = 2 * TABLE_BYTES + (0 if bias is None else bias_slabs(bias, heads).values.nbytes)
    return cost(target, work, scratch=together.scratch, flash=flash)
