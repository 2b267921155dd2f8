"""Means, pools and interpolation: each result gathers the elements on a list."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfc.ir import arithmetic as fixed
from tfc.ir.float_rules import pool_sums
from tfc.ir.int_rules import Call
from tfc.ir.movement import bilinear_taps, bordered, windows

from .elements import numbered
from .emit import Emitter
from .lanes import Number, high


def reduced(
    e: Emitter, lists: NDArray[Any], run: int, first: int, step: Callable[[Number, Number], Number], ending: Callable[[Number, Number], Number]
) -> None:
    """For each row of `lists` [rows, n] and each of `run` elements side by side: all x[entry · run + i] in one number. −1 is no entry."""
    x, y, (rows, _) = e.operand(0), e.result, lists.shape
    starts = e.constant(np.cumsum([0, *(lists >= 0).sum(axis=1)]))
    entries = e.constant(lists[lists >= 0])
    with e.loop(rows) as row, e.loop(run) as i:
        total = e.variable(e.numbers(first))
        with e.loop(e.scalar(starts, row + 1), e.scalar(starts, row)) as entry:
            total.set(step(total.get(), e.read(x, e.scalar(entries, entry) * run + i)))
        e.write(y, row * run + i, ending(total.get(), row))


def averaged(call: Call, e: Emitter, lists: NDArray[Any], run: int, counts: Any) -> None:
    """The sum of each row without zero points, divided by its count."""
    zero, dtype = int(call.q(0).zero_point), call.operands[0].dtype
    ratio = float(call.q(0).scale) / (float(call.out.scale) * np.asarray(counts, np.float64))
    c = fixed.requantization(ratio, float(np.max(counts)) * fixed.distance(dtype, zero))
    multipliers = e.constant(np.broadcast_to(c.multipliers, len(lists)))

    def ending(total: Number, row: Number) -> Number:
        return (high(total << c.shift, e.read(multipliers, row)) + int(call.out.zero_point)).clamped(call.clamp)

    reduced(e, lists, run, 0, lambda total, x: total + (x - zero), ending)


def mean(call: Call, e: Emitter) -> None:
    """Axes behind the last one that vanishes are run through side by side."""
    shape = call.operands[0].shape
    axes = sorted({axis % len(shape) for axis in call.attr("axes")})
    lead = shape[: axes[-1] + 1]
    kept = np.moveaxis(numbered(lead), axes, range(len(lead) - len(axes), len(lead)))
    count = prod(shape[axis] for axis in axes)
    averaged(call, e, kept.reshape(-1, count), prod(shape[len(lead) :]), count)


def window_lists(call: Call) -> NDArray[Any]:
    """The pixels [rows, window] of each pixel of the result; −1 in the padding."""
    n, h, w, _ = call.operands[0].shape
    padded = bordered(numbered((n, h, w, 1)), call.attr("pad", (0, 0, 0, 0)), -1)
    return windows(padded, call.attr("window"), call.attr("stride")).reshape(-1, prod(call.attr("window")))


def avg_pool2d(call: Call, e: Emitter) -> None:
    n, _, _, c = call.operands[0].shape
    _, counts = pool_sums(call.node, np.zeros((1, *call.operands[0].shape), np.int64))
    averaged(call, e, window_lists(call), c, np.broadcast_to(counts, (n, *counts.shape)).reshape(-1))


def max_pool2d(call: Call, e: Emitter) -> None:
    reduced(e, window_lists(call), call.operands[0].shape[-1], -(2**31), lambda top, x: top.at_least(x), lambda top, _: top)


def resize_bilinear(call: Call, e: Emitter) -> None:
    """Four pixels and their weights for each pixel of the result, sums of at most 127 · 2¹⁶."""
    n, h, w, c = call.operands[0].shape
    axes = [bilinear_taps(new, old, call.attr("align_corners", False)) for new, old in zip(call.attr("size"), (h, w), strict=True)]
    (rows, columns), shares = ([np.stack(taps[:2]) for taps in axes], [np.round(taps[2] * 256).astype(np.int64) for taps in axes])
    row_weights, column_weights = (np.stack([256 - share, share]) for share in shares)
    pixels = rows[None, :, None, :, None] * w + columns[None, None, :, None, :] + (np.arange(n) * h * w).reshape(-1, 1, 1, 1, 1)
    weights = np.broadcast_to(row_weights[None, :, None, :, None] * column_weights[None, None, :, None, :], pixels.shape)
    lists, factors = (np.moveaxis(values.reshape(n, 4, -1), 1, 2).reshape(-1, 4) for values in (pixels, weights))
    x, y, at, factor = e.operand(0), e.result, e.positions(lists), e.constant(factors)
    with e.loop(len(lists)) as pixel, e.loop(c) as channel:
        total = e.numbers(1 << 15)
        for tap in range(4):
            total += e.read(x, at(pixel * 4 + tap) * c + channel) * e.read(factor, pixel * 4 + tap)
        e.write(y, pixel * c + channel, (total >> 16).clamped(call.clamp))


RULES = {"mean": mean, "avg_pool2d": avg_pool2d, "max_pool2d": max_pool2d, "resize_bilinear": resize_bilinear}
