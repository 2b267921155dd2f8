"""What convolutions and linears over strips cost."""

from __future__ import annotations

from dataclasses import replace
from math import exp, prod

from tfc.ir.int_rules import Call

from .cost import ACTIVATION, RESIDUAL, Cost, Rates, weighted_flash
from .formats import matrix
from .measures import once
from .shapes import folded_bias, quads
from .streams import Blocks
from .strip_shapes import (
    conv2d_passes,
    conv2d_strip_scratch,
    linear_passes,
    linear_strip_scratch,
    most_rows,
    most_strips,
    strip_rows,
    windows,
)
from .target import Target
from .walked import Pairs, Walked

STRIPS = {  # of the weights that are stored; a panel is the columns that a loop takes together
    "pairs": Rates(mac=0.597, result=5.3, widened=1.3, panel=110),
    "block1x1": Rates(mac=0.82, result=7.4, widened=2.05, panel=500),
    "block1x2": Rates(mac=0.713, result=5.6, widened=1.46, panel=530),
    "block1x4": Rates(mac=0.66, result=5.3, widened=1.0, panel=530),
    "block2x2": Rates(mac=0.706, result=5.25, widened=1.2, panel=327),
    "block2x4": Rates(mac=0.659, result=4.4, widened=1.33, panel=306),
    "block4x1": Rates(mac=1.99, result=10.5, widened=1.2, panel=327),
}
ONE_COLUMN = {  # whose weights come from flash for it alone
    "pairs": Rates(mac=1.37, result=31.0, panel=105),
    "block1x1": Rates(mac=7.5, result=40.0, panel=105),
    "block1x2": Rates(mac=3.6, result=40.0, panel=105),
    "block1x4": Rates(mac=2.8, result=40.0, panel=105),
    "block2x2": Rates(mac=2.8, result=40.0, panel=105),
    "block2x4": Rates(mac=1.69, result=31.0, panel=105),
    "block4x1": Rates(mac=2.75, result=40.0, panel=105),
}
CALL = 1200.0  # of a product at all
PASS = {4: 50.0, 8: 13.0}  # for each row of blocks, each time that weights are read, by the columns that a loop takes together
RUN = 23.3  # more for each run of dense weights, pair of channels and four columns
STRIP_TABLE, STRIP_RESIDUAL, STRIP_SUMS = 2.3, 3.1, 4.5  # more for each result: of loops, and where there is none for an ending
GATHERED, GATHERED_ROW = 1.5, 70.0  # more for each input and each row of a window whose channels are no multiple of four


def dense_product(call: Call, target: Target, *, linear: bool) -> Cost:
    return strip_product(call, target, Pairs(), stored=call.operands[1].shape[0] * 4 * quads(call), linear=linear)


def sparse_product(call: Call, target: Target, form: Blocks, *, linear: bool) -> Cost | None:
    """The blocks that are not zero; None where their sums would not be exact."""
    w, b = (call.graph.constant(call.node.operands[i]) for i in (1, 2))
    if w is None or b is None or not form.takes(call.operands[0].dtype, matrix(w), lambda: folded_bias(call, w, b)):
        return None
    return strip_product(call, target, form, stored=once(form.count, w) * form.height * form.width, linear=linear)


def strip_product(call: Call, target: Target, form: Walked, *, stored: int, linear: bool) -> Cost:
    """A convolution or linear over strips; columns that loops compute in vain count, a last column alone does not pay for others. `stored` weights count."""
    scratch = (linear_strip_scratch if linear else conv2d_strip_scratch)(call, form)
    *rows, width, out = call.node.type.shape if call.node.op == "conv2d" else (1, prod(call.node.type.shape[:-1]), call.node.type.shape[-1])
    walk, rates, flash, each = windows(call, form), strip_rates(call, form), weighted_flash(call, form.name), form.together
    gathered = call.node.op == "conv2d" and strip_rows(call, form) == 0
    lines, columns = (1, prod(rows) * width) if gathered else (prod(rows), width)
    passes, ones = lines * (columns // each + (columns % each > 1)), lines * (columns % each == 1)
    runs = walk.runs * -(-out // 2) * passes * RUN if isinstance(form, Pairs) else 0.0
    widened = 4 * each * quads(call) * passes if gathered else walk.widened(call.operands[0].shape) if call.node.op == "conv2d" else 4 * quads(call) * columns
    whole = replace(rates, widened=rates.widened + GATHERED, panel=rates.panel + each * call.operands[1].shape[1] * GATHERED_ROW) if gathered else rates
    cost = whole.cost(each * stored * passes, each * out * passes, widened=int(widened), panels=passes, scratch=scratch, flash=flash)
    rest = STRIP_SUMS * (columns % each) * out * lines if columns % each > 1 else 0.0
    one = ONE_COLUMN[form.name].cost(stored * ones, out * ones, panels=ones)
    return cost + one + Cost(runs + rest + CALL + rereading(call, target, form, linear))


def strip_rates(call: Call, form: Walked) -> Rates:
    """With what an ending takes beyond the plain one."""
    residual, table, rates = len(call.operands) > 3, bool(call.attr("activation")), STRIPS[form.name]
    split = call.node.type.shape[-1] % form.height or call.attr("clamp") or {type.dtype for type in (*call.operands[3:], call.node.type)} != {"i8"}
    more = STRIP_SUMS + ACTIVATION * table + RESIDUAL * residual if split else STRIP_TABLE * table + STRIP_RESIDUAL * residual
    return replace(rates, result=rates.result + more)


def rereading(call: Call, target: Target, form: Walked, linear: bool) -> float:
    """Cycles beyond those of the fastest loop order, where fewer rows or strips are finished together and weights are read more often."""
    passes, most = (linear_passes, most_strips(call, form)) if linear else (conv2d_passes, most_rows(call, form))
    again = passes(call, form, int(call.attr("together", most))) - passes(call, form, most)
    bytes, caches = weighted_flash(call, form.name), target.caches
    missed = missed_share(bytes, caches.data_bytes) * bytes / max(caches.line_bytes, 1) * target.flash.line_fill_cycles
    return again * (missed + PASS[form.together] * -(-call.node.type.shape[-1] // form.height))


def missed_share(bytes: int, cache: int) -> float:
    """Of what is read from end to end, over and over, through a cache with random replacement: a line survives each miss with probability 1 - 1 / lines,
    so that the share that misses solves m = 1 - exp(-m · bytes / cache). Without a cache all of it."""
    share = 1.0
    for _ in range(40 if cache else 0):
        share = 1 - exp(-share * bytes / cache)
    return share if share > 0.01 else 0.0
