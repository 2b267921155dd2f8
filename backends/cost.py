"""What a kernel costs: cycles, scratch and flash.

Coefficients are cycles that the emulator tells, memory and branches included. `pytest tests/backends/test_kernels.py -k near` compares.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod

from tfc.ir.int_rules import Call

from .formats import LARGEST_STEP, Blocks, format_named, matrix
from .shapes import (
    attention_together,
    band_scratch,
    bands,
    batch_strides,
    bias_slabs,
    few_scratch,
    few_steps,
    int8,
    key_tokens,
    matmul_together,
    quads,
    strip_rows,
    windows,
)
from .strips import Blocks2x4


@dataclass(frozen=True)
class Cost:
    """Cycles of one run, bytes of scratch while it runs, bytes of constants in flash (the code of kernels is shared)."""

    cycles: float = 0.0
    scratch: int = 0
    flash: int = 0

    def __add__(self, other: Cost) -> Cost:
        """One after the other: scratch is used again."""
        return Cost(self.cycles + other.cycles, max(self.scratch, other.scratch), self.flash + other.flash)


@dataclass(frozen=True)
class Rates:
    """Cycles for each multiply-accumulate, each result, each input that is widened, and each panel of four pixels or tokens."""

    mac: float
    result: float
    widened: float = 0.0
    panel: float = 0.0

    def cost(self, macs: float, results: int, *, widened: int = 0, panels: int = 0, scratch: int = 0, flash: int = 0) -> Cost:
        return Cost(self.mac * macs + self.result * results + self.widened * widened + self.panel * panels, scratch, flash)


TABLE_BYTES = 1024
STRIPS = {  # of the weights that are stored; a panel is four columns
    "pairs": Rates(mac=0.597, result=5.3, widened=1.3, panel=110),
    "block2x4": Rates(mac=0.659, result=4.4, widened=1.33, panel=306),
}
CALL = 1200.0  # of a product at all
RUN = 23.3  # more for each run of dense weights, pair of channels and four columns
ONE_COLUMN = {  # weights come from flash once for it
    "pairs": Rates(mac=1.37, result=31.0, panel=105),
    "block2x4": Rates(mac=1.69, result=31.0, panel=105),
}
STRIP_TABLE, STRIP_RESIDUAL, STRIP_SUMS = 2.3, 3.1, 4.5  # more for each result: of loops, and where there is none for an ending
SPARSE = {  # multiply-accumulates of the blocks that are stored
    "block1x1": Rates(mac=1.8, result=10.5, widened=0.6, panel=70),
    "block1x2": Rates(mac=1.21, result=11.0, widened=0.8, panel=85),
    "block1x4": Rates(mac=1.01, result=12.3, widened=0.6, panel=95),
    "block2x2": Rates(mac=0.99, result=8.5, widened=0.9, panel=90),
    "block4x1": Rates(mac=2.11, result=7.3, widened=1.2, panel=100),
}
ACTIVATION, CLAMP, RESIDUAL = 4.6, 6.5, 8.7  # more for each result
TAP = 60.0  # more for each panel and place of a window
GATHERED = 4.0  # more for each input of a window whose channels are no multiple of four
GROUPED = Rates(mac=40.0, result=40.0)
DEPTHWISE = Rates(mac=1.8, result=11.5, widened=2.8)
DEPTHWISE_SQUARE = {  # by size of the window and stride; a "panel" is a column of blocks
    (3, 1): Rates(mac=0.667, result=3.1, widened=1.3, panel=16),
    (3, 2): Rates(mac=0.667, result=3.5, widened=1.3, panel=16),
    (5, 1): Rates(mac=0.6, result=3.2, widened=1.3, panel=16),
    (7, 1): Rates(mac=0.571, result=3.2, widened=1.3, panel=16),
    (5, 2): Rates(mac=0.88, result=5.5, widened=1.3, panel=16),
    (7, 2): Rates(mac=0.88, result=5.5, widened=1.3, panel=16),
}
PLANE, PLANE_CALL, PLANE_WEIGHT, SUMS_OF_BLOCKS = 70.0, 80.0, 10.0, 3.9
FEW = Rates(mac=0.5, result=3.7, widened=3.2, panel=80)
FEW_WEIGHT, SUMS_OF_FEW = 8.0, 3.5
# Products of activations. For two rows of the left side: each quad of columns and each step (two rows of the right side), each quad and
# eight steps, each eight steps, each quad, and the pair of rows. To pack a step: each quad, each further sixteen quads, and the step.
STEP_QUAD, STEPS_QUAD, STEPS, PAIR_QUAD, PAIR = 9.0, 11.5, 50.0, 32.0, 110.0
PACK_QUAD, PACK_TURN, PACK_STEP = 4.0, 12.0, 20.0
UNALIGNED = 6.0  # more for the two words of a quad and step
MATMUL_WIDENED, MATMUL_CALL = 3.5, 1900.0
SCORE_QUAD, SCORE_TURN, SCORE_STEP, SCORE_TAIL = 9.0, 12.0, 20.0, 45.0  # of two queries and two keys
WEIGHT, WEIGHT_BIASED = 7.3, 12.0  # a score
QUERY_PAIR, SEQUENCE, ATTENTION_CALL = 560.0, 45.0, 2500.0  # two queries beside all this; each key of a sequence, found

ELEMENTS = {  # for each element of the result
    "softmax_s8": 7.8,
    "log_softmax_s8": 6.7,
    "layer_norm_s8": 7.35,
    "layer_norm_s16": 7.35,
    "rms_norm_s8": 7.35,
    "rms_norm_s16": 7.35,
    "group_norm_s8": 7.3,
    "group_norm_s16": 7.3,
    "resize_bilinear_s8": 8.5,
    "take_s8": 0.9,  # in runs; of single bytes 4.6
    "add_s8": 4.9,
    "add_s16": 4.5,
    "mul_s8": 5.4,
    "mul_s16": 4.5,
    "rescale_s8": 3.8,
    "rescale_s16": 3.5,
    "table_s8": 3.0,
    "strided_copy_s8": 1.0,  # in runs; a transpose of single bytes takes 1.3 to 3
    "pad_s8": 0.8,
    "resize_nearest_s8": 1.0,
    "max_pool2d_s8": 0.8,  # of each element of a window, as the two below
    "avg_pool2d_s8": 0.95,
    "mean_s8": 1.0,
    "mean_s16": 1.9,
}
ROWS = {  # and for each row beside its elements
    "softmax_s8": 90,
    "log_softmax_s8": 90,
    "layer_norm_s8": 160,
    "layer_norm_s16": 160,
    "rms_norm_s8": 160,
    "rms_norm_s16": 160,
    "group_norm_s8": 45,  # a run of neighbours that one group has
    "group_norm_s16": 45,
    "max_pool2d_s8": 16,  # a pixel of a window
    "avg_pool2d_s8": 105,
}


def elements(kernel: str, count: int, *, rows: int = 0, flash: int = 0) -> Cost:
    """A kernel whose work is proportional to a number of elements and to the number of rows in which they lie."""
    return Cost(ELEMENTS[kernel] * count + (ROWS[kernel] * rows if rows else 0), 0, flash)


def weighted_flash(call: Call, form: str) -> int:
    """Weights in their format, bias and multipliers, an activation table."""
    w = call.graph.constant(call.node.operands[1])
    out = call.operands[1].shape[0]
    stored = 0 if w is None else format_named(form).size(matrix(w))
    return stored + 8 * out + (TABLE_BYTES if call.attr("activation") else 0)


def product(call: Call, rates: Rates, form: str, *, macs: float, scratch: int) -> Cost:
    """A convolution or linear over panels of four; `macs` for each pixel or token."""
    pixels = prod(call.node.type.shape[:-1])
    whole = -(-pixels // 4) * 4
    if call.node.op == "conv2d":
        gathered = call.operands[0].shape[-1] % 4 != 0
        rates = replace(rates, widened=rates.widened + GATHERED) if gathered else replace(rates, panel=rates.panel + TAP * prod(call.operands[1].shape[1:3]))
    cost = with_ending(rates, call).cost(
        macs * whole, call.node.type.shape[-1] * whole, widened=4 * quads(call) * whole, panels=whole // 4, scratch=scratch, flash=weighted_flash(call, form)
    )
    return cost + Cost(CALL)


def band_cost(call: Call, rates: Rates) -> Cost:
    """A depthwise convolution by blocks of two by two results. Odd rows and columns have calls of their own."""
    _, out_h, out_w, c = call.node.type.shape
    taps, planes = prod(call.operands[1].shape[1:3]), c * bands(call)
    results = c * (out_h + out_h % 2) * (out_w + out_w % 2)
    plane = Cost(planes * (PLANE + PLANE_CALL * (1 + out_h % 2) * (1 + out_w % 2) + PLANE_WEIGHT * taps))
    return plane + with_ending(rates, call, SUMS_OF_BLOCKS).cost(
        results * taps,
        results,
        widened=call.operands[0].size,
        panels=planes * (1 + out_h % 2) * -(-out_w // 2),
        scratch=band_scratch(call),
        flash=weighted_flash(call, "dense"),
    )


def few_cost(call: Call) -> Cost:
    """Panels of four windows; those of three rows of constant length are copied without loops. The sums of an odd number of channels are stored."""
    _, out_h, out_w, out = call.node.type.shape
    kernel_h, run = call.operands[1].shape[1], prod(call.operands[1].shape[2:])
    whole, steps = -(-out_h * out_w // 4) * 4, few_steps(call)
    straight = kernel_h == 3 and run in (3, 9) and out_w % 4 == 0
    rates = with_ending(FEW, call, SUMS_OF_FEW)
    if out % 2 and rates == FEW:
        rates = replace(FEW, result=FEW.result + SUMS_OF_FEW)
    rates = replace(rates, panel=rates.panel + (10 * steps if straight else 8.8 * steps + 80 * kernel_h))
    results = whole * (out + out % 2)
    flash = weighted_flash(call, "dense")
    weights = Cost(FEW_WEIGHT * call.operands[1].size)
    return weights + rates.cost(2 * steps * results, results, widened=call.operands[0].size, panels=whole // 4, scratch=few_scratch(call), flash=flash)


def with_ending(rates: Rates, call: Call, sums: float = 0.0) -> Rates:
    """With what a result takes beyond the plain ending, for which `sums` has to go through memory."""
    more = ACTIVATION * bool(call.attr("activation")) + CLAMP * bool(call.attr("clamp")) + RESIDUAL * (len(call.operands) > 3)
    through = sums if more or call.node.type.dtype == "i16" else 0.0
    return replace(rates, result=rates.result + more + through)


def strip_product(call: Call, form: str, *, stored: int, scratch: int) -> Cost:
    """A convolution or linear over strips; a last column alone does not pay for four. `stored` weights count."""
    *rows, width, out = call.node.type.shape if call.node.op == "conv2d" else (1, prod(call.node.type.shape[:-1]), call.node.type.shape[-1])
    walk, rates, flash = windows(call), strip_rates(call, form), weighted_flash(call, form)
    gathered = call.node.op == "conv2d" and strip_rows(call) == 0
    lines, columns = (1, prod(rows) * width) if gathered else (prod(rows), width)
    fours, ones = lines * (columns // 4 + (columns % 4 > 1)), lines * (columns % 4 == 1)
    runs = walk.runs * -(-out // 2) * fours * RUN if form == "pairs" else 0.0
    widened = 16 * quads(call) * fours if gathered else walk.widened(call.operands[0].shape) if call.node.op == "conv2d" else 4 * quads(call) * columns
    whole = replace(rates, widened=rates.widened + GATHERED) if gathered else rates
    cost = whole.cost(4 * stored * fours, 4 * out * fours, widened=int(widened), panels=fours, scratch=scratch, flash=flash)
    return cost + ONE_COLUMN[form].cost(stored * ones, out * ones, panels=ones) + Cost(runs + CALL)


def strip_rates(call: Call, form: str) -> Rates:
    """With what an ending takes beyond the plain one."""
    residual, table = len(call.operands) > 3, bool(call.attr("activation"))
    alone = call.node.type.shape[-1] % 2 or call.attr("clamp") or {type.dtype for type in (*call.operands[3:], call.node.type)} != {"i8"}
    more = STRIP_SUMS + ACTIVATION * table + RESIDUAL * residual if alone else STRIP_TABLE * table + STRIP_RESIDUAL * residual
    return replace(STRIPS[form], result=STRIPS[form].result + more)


def dense_product(call: Call, scratch: int) -> Cost:
    return strip_product(call, "pairs", stored=call.operands[1].shape[0] * 4 * quads(call), scratch=scratch)


def sparse_product(call: Call, form: Blocks | Blocks2x4, scratch: int) -> Cost | None:
    """The blocks that are not zero; None where a stream cannot reach far enough."""
    w = call.graph.constant(call.node.operands[1])
    if w is None:
        return None
    stored = form.count(matrix(w)) * form.height * form.width
    if isinstance(form, Blocks2x4):
        return strip_product(call, form.name, stored=stored, scratch=scratch)
    if prod(call.operands[1].shape[1:]) > form.width * LARGEST_STEP:
        return None
    return product(call, SPARSE[form.name], form.name, macs=stored, scratch=scratch)


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
