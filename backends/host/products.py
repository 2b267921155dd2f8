"""Convolutions, linear and matmul: sums over lists of the pairs of weights that are not zero."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfc.ir import arithmetic as fixed
from tfc.ir.int_rules import Call
from tfc.ir.movement import spread
from tfc.ir.pointwise import function_named

from .emit import Emitter
from .lanes import Number, high
from .packing import dot, pack, paired

TILE = 4  # result pixels that share the reading of a weight: their accumulators fill half of the registers of AVX2


def tensor(call: Call, index: int) -> NDArray[Any]:
    """The tensor of an operand that is a constant."""
    found = call.graph.constant(call.node.operands[index])
    assert found is not None, f"operand {index} of {call.node.op} is no constant"
    return found


def conv2d(call: Call, e: Emitter) -> None:
    n, h, width, c = call.operands[0].shape
    top, left, bottom, right = call.attr("pad", (0, 0, 0, 0))
    indexes = np.pad(np.arange(n * h * width * c).reshape(n, h, width, c), ((0, 0), (top, bottom), (left, right), (0, 0)), constant_values=-1)
    weighted(call, e, indexes, ungrouped(tensor(call, 1), call.attr("groups", 1)), call.attr("stride", (1, 1)), call.attr("dilation", (1, 1)))


def conv_transpose2d(call: Call, e: Emitter) -> None:
    """A plain convolution of the spread operand with the window turned round."""
    w, numbers = tensor(call, 1), np.arange(call.operands[0].size).reshape(call.operands[0].shape)
    indexes = spread(numbers + 1, call.node, w.shape[1:3]) - 1  # it fills with 0: these become −1
    weighted(call, e, indexes, ungrouped(w, call.attr("groups", 1))[:, ::-1, ::-1], (1, 1), call.attr("dilation", (1, 1)))


def linear(call: Call, e: Emitter) -> None:
    """A convolution over a row of tokens."""
    x, w = call.operands[0], tensor(call, 1)
    weighted(call, e, np.arange(x.size).reshape(1, 1, -1, x.shape[-1]), w[:, None, None, :], (1, 1), (1, 1))


def ungrouped(w: NDArray[Any], groups: int) -> NDArray[Any]:
    """Weights over all input channels, zero outside an output's group."""
    out, kh, kw, share = w.shape
    wide = np.zeros((groups, out // groups, kh, kw, groups, share), w.dtype)
    for group in range(groups):
        wide[group, :, :, :, group] = w.reshape(groups, out // groups, kh, kw, share)[group]
    return wide.reshape(out, kh, kw, groups * share)


def weighted(call: Call, e: Emitter, indexes: NDArray[Any], w: NDArray[Any], stride: tuple[int, int], dilation: tuple[int, int]) -> None:
    """For every tile of pixels and every output channel: the list of its pairs. `indexes` is the padded operand [n, H, W, C], `w` OHWI."""
    (n, rows, columns, _), out = indexes.shape, w.shape[0]
    out_h, out_w = ((size - step * (k - 1) - 1) // s + 1 for size, k, s, step in zip((rows, columns), w.shape[1:3], stride, dilation, strict=True))
    places = paired(indexes)
    x, pairs = pack(e, 0, places), places.shape[3]
    starts, offsets, weights = (e.constant(values) for values in pair_lists(paired(w, 0), columns, dilation))
    bias, ending = e.constant(tensor(call, 2)), ending_of(call, e, tensor(call, 1), tensor(call, 2))
    whole = out_w // TILE * TILE
    with e.loop(n) as sample, e.loop(out_h) as row:
        for first, last, tile in ((0, whole, TILE), (whole, out_w, out_w - whole)):
            if first == last:
                continue
            with e.loop(last, first, tile) as column, e.loop(out) as channel:
                at = ((sample * rows + row * stride[0]) * columns + column * stride[1]) * pairs
                sums = [e.variable(e.read(bias, channel)) for _ in range(tile)]
                with e.loop(e.scalar(starts, channel + 1), e.scalar(starts, channel)) as entry:
                    start, weight = at + e.scalar(offsets, entry), e.read_pairs(weights, entry)
                    for pixel, total in enumerate(sums):
                        total.add(e.pair_product(e.read_pairs(x, start + pixel * stride[1] * pairs), weight))
                for pixel, total in enumerate(sums):
                    ending(total.get(), channel, (((sample * out_h + row) * out_w + column) + pixel) * out + channel)


def pair_lists(w: NDArray[Any], columns: int, dilation: tuple[int, int]) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Weights [out, kh, kw, pairs, 2] as lists: where each output's begins, and for each pair that is not zero its offset in the operand and its bits."""
    channel, y, x, pair = np.nonzero(w.any(axis=-1))
    starts = np.searchsorted(channel, np.arange(len(w) + 1))
    offsets = (y * dilation[0] * columns + x * dilation[1]) * w.shape[3] + pair
    return starts, offsets, np.ascontiguousarray(w[channel, y, x, pair].astype("<i2")).view("<i4").reshape(-1)


def ending_of(call: Call, e: Emitter, w: NDArray[Any], b: NDArray[Any]) -> Callable[[Number, Number, Number], None]:
    """What becomes of an accumulator: (sum, channel, index in the result) → stored."""
    bound = fixed.product_bound(w, b, fixed.distance(call.operands[0].dtype, call.q(0).zero_point))
    activation = call.attr("activation")
    scale, zero = (call.attr("pre_scale"), call.attr("pre_zero")) if activation else (float(call.out.scale), call.out.zero_point)
    ratio = float(call.q(0).scale) * call.weight_scales / scale
    sums = fixed.residual(ratio, bound, call.q(3), scale, zero, call.operands[3].dtype) if len(call.operands) > 3 else None
    requantization = sums.requantization if sums else fixed.requantization(ratio, bound)
    multipliers, y = e.constant(requantization.multipliers), e.result
    r = e.operand(3) if sums else None
    table = None
    if activation:
        function = function_named(activation, call.attr("parameters", ()))
        table = e.constant(fixed.activation_table(function, scale, zero, call.out, call.node.type.dtype))

    def ending(total: Number, channel: Number, at: Number) -> None:
        value = high(total << requantization.shift, e.read(multipliers, channel))
        value = (value + e.read(r, at) * sums.multiplier + sums.constant) >> sums.fraction if r and sums else value + int(zero)
        e.write(y, at, e.look_up(table, value.clamped((0, fixed.TABLE - 1))) if table else value.clamped(call.clamp))

    return ending


def matmul(call: Call, e: Emitter) -> None:
    (m, k), n, batch = call.operands[0].shape[-2:], call.operands[1].shape[-1], call.node.type.shape[:-2]
    a, b = (np.broadcast_to(np.arange(x.size).reshape(x.shape), (*batch, *x.shape[-2:])) for x in call.operands)
    rows, columns = (paired(indexes) for indexes in (a, np.swapaxes(b, -1, -2)))
    packed, pairs = (pack(e, 0, rows), pack(e, 1, columns)), rows.shape[-2]
    bound = float(np.prod([fixed.distance(x.dtype, call.q(i).zero_point) for i, x in enumerate(call.operands)])) * k
    result = scaled(call, e, fixed.requantization(float(call.q(0).scale) * float(call.q(1).scale) / float(call.out.scale), bound))
    y = e.result
    with e.loop(int(np.prod(batch))) as item, e.loop(m) as i, e.loop(n) as j:
        row, column = item * m + i, item * n + j
        e.write(y, row * n + j, result(dot(e, packed[0], row * pairs, packed[1], column * pairs, pairs)))


def scaled(call: Call, e: Emitter, requantization: fixed.Requantization) -> Callable[[Number], Number]:
    """Requantized by one multiplier, with the zero point, clamped."""
    multiplier = int(requantization.multipliers)
    return lambda total: (high(total << requantization.shift, multiplier) + int(call.out.zero_point)).clamped(call.clamp)


RULES = {"conv2d": conv2d, "conv_transpose2d": conv_transpose2d, "linear": linear, "matmul": matmul}
