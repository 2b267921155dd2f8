"""How a result may lie over an operand that nobody reads afterwards: what the order of a kernel's reads and writes permits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import lcm

import numpy as np

from tfc.ir.graph import Graph, Node
from tfc.ir.int_rules import Call
from tfc.ir.movement import bilinear_taps
from tfc.ir.types import DTYPES, TensorType

from .endings import ending, ends_in_loop
from .formats import format_named
from .kernels import KERNELS
from .read_order import NEVER, Ints, fives, ordered, rows_in_order, window_starts
from .shapes import column_bands, row_bands
from .strides import mean_runs
from .strip_shapes import linear_strips, most_rows, strip_columns, strip_rows, tokens_of, windows
from .walked import Walked


@dataclass(frozen=True)
class Shift:
    """Bytes from the start of the result to that of the operand with which both may share bytes: from `least` to `most`."""

    least: int
    most: int = NEVER


IN_PLACE = Shift(0, 0)
NOWHERE = Shift(NEVER)  # no byte in common
FOUR = 4  # channels or pixels that kernels read before they write any of their results
WORDS = 8  # a distance that all buffers can have
Rule = Callable[[Call], Shift | None]


def shifts(node: Node, graph: Graph) -> dict[int, Shift]:
    """The operands of a bound node that its result may overlap, by their position."""
    call = Call(node, tuple(graph[name].type for name in node.operands), graph)
    found = {index: shift for index, rule in rules_of(call).items() if (shift := rule(call)) is not None}
    return {index: shift for index, shift in found.items() if graph[node.operands[index]].op != "const"}


def rules_of(call: Call) -> dict[int, Rule]:
    """By operand. A residual is read right before the result that it belongs to is written, but in no order of addresses."""
    kernel = str(call.node.attrs["kernel"])
    if kernel in ELEMENTWISE:
        return {index: element_by_element(index) for index in range(len(call.operands))}
    if call.node.op in ("conv2d", "linear"):
        return {0: product_rule(kernel), **({3: in_place(3)} if len(call.operands) > 3 else {})}
    return {0: RULES[call.node.op]} if call.node.op in RULES else {}


def product_rule(kernel: str) -> Rule:
    """Kernels of one form of weights walk the map alike; of the others each has an order of its own."""
    if kernel in CONVOLUTIONS:
        return CONVOLUTIONS[kernel]
    form = format_named(KERNELS[kernel].format)
    assert isinstance(form, Walked), f"no rule tells in which order {kernel} reads"
    return by_tokens(form) if kernel.startswith("linear") else by_strips(form)


def itemsize(type: TensorType) -> int:
    return np.dtype(DTYPES[type.dtype]).itemsize


def from_order(call: Call, starts: Ints, written: Ints) -> Shift:
    return Shift(ordered(starts, written, call.operands[0].bytes))


def in_place(index: int) -> Rule:
    """Each element of the result is written where that of the operand lies, which was read before."""

    def rule(call: Call) -> Shift | None:
        return IN_PLACE if itemsize(call.operands[index]) == itemsize(call.node.type) else None

    return rule


def element_by_element(index: int) -> Rule:
    """From the first element to the last; wider results run ahead of what is read. An operand that is repeated is read again."""

    def rule(call: Call) -> Shift | None:
        x, y = call.operands[index], call.node.type
        return Shift(max(0, (y.size - 1) * (itemsize(y) - itemsize(x)))) if x.size == y.size else None

    return rule


def row_by_row(call: Call) -> Shift:
    """Four elements are read before the first of their results is written, of shorter rows one; a row's sums are there before all of it. Results are
    never wider than elements, so that they fall behind."""
    x = call.operands[0]
    each = FOUR if x.shape[-1] >= FOUR else 1
    firsts = np.arange(each, x.size, each)
    return from_order(call, firsts * itemsize(x), firsts * itemsize(call.node.type))


def by_means(call: Call) -> Shift:
    """All elements of four neighbouring means are read before these are written, then those of the rest of a run one by one."""
    runs = mean_runs(call.operands[0].shape, call.attr("axes"))
    inner, (outer, middle) = runs["inner"], np.ogrid[: runs["outer"], : runs["middle"]]
    firsts = np.concatenate([np.arange(0, inner - inner % FOUR, FOUR), np.arange(inner - inner % FOUR, inner)])
    starts = ((outer * runs["n1"] * runs["middle"] + middle) * runs["n2"] * inner)[..., None] + firsts
    written = ((outer * runs["middle"] + middle) * inner)[..., None] + firsts
    return from_order(call, starts.reshape(-1)[1:] * itemsize(call.operands[0]), written.reshape(-1)[1:] * itemsize(call.node.type))


def copied(call: Call) -> Shift:
    """Runs of bytes, from the lowest address on, of which each is read before it is written."""
    if call.node.op != "slice":
        return Shift(0)
    x, axis = call.operands[0], call.attr("axis")
    return Shift(-call.attr("start") * itemsize(x) * int(np.prod(x.shape[axis + 1 :], dtype=np.int64)))


def by_tokens(form: Walked) -> Rule:
    """All tokens that are finished together are read before the first of their results is written: those of some strips, or where sums are stored, those
    that a loop takes together."""

    def rule(call: Call) -> Shift:
        together = linear_strips(call, form) * strip_columns(form) if ends_in_strips(call, form) else form.together
        each = np.arange(together, tokens_of(call), together)
        return from_order(call, each * call.operands[0].shape[-1] * itemsize(call.operands[0]), each * pixel_bytes(call))

    return rule


def ends_in_strips(call: Call, form: Walked) -> bool:
    """Whether results wait until strips are full, but those of a last, incomplete loop."""
    w, b = (call.graph.constant(call.node.operands[index]) for index in (1, 2))
    assert w is not None, f"weights of {call.node.op} are no constants"
    assert b is not None, f"the bias of {call.node.op} is no constant"
    return tokens_of(call) > form.together and len(w) % form.height == 0 and ends_in_loop(call, form, ending(call, w, b))


def pixel_bytes(call: Call) -> int:
    """Of the result."""
    return call.node.type.shape[-1] * itemsize(call.node.type)


def by_pixels(call: Call, together: int) -> Shift:
    """All windows of so many pixels are read before the first of their results is written."""
    starts = window_starts(call)
    return from_order(call, starts[together:], np.arange(len(starts))[together:] // together * together * pixel_bytes(call))


def by_strips(form: Walked) -> Rule:
    """As many rows of the map as some rows of results need are read before any of these is written; what the next ones share is kept, if it is
    dense. A map that takes several strips is read once for each."""

    def rule(call: Call) -> Shift | None:
        if strip_rows(call, form) == 0:
            return by_pixels(call, form.together)
        _, out_h, out_w, _ = call.node.type.shape
        if windows(call, form).span < out_w:
            return None
        stride, dense = call.attr("stride", (1, 1))[0], call.attr("dilation", (1, 1))[0] == 1
        together = int(call.attr("together", most_rows(call, form))) if dense else 1
        shared = max(0, call.operands[1].shape[1] - stride) if dense else 0
        rows = np.arange(together, out_h, together)
        return from_order(call, rows_in_order(call, rows * stride + shared, NEVER), rows * out_w * pixel_bytes(call))

    return rule


def by_rows(call: Call) -> Shift:
    """The rows of the map that four pixels need and that no pixel before them did are read before their results are written."""
    _, out_h, out_w, _ = call.node.type.shape
    last = (np.minimum(np.arange(0, out_h * out_w, FOUR) + FOUR, out_h * out_w) - 1) // out_w
    ready = last * call.attr("stride", (1, 1))[0] + call.operands[1].shape[1]
    return from_order(call, rows_in_order(call, ready[:-1], ready[1:]), np.arange(1, len(ready)) * FOUR * pixel_bytes(call))


def by_results(call: Call) -> Shift:
    """A window is read again for each channel of the result, in the channels of its group."""
    out, inputs = call.operands[1].shape[0], call.operands[1].shape[-1]
    group = np.arange(out) // (out // call.attr("groups", 1)) * inputs
    starts = (window_starts(call)[:, None] + group).reshape(-1)
    return from_order(call, starts[1:], np.arange(1, starts.size) * itemsize(call.node.type))


def by_channels(call: Call) -> Shift | None:
    """Four channels of the whole map are read before they are written, and nothing else lies at their addresses."""
    x = call.operands[0]
    return Shift(-x.bytes) if x.shape[-1] <= FOUR else in_place(0)(call)


def by_bands(call: Call) -> Shift | None:
    """The same of each band of rows. Where the next one begins nothing may be written yet, and of more than four channels, each must meet its like; bands
    of columns read what lies beside them."""
    x, (_, out_h, out_w, c), bands = call.operands[0], call.node.type.shape, row_bands(call)
    if column_bands(call) > 1:
        return None
    if bands == 1:
        return by_channels(call)
    rows = np.arange(-(-out_h // bands), out_h, -(-out_h // bands))
    free = from_order(call, rows_in_order(call, rows * call.attr("stride", (1, 1))[0], NEVER), rows * out_w * pixel_bytes(call))
    if c <= FOUR:
        return free
    if itemsize(x) != itemsize(call.node.type):
        return None
    at = -(-max(free.least, 0) // lcm(c, WORDS)) * lcm(c, WORDS)
    return Shift(at, at)


def averaged(call: Call) -> Shift:
    """A window is read and written by channels."""
    starts = window_starts(call)
    return from_order(call, starts, np.arange(len(starts)) * pixel_bytes(call))


def greatest(call: Call) -> Shift:
    """The same, but behind the first four pixels of a window its results are there."""
    starts = window_starts(call)
    ends = np.arange(1, len(starts) + 1) * pixel_bytes(call)
    return Shift(max(averaged(call).least, ordered(fives(call), ends, call.operands[0].bytes)))


def repeated(call: Call) -> Shift:
    """Pixels by two lists of rows and columns."""
    _, h, w, _ = call.operands[0].shape
    sizes = tuple(zip(call.attr("size"), (h, w), strict=True))
    if call.node.op == "resize_nearest":
        rows, columns = (np.arange(new) * old // new for new, old in sizes)
    else:
        rows, columns = (bilinear_taps(new, old, call.attr("align_corners", False))[0] for new, old in sizes)
    pixels = (rows[:, None] * w + columns).reshape(-1)
    return from_order(call, pixels * pixel_bytes(call), np.arange(pixels.size) * pixel_bytes(call))


ELEMENTWISE = ("add_s8", "add_s16", "mul_s8", "mul_s16", "rescale_s8", "rescale_s16", "table_s8")
CONVOLUTIONS: dict[str, Rule] = {
    **{"conv2d_s8_few": by_rows, "conv2d_s8_grouped": by_results, "conv2d_s8_depthwise": by_channels},
    **dict.fromkeys(("conv2d_s8_depthwise3x3", "conv2d_s8_depthwise_square"), by_bands),
}
RULES: dict[str, Rule] = {
    **dict.fromkeys(("softmax", "log_softmax", "layer_norm", "rms_norm"), row_by_row),
    **dict.fromkeys(("convert", "slice"), copied),
    **dict.fromkeys(("resize_nearest", "resize_bilinear"), repeated),
    **{"group_norm": in_place(0), "mean": by_means, "avg_pool2d": averaged, "max_pool2d": greatest},
}
