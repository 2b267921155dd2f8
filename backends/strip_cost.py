"""What convolutions and linears over strips cost."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp

from tfc.ir.int_rules import Call

from .cost import CYCLES, Cost, Work, added, cost, of, weighted_flash
from .endings import ENDLESS
from .formats import matrix
from .measures import once
from .shapes import folded_bias, quads
from .streams import Blocks
from .strip_shapes import (
    conv2d_strip_scratch,
    is_gathered,
    linear_passes,
    linear_strip_scratch,
    linear_windows,
    most_rows,
    most_strips,
    strip_rows,
    tokens_of,
    windows,
)
from .target import Target
from .walked import Pairs, Walked

RUN_BYTES = 4  # of dense weights: where a run begins, and how long it is


def dense_product(call: Call, target: Target, *, linear: bool) -> Cost:
    return strip_product(call, target, Pairs(), stored=call.operands[1].shape[0] * 4 * quads(call), linear=linear)


def sparse_product(call: Call, target: Target, form: Blocks, *, linear: bool) -> Cost | None:
    """The blocks that are not zero; None where their sums would not be exact."""
    w, b = (call.graph.constant(call.node.operands[i]) for i in (1, 2))
    if w is None or b is None or not form.takes(call.operands[0].dtype, matrix(w), lambda: folded_bias(call, w, b)):
        return None
    return strip_product(call, target, form, stored=once(form.count, w) * form.height * form.width, linear=linear)


def strip_product(call: Call, target: Target, form: Walked, *, stored: int, linear: bool) -> Cost:
    """A convolution or linear over strips of `stored` weights."""
    scratch = (linear_strip_scratch if linear else conv2d_strip_scratch)(call, form)
    count, ends, out = (linear_columns if linear else conv2d_columns)(call, form), ending_of(call, form), call.node.type.shape[-1]
    waiting, apart = (count.full, 0) if ends.in_loop else (0, count.full)  # groups that are finished together, and those that go through sums
    summed = apart + count.rest
    ended = out * (apart * form.together + count.rest_columns + count.ones * (not ends.in_loop))
    groups, calls = count.full + count.rest, summed + count.ones * (not ends.in_loop)
    work = added(
        {"strips": 1.0},
        of(form.name, mac=form.together * stored * groups, panel=groups, result=form.together * out * waiting, store=form.together * out * summed),
        of(f"{form.name}.one", mac=stored * count.ones, result=out * count.ones, panel=count.ones),
        of(form.widen, input=count.widened, call=count.widenings),
        of("strips", moved=count.moved, end=calls, end_row=calls * out, **{f"end_{ends.kind}": ended}),
        of("strips", **{name: (form.together * waiting + count.ones) * out for name in ends.extras}),
        of("pairs", run=count.runs * -(-out // 2) * groups) if isinstance(form, Pairs) else {},
        of("gathered", input=count.gathered, row=count.gathered_rows),
        reading(call, target, form, (count.passes if waiting else 0) + summed + count.ones, count.passes if waiting else 0),
    )
    heads = RUN_BYTES * (count.runs - 1) * -(-out // 2) if isinstance(form, Pairs) else 0  # of the runs of windows that are more than one
    return cost(target, work, scratch=scratch, flash=weighted_flash(call, form.name) + heads)


@dataclass(frozen=True)
class Columns:
    """How loops take columns: groups that are full, last ones of a line that are not, of how many columns, and columns that are alone; how often weights
    are read for what is finished together; inputs that are widened, in how many calls, words of strips that move, and windows that are gathered.
    """

    full: int
    rest: int
    rest_columns: int
    ones: int
    passes: int
    widened: int
    widenings: int
    runs: int
    moved: int = 0
    gathered: int = 0
    gathered_rows: int = 0


def linear_columns(call: Call, form: Walked) -> Columns:
    """One line of tokens."""
    tokens, each = tokens_of(call), form.together
    groups = -(-tokens // each)
    full, rest = divmod(tokens, each)
    widened = 4 * quads(call) * (tokens if rest == 1 else groups * each)
    passes = linear_passes(call, form, int(call.attr("together", most_strips(call, form))))
    return Columns(full, int(rest > 1), rest if rest > 1 else 0, int(rest == 1), passes, widened, groups, linear_windows(call, form).runs)


def conv2d_columns(call: Call, form: Walked) -> Columns:
    """A line for each row of results and part of its columns that fits a strip; or one of all pixels, whose windows are gathered."""
    (_, out_h, out_w, _), kernel_h = call.node.type.shape, call.operands[1].shape[1]
    walk, rows, each, stride = windows(call, form), strip_rows(call, form), form.together, call.attr("stride", (1, 1))[0]
    if rows == 0 and is_gathered(call, walk):
        pixels, inputs = out_h * out_w, 4 * walk.quads
        full, rest = divmod(pixels, each)
        groups = full + (rest > 0)
        ones = int(rest == 1)
        return Columns(
            full, int(rest > 1), rest if rest > 1 else 0, ones, full, groups * each * inputs, groups, walk.runs, 0, pixels * inputs, pixels * kernel_h
        )
    spans, last = divmod(out_w, walk.span)
    full, rest = out_h * (spans * (walk.span // each) + last // each), last % each
    together = int(call.attr("together", most_rows(call, form)))
    batches, dilated = -(-out_h // together), call.attr("dilation", (1, 1))[0] > 1
    read = out_h * kernel_h if dilated else max(out_h * stride, (out_h - 1) * stride + kernel_h)  # rows of the map, with those outside of it
    columns = spans * (walk.span + walk.halo) + (-(-last // each) * each + walk.halo if last else 0)
    shared = 0 if dilated else max(kernel_h - stride, 0)
    parts = spans + (last > 0)
    return Columns(
        full,
        out_h * (rest > 1),
        out_h * rest if rest > 1 else 0,
        out_h * (rest == 1),
        batches * (spans + (last >= each)),
        4 * walk.quads * walk.phases * read * columns,
        walk.phases * read * parts,
        walk.runs,
        moved=batches * parts * shared * walk.row_bytes // 4,
    )


@dataclass(frozen=True)
class Ending:
    """Whether the loops make results themselves, what they take beyond the plain ending then, and which function does it otherwise."""

    in_loop: bool
    extras: tuple[str, ...]
    kind: str


def ending_of(call: Call, form: Walked) -> Ending:
    residual, table = len(call.operands) > 3, bool(call.attr("activation"))
    narrow = {type.dtype for type in (*call.operands[3:], call.node.type)} == {"i8"}
    in_loop = call.node.type.shape[-1] % form.height == 0 and not call.attr("clamp") and narrow and form.name not in ENDLESS
    names = [name for name, there in (("table", table), ("residual", residual)) if there]
    return Ending(in_loop, tuple(names) if in_loop else (), "_".join(names) or ("clamp" if call.attr("clamp") else "plain"))


def reading(call: Call, target: Target, form: Walked, times: int, finished: int) -> Work:
    """Weights come from flash once, and are read again each of the other times; what is finished together has a loop over its columns in each row of
    blocks."""
    bytes, caches = weighted_flash(call, form.name), target.caches
    fills = bytes / max(caches.line_bytes, 1) * target.flash.line_fill_cycles
    rows = -(-call.node.type.shape[-1] // form.height)
    missed = 1 + (times - 1) * missed_share(bytes, caches.data_bytes)
    return {CYCLES: fills * missed, **of("strips", **{f"pass{form.together}": finished * rows})}


def missed_share(bytes: int, cache: int) -> float:
    """Of what is read from end to end, over and over, through a cache with random replacement: a line survives each miss with probability 1 - 1 / lines,
    so that the share that misses solves m = 1 - exp(-m · bytes / cache). Without a cache all of it."""
    share = 1.0
    for _ in range(40 if cache else 0):
        share = 1 - exp(-share * bytes / cache)
    return share if share > 0.01 else 0.0
