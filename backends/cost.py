"""What a kernel costs: cycles, scratch and flash.

Coefficients are cycles that the emulator tells, memory and branches included; those of attention and matmul are instructions still,
which take 0.8 to 1 cycle each. `pytest tests/backends/test_kernels.py -k near` compares.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import exp, prod

from tfc.ir.int_rules import Call

from .formats import LARGEST_STEP, Blocks, format_named
from .measures import once
from .shapes import (
    band_scratch,
    bands,
    bias_slabs,
    conv2d_passes,
    conv2d_scratch,
    conv2d_strip_scratch,
    few_scratch,
    few_steps,
    int8,
    key_tokens,
    linear_passes,
    linear_strip_scratch,
    most_rows,
    most_strips,
    panel_scratch,
    quads,
    strip_rows,
    windows,
)
from .strips import Blocks2x4
from .target import Target


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
PASS = 50.0  # for each pair of channels, each time that weights are read
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
    (3, 1): Rates(mac=0.667, result=2.7, widened=1.3, panel=16),
    (3, 2): Rates(mac=0.667, result=3.1, widened=1.3, panel=16),
    (5, 1): Rates(mac=0.6, result=3.2, widened=1.3, panel=16),
    (7, 1): Rates(mac=0.571, result=3.2, widened=1.3, panel=16),
    (5, 2): Rates(mac=0.86, result=5.5, widened=1.3, panel=16),
    (7, 2): Rates(mac=0.85, result=5.5, widened=1.3, panel=16),
}
PLANE, PLANE_CALL, PLANE_WEIGHT, SUMS_OF_BLOCKS = 60.0, 65.0, 10.0, 3.9
FEW = Rates(mac=0.5, result=3.3, widened=3.2, panel=75)
FEW_WEIGHT, SUMS_OF_FEW = 8.0, 3.5
LOOKED_UP, TABLE_READY = 0.9, 700.0  # more for each result of these that a table ends, and once: a clamp fills one, others come from flash
MATMUL = Rates(mac=0.9, result=15.0, widened=8.0)
ATTENTION = Rates(mac=3.0, result=15.0, widened=12.0)  # a result is an element of the output, "widened" a score
ATTENTION_PANELS = Rates(mac=0.875, result=14.0, widened=21.0)
ATTENTION_BIAS = Rates(mac=0.875, result=14.0, widened=28.0)
ELEMENTS = {  # for each element of the result
    "softmax_s8": 7.8,
    "log_softmax_s8": 6.7,
    "layer_norm_s8": 8.1,
    "layer_norm_s16": 8.1,
    "rms_norm_s8": 8.1,
    "rms_norm_s16": 8.1,
    "group_norm_s8": 7.8,
    "group_norm_s16": 7.8,
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
    "layer_norm_s8": 155,
    "layer_norm_s16": 155,
    "rms_norm_s8": 155,
    "rms_norm_s16": 155,
    "group_norm_s8": 57,  # a run of neighbours that one group has
    "group_norm_s16": 57,
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
    stored = 0 if w is None else once(format_named(form).size, w)
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
    plane = Cost(planes * (PLANE + PLANE_CALL * (1 + out_h % 2) * (1 + out_w % 2) + PLANE_WEIGHT * taps)) + with_table(call)
    return plane + direct_ending(rates, call, SUMS_OF_BLOCKS).cost(
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
    rates = direct_ending(FEW, call, SUMS_OF_FEW) if out % 2 == 0 else with_sums(FEW, call, SUMS_OF_FEW)
    rates = replace(rates, panel=rates.panel + (10 * steps if straight else 300 + 8.8 * steps + 45 * kernel_h))
    results = whole * (out + out % 2)
    flash = weighted_flash(call, "dense")
    weights = Cost(FEW_WEIGHT * call.operands[1].size) + with_table(call)
    return weights + rates.cost(2 * steps * results, results, widened=call.operands[0].size, panels=whole // 4, scratch=few_scratch(call), flash=flash)


def with_ending(rates: Rates, call: Call) -> Rates:
    """With what a result takes beyond the plain ending."""
    more = ACTIVATION * bool(call.attr("activation")) + CLAMP * bool(call.attr("clamp")) + RESIDUAL * (len(call.operands) > 3)
    return replace(rates, result=rates.result + more)


def with_sums(rates: Rates, call: Call, sums: float) -> Rates:
    """The same where sums go through memory, for this much a result."""
    ended = with_ending(rates, call)
    return replace(ended, result=ended.result + sums)


def direct_ending(rates: Rates, call: Call, sums: float) -> Rates:
    """Of kernels that store sums only for residuals and int16."""
    if len(call.operands) > 3 or call.node.type.dtype == "i16":
        return with_sums(rates, call, sums)
    return replace(rates, result=rates.result + LOOKED_UP) if call.attr("activation") or call.attr("clamp") else rates


def with_table(call: Call) -> Cost:
    """The table of an activation or a clamp, once."""
    return Cost(TABLE_READY if call.attr("activation") or call.attr("clamp") else 0.0)


def strip_product(call: Call, target: Target, form: str, *, stored: int, linear: bool) -> Cost:
    """A convolution or linear over strips; a last column alone does not pay for four. `stored` weights count."""
    scratch = linear_strip_scratch(call) if linear else conv2d_strip_scratch(call)
    *rows, width, out = call.node.type.shape if call.node.op == "conv2d" else (1, prod(call.node.type.shape[:-1]), call.node.type.shape[-1])
    walk, rates, flash = windows(call), strip_rates(call, form), weighted_flash(call, form)
    gathered = call.node.op == "conv2d" and strip_rows(call) == 0
    lines, columns = (1, prod(rows) * width) if gathered else (prod(rows), width)
    fours, ones = lines * (columns // 4 + (columns % 4 > 1)), lines * (columns % 4 == 1)
    runs = walk.runs * -(-out // 2) * fours * RUN if form == "pairs" else 0.0
    widened = 16 * quads(call) * fours if gathered else walk.widened(call.operands[0].shape) if call.node.op == "conv2d" else 4 * quads(call) * columns
    whole = replace(rates, widened=rates.widened + GATHERED) if gathered else rates
    cost = whole.cost(4 * stored * fours, 4 * out * fours, widened=int(widened), panels=fours, scratch=scratch, flash=flash)
    return cost + ONE_COLUMN[form].cost(stored * ones, out * ones, panels=ones) + Cost(runs + CALL + rereading(call, target, form, linear))


def rereading(call: Call, target: Target, form: str, linear: bool) -> float:
    """Cycles beyond those of the fastest loop order, where fewer rows or strips are finished together and weights are read more often."""
    passes, most = (linear_passes, most_strips(call)) if linear else (conv2d_passes, most_rows(call))
    again = passes(call, int(call.attr("together", most))) - passes(call, most)
    bytes, caches = weighted_flash(call, form), target.caches
    missed = missed_share(bytes, caches.data_bytes) * bytes / caches.line_bytes * target.flash.line_fill_cycles
    return again * (missed + PASS * -(-call.node.type.shape[-1] // 2))


def missed_share(bytes: int, cache: int) -> float:
    """Of what is read from end to end, over and over, through a cache with random replacement: a line survives each miss with probability 1 - 1 / lines,
    so that the share that misses solves m = 1 - exp(-m · bytes / cache). Without a cache all of it."""
    share = 1.0
    for _ in range(40 if cache else 0):
        share = 1 - exp(-share * bytes / cache)
    return share if share > 0.01 else 0.0


def strip_rates(call: Call, form: str) -> Rates:
    """With what an ending takes beyond the plain one."""
    residual, table = len(call.operands) > 3, bool(call.attr("activation"))
    alone = call.node.type.shape[-1] % 2 or call.attr("clamp") or {type.dtype for type in (*call.operands[3:], call.node.type)} != {"i8"}
    more = STRIP_SUMS + ACTIVATION * table + RESIDUAL * residual if alone else STRIP_TABLE * table + STRIP_RESIDUAL * residual
    return replace(STRIPS[form], result=STRIPS[form].result + more)


def dense_product(call: Call, target: Target, linear: bool) -> Cost:
    return strip_product(call, target, "pairs", stored=call.operands[1].shape[0] * 4 * quads(call), linear=linear)


def sparse_product(call: Call, target: Target, form: Blocks | Blocks2x4, linear: bool) -> Cost | None:
    """The blocks that are not zero; None where a stream cannot reach far enough."""
    w = call.graph.constant(call.node.operands[1])
    if w is None:
        return None
    stored = once(form.count, w) * form.height * form.width
    if isinstance(form, Blocks2x4):
        return strip_product(call, target, form.name, stored=stored, linear=linear)
    if prod(call.operands[1].shape[1:]) > form.width * LARGEST_STEP:
        return None
    return product(call, SPARSE[form.name], form.name, macs=stored, scratch=panel_scratch(call) if linear else conv2d_scratch(call))


def attention_cost(call: Call, rates: Rates, scratch: int) -> Cost | None:
    """Both products, and the scores between them."""
    if not int8(call) or call.attr("score"):
        return None
    pairs = prod(call.node.type.shape[:-1]) * key_tokens(call)
    macs = pairs * (call.operands[0].shape[-1] + call.operands[2].shape[-1])
    bias = call.graph.constant(call.node.operands[3]) if len(call.operands) > 3 else None
    flash = 2 * TABLE_BYTES + (0 if bias is None else bias_slabs(bias, call.attr("heads")).values.nbytes)
    return rates.cost(macs, call.node.type.size, widened=pairs * call.attr("heads"), scratch=scratch, flash=flash)
