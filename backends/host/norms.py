"""layer_norm, rms_norm and group_norm: exact sums of a group and one reciprocal square root, in 64 bits."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfc.ir import arithmetic as fixed
from tfc.ir.float_rules import grouped
from tfc.ir.int_rules import Call

from .emit import Emitter
from .lanes import Number, high
from .products import tensor


def rsqrt(w: Number, p: int) -> Number:
    """2^p / √w, 64 bits in and out."""
    lift = w.leading_zeros() & ~1  # 32 more than the even exponent of the text
    mantissa = (w << lift).unsigned_shift(32)
    y = 2254857830 - (mantissa * 1288490189).unsigned_shift(32)
    for _ in range(3):
        y = (y * (805306368 - ((y * y).unsigned_shift(32) * mantissa).unsigned_shift(32))).unsigned_shift(29)
    return (y.unsigned_shift((62 - p) - (lift >> 1))).at_most(2**31 - 1)


def layer_norm(call: Call, e: Emitter) -> None:
    normalise(call, e, last_axis(call), tensor(call, 1), tensor(call, 2), zero=0, centre=True)


def rms_norm(call: Call, e: Emitter) -> None:
    gamma = tensor(call, 1)
    normalise(call, e, last_axis(call), gamma, np.zeros_like(gamma), zero=int(call.q(0).zero_point), centre=False)


def group_norm(call: Call, e: Emitter) -> None:
    indexes = np.arange(call.operands[0].size).reshape(1, *call.operands[0].shape)
    normalise(call, e, grouped(call.node, indexes), tensor(call, 1), tensor(call, 2), zero=0, centre=True)


def last_axis(call: Call) -> NDArray[Any]:
    return np.arange(call.operands[0].size).reshape(-1, call.operands[0].shape[-1])


def normalise(call: Call, e: Emitter, groups: NDArray[Any], gamma: NDArray[Any], beta: NDArray[Any], *, zero: int, centre: bool) -> None:
    """Each row of `groups` […, count] holds the indexes of the elements that are normalised together."""
    shape, count = call.operands[0].shape, groups.shape[-1]
    axis = call.attr("axis", 1) if call.node.op == "group_norm" else len(shape) - 1
    channels = (groups // int(np.prod(shape[axis + 1 :]))) % shape[axis]
    c = fixed.norm_constants(call.q(0), call.out, gamma, beta, call.attr("eps", 1e-5), count, call.operands[0].dtype)
    x, y, at, channel_at = e.operand(0), e.result, e.positions(groups), e.positions(channels)
    gains, offsets = e.constant(c.gains), e.constant(c.offsets)
    with e.loop(groups.size // count) as row:
        total, squares = e.variable(e.numbers(0)), e.variable(e.numbers(0).wide)
        with e.loop(count) as i:
            value = e.read(x, at(row * count + i)) - zero
            squares.add((value * value).wide)
            if centre:
                total.add(value)
        sum_wide = total.get().wide
        root = rsqrt((squares.get() * count - sum_wide * sum_wide + c.epsilon).at_least(c.least), c.precision)
        with e.loop(count) as i:
            index, channel = at(row * count + i), channel_at(row * count + i)
            normal = high(((e.read(x, index) - zero) * count - total.get()) << c.lift, root)
            e.write(y, index, ((normal * e.read(gains, channel) + e.read(offsets, channel)) >> c.shift).clamped(call.clamp))


RULES = {"layer_norm": layer_norm, "rms_norm": rms_norm, "group_norm": group_norm}
