"""What convolutions and linears over strips cost."""

from __future__ import annotations

from math import exp, prod

from tfc.ir.int_rules import Call

from .cost import CYCLES, Cost, Work, added, cost, endings, of, weighted_flash
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


def dense_product(call: Call, target: Target, *, linear: bool) -> Cost:
    return strip_product(call, target, Pairs(), stored=call.operands[1].shape[0] * 4 * quads(call), linear=linear)


def sparse_product(call: Call, target: Target, form: Blocks, *, linear: bool) -> Cost | None:
    """The blocks that are not zero; None where their sums would not be exact."""
    w, b = (call.graph.constant(call.node.operands[i]) for i in (1, 2))
    if w is None or b is None or not form.takes(call.operands[0].dtype, matrix(w), lambda: folded_bias(call, w, b)):
        return None
    return strip_product(call, target, form, stored=once(form.count, w) * form.height * form.width, linear=linear)


def strip_product(call: Call, target: Target, form: Walked, *, stored: int, linear: bool) -> Cost:
    """A convolution or linear over strips of `stored` weights. Columns that loops compute in vain count; a last column alone does not pay for others, but
    its weights come from flash for it alone."""
    scratch = (linear_strip_scratch if linear else conv2d_strip_scratch)(call, form)
    *rows, width, out = call.node.type.shape if call.node.op == "conv2d" else (1, prod(call.node.type.shape[:-1]), call.node.type.shape[-1])
    walk, flash, each = windows(call, form), weighted_flash(call, form.name), form.together
    gathered = call.node.op == "conv2d" and strip_rows(call, form) == 0
    lines, columns = (1, prod(rows) * width) if gathered else (prod(rows), width)
    passes, ones = lines * (columns // each + (columns % each > 1)), lines * (columns % each == 1)
    widened = 4 * each * quads(call) * passes if gathered else walk.widened(call.operands[0].shape) if call.node.op == "conv2d" else 4 * quads(call) * columns
    work = added(
        {"strips": 1.0},
        of(form.name, mac=each * stored * passes, result=each * out * passes, widened=widened, panel=passes),
        of(f"{form.name}.one", mac=stored * ones, result=out * ones, panel=ones),
        strip_endings(call, form, each * out * passes),
        of("pairs", run=walk.runs * -(-out // 2) * passes) if isinstance(form, Pairs) else {},
        of("gathered", input=widened, row=each * call.operands[1].shape[1] * passes) if gathered else {},
        of("strips", sum=(columns % each) * out * lines) if columns % each > 1 else {},
        reading(call, target, form, linear),
    )
    return cost(target, work, scratch=scratch, flash=flash)


def strip_endings(call: Call, form: Walked, results: float) -> Work:
    """What an ending takes beyond the plain one: in the loops, or where there is none for it, through sums."""
    residual, table = len(call.operands) > 3, bool(call.attr("activation"))
    if call.node.type.shape[-1] % form.height or call.attr("clamp") or {type.dtype for type in (*call.operands[3:], call.node.type)} != {"i8"}:
        return {"strips.sum": results} | of("end", activation=table * results, residual=residual * results)
    return of("strips", table=table * results, residual=residual * results)


def reading(call: Call, target: Target, form: Walked, linear: bool) -> Work:
    """Weights come from flash once, and are read again for each of the other rows or strips that are not finished together with the first."""
    passes, most = (linear_passes, most_strips(call, form)) if linear else (conv2d_passes, most_rows(call, form))
    times, bytes, caches = passes(call, form, int(call.attr("together", most))), weighted_flash(call, form.name), target.caches
    fills = bytes / max(caches.line_bytes, 1) * target.flash.line_fill_cycles
    again = times - 1
    rows = -(-call.node.type.shape[-1] // form.height)
    return {CYCLES: fills * (1 + again * missed_share(bytes, caches.data_bytes)), f"strips.pass{form.together}": times * rows}


def missed_share(bytes: int, cache: int) -> float:
    """Of what is read from end to end, over and over, through a cache with random replacement: a line survives each miss with probability 1 - 1 / lines,
    so that the share that misses solves m = 1 - exp(-m · bytes / cache). Without a cache all of it."""
    share = 1.0
    for _ in range(40 if cache else 0):
        share = 1 - exp(-share * bytes / cache)
    return share if share > 0.01 else 0.0
