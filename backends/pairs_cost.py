"""What attention and products of activations cost."""

from __future__ import annotations

from math import prod

from tfc.ir.int_rules import Call

from .cost import TABLE_BYTES, Cost
from .shapes import attention_together, batch_strides, bias_slabs, int8, key_tokens, matmul_together

# For two rows of the left side: each quad of columns and each step (two rows of the right side), each quad and
# eight steps, each eight steps, each quad, and the pair of rows. To pack a step: each quad, each further sixteen quads, and the step.
STEP_QUAD, STEPS_QUAD, STEPS, PAIR_QUAD, PAIR = 9.0, 11.5, 50.0, 32.0, 110.0
PACK_QUAD, PACK_TURN, PACK_STEP = 4.0, 12.0, 20.0
UNALIGNED = 6.0  # more for the two words of a quad and step
MATMUL_WIDENED, MATMUL_CALL = 3.5, 1900.0
SCORE_QUAD, SCORE_TURN, SCORE_STEP, SCORE_TAIL = 9.0, 12.0, 20.0, 45.0  # of two queries and two keys
WEIGHT, WEIGHT_BIASED = 7.3, 12.0  # a score
QUERY_PAIR, SEQUENCE, ATTENTION_CALL = 560.0, 45.0, 2500.0  # two queries beside all this; each key of a sequence, found


def pairs_cycles(pairs: int, together: int, steps: int, columns: int) -> float:
    """All pairs of rows times all steps of the right side, and the sums made results; `together` pairs share what is packed."""
    quads, groups, chunks = -(-columns // 4), -(-pairs // together), -(-steps // 8)
    pack = PACK_STEP + PACK_TURN * ((quads - 1) // 16) + (PACK_QUAD + UNALIGNED * (columns % 4 > 0)) * quads
    return pairs * (quads * (STEP_QUAD * steps + STEPS_QUAD * chunks + PAIR_QUAD) + STEPS * chunks + PAIR) + groups * steps * pack


def matmul_cost(call: Call) -> Cost | None:
    """Of int8, but for broadcasts along some axes only."""
    try:
        batch, _, _ = batch_strides(call)
    except IndexError:
        return None
    (m, k), n, together = call.operands[0].shape[-2:], call.operands[1].shape[-1], matmul_together(call)
    cycles = pairs_cycles(-(-m // 2), together.pairs, -(-k // 2), n) + MATMUL_WIDENED * m * k
    return Cost(batch * cycles + MATMUL_CALL, together.scratch) if int8(call) else None


def attention_cost(call: Call, weight: float) -> Cost | None:
    """Scores of pairs of queries, what makes weights of them, and the product with values."""
    if not int8(call) or call.attr("score"):
        return None
    heads, keys, together = call.attr("heads"), key_tokens(call), attention_together(call)
    sequences = call.operands[0].shape[0] * prod(call.attr("patch", (1, 1)))
    queries = prod(call.node.type.shape[:-1]) // sequences
    head, value = (x.shape[-1] // heads for x in call.operands[1:3])
    pairs, steps = -(-queries // 2), -(-keys // 2)
    step = SCORE_STEP + SCORE_TURN * ((head - 1) // 64) + (SCORE_QUAD + UNALIGNED * (head % 4 > 0)) * (head // 4) + SCORE_TAIL * (head % 4 > 0)
    cycles = pairs * (steps * step + 2 * weight * keys + QUERY_PAIR) + pairs_cycles(pairs, together.pairs, steps, value)
    bias = call.graph.constant(call.node.operands[3]) if len(call.operands) > 3 else None
    flash = 2 * TABLE_BYTES + (0 if bias is None else bias_slabs(bias, heads).values.nbytes)
    return Cost(sequences * (heads * cycles + SEQUENCE * keys) + ATTENTION_CALL, together.scratch, flash)
