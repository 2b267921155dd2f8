"""In which order kernels read windows of a map, in bytes of the operand."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfc.ir.int_rules import Call

Ints = NDArray[np.int64]
NEVER = 1 << 40  # where nothing is read, or no limit


def ordered(starts: Ints, written: Ints, bytes: int) -> int:
    """How far behind a result an operand of so many bytes must lie at least: step t reads from byte starts[t] on, and written[t] bytes of the result are
    there before it has done so."""
    left = np.minimum.accumulate(starts[::-1])[::-1]
    return max(int((written - left).max(initial=-bytes)), -bytes)


def inside(call: Call, axis: int) -> tuple[Ints, Ints]:
    """For each row or column (axis 0 or 1) of the result, the first one of the map under its windows and how many; NEVER and 0 where these lie outside."""
    size = call.operands[0].shape[1 + axis]
    taps = call.operands[1].shape[1 + axis] if call.node.op == "conv2d" else call.attr("window")[axis]
    stride, dilation = (call.attr(name, (1, 1))[axis] for name in ("stride", "dilation"))
    places = np.arange(call.node.type.shape[1 + axis])[:, None] * stride - call.attr("pad", (0, 0, 0, 0))[axis] + np.arange(taps) * dilation
    within = (places >= 0) & (places < size)
    return np.where(within, places, NEVER).min(axis=1), within.sum(axis=1)


def window_starts(call: Call) -> Ints:
    """The first byte of each window."""
    _, _, w, c = call.operands[0].shape
    (rows, _), (columns, _) = inside(call, 0), inside(call, 1)
    pixels = rows[:, None] * w + columns
    return np.where(pixels < NEVER, pixels * c, NEVER).reshape(-1)


def fives(call: Call) -> Ints:
    """The fifth pixel of each window that has one."""
    _, _, w, c = call.operands[0].shape
    (_, rows), (_, columns) = inside(call, 0), inside(call, 1)
    behind = (4 // np.maximum(columns, 1) * w + 4 % np.maximum(columns, 1)) * c
    return np.where(rows[:, None] * columns > 4, window_starts(call).reshape(len(rows), -1) + behind, NEVER).reshape(-1)


def rows_in_order(call: Call, first: Ints, end: Any) -> Ints:
    """The first byte of rows of the padded map from `first` up to `end`; NEVER where there are none, or all are padding."""
    _, h, w, c = call.operands[0].shape
    pad = call.attr("pad", (0, 0, 0, 0))[0]
    row = np.maximum(first - pad, 0)
    return np.where((row < h) & (row < end - pad), row * w * c, NEVER)
