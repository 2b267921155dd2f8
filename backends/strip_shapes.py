"""Convolutions and linears as the loops over strips see them: how windows lie, what is finished together, and the bytes of scratch that this takes."""

from __future__ import annotations

from functools import lru_cache
from math import prod

from tfc.ir.int_rules import Call

from .shapes import fours, quads
from .strips import LARGEST_STEP, PITCH, QUAD_BYTES, Windows
from .walked import Walked

TOGETHER = 32  # columns, at least, for which weights are read once (12 fours or eights at most: strips.h), if they take no more memory than this:
STRIP_BYTES = 40960
SPARE = 8  # bytes behind a strip that loops may read ahead


def windows(call: Call, form: Walked) -> Windows:
    """How the loops over strips walk the inputs: windows as they lie, or gathered first where quads span taps or strips are too narrow."""
    if call.node.op != "conv2d":
        return windows_of(form, (1, 1), call.operands[1].shape[-1], 1, 1)
    _, height, width, c = call.operands[1].shape
    return windows_of(form, (height, width), c, call.attr("stride", (1, 1))[1], call.attr("dilation", (1, 1))[1])


@lru_cache(maxsize=4096)  # each bid asks several times
def windows_of(form: Walked, kernel: tuple[int, int], channels: int, stride: int, dilation: int) -> Windows:
    lying = form.windows(kernel, channels, stride, dilation)
    gathered = channels % 4 != 0 and kernel != (1, 1)
    return form.windows((1, 1), prod(kernel) * channels) if gathered or lying.span == 0 or lying.row_bytes > LARGEST_STEP else lying


def is_gathered(call: Call, walk: Windows) -> bool:
    """Whether windows do not lie in strips as they are."""
    return walk.kernel != tuple(call.operands[1].shape[1:3])


def linear_windows(call: Call, form: Walked) -> Windows:
    """How the loops walk tokens."""
    walk = form.windows((1, 1), call.operands[1].shape[-1])
    return walk.alone() if is_token(call, form) else walk


def tokens_of(call: Call) -> int:
    """Tokens of a linear, or pixels."""
    return prod(call.node.type.shape[:-1])


def is_token(call: Call, form: Walked) -> bool:
    """Whether there is one token, for which the format has a loop of its own."""
    return form.token and tokens_of(call) == 1


def loop_orders(call: Call, form: Walked, linear: bool) -> list[int]:
    """Rows of results, or strips of tokens, that may be finished together, the most first: fewer take less scratch, but read the weights more often."""
    most = most_strips(call, form) if linear else most_rows(call, form)
    return sorted({most, -(-most // 2), 1}, reverse=True)


def most_rows(call: Call, form: Walked) -> int:
    """Rows of results of a convolution."""
    _, out_h, out_w, _ = call.node.type.shape
    walk, stride = windows(call, form), call.attr("stride", (1, 1))[0]
    if is_gathered(call, walk) or call.attr("dilation", (1, 1))[0] > 1:
        return 1
    columns = -(-min(walk.span, out_w) // form.together) * form.together
    room = (STRIP_BYTES // walk.row_bytes - walk.kernel[0]) // stride + 1
    return int(max(1, min(out_h, -(-TOGETHER // columns), room)))


def most_strips(call: Call, form: Walked) -> int:
    """Strips of tokens."""
    columns = strip_columns(form)
    return max(1, min(-(-tokens_of(call) // columns), -(-TOGETHER // columns), STRIP_BYTES // (QUAD_BYTES * quads(call))))


def strip_columns(form: Walked) -> int:
    """Tokens in a strip."""
    return PITCH // form.together * form.together


def linear_passes(call: Call, form: Walked, together: int) -> int:
    """How often a linear reads its weights."""
    return -(-tokens_of(call) // (strip_columns(form) * together))


def strip_rows(call: Call, form: Walked) -> int:
    """Rows of the strip of a convolution, for as many rows of results as are finished together; 0 where windows are gathered."""
    walk, together = windows(call, form), int(call.attr("together", most_rows(call, form)))
    return 0 if is_gathered(call, walk) else int((together - 1) * call.attr("stride", (1, 1))[0] + walk.kernel[0])


def linear_strips(call: Call, form: Walked) -> int:
    """Strips of tokens that are widened and finished together; 0 for a token that lies by itself."""
    return 0 if is_token(call, form) else int(call.attr("together", most_strips(call, form)))


def sums_scratch(call: Call, form: Walked) -> int:
    """Of whole fours of channels."""
    return 4 * form.together * fours(call.operands[1].shape[0])


def linear_strip_scratch(call: Call, form: Walked) -> int:
    """Sums, and the strips; or the sums and the inputs of one token."""
    if is_token(call, form):
        return 4 * fours(call.operands[1].shape[0]) + 8 * quads(call)
    return sums_scratch(call, form) + linear_strips(call, form) * QUAD_BYTES * quads(call) + SPARE


def conv2d_strip_scratch(call: Call, form: Walked) -> int:
    """Sums, a pixel of zero points and the strip, or gathered windows and the strip that they become."""
    walk, rows = windows(call, form), strip_rows(call, form)
    inputs = 4 * walk.quads + rows * walk.row_bytes if rows else 4 * form.together * walk.quads + walk.row_bytes
    return sums_scratch(call, form) + inputs + SPARE
