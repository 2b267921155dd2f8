"""attention, softmax and log_softmax: exponents from a table, one division a row."""

from __future__ import annotations

from collections.abc import Callable
from math import prod

import numpy as np

from tfc.backends.shapes import bias_slabs
from tfc.ir import arithmetic as fixed
from tfc.ir.attention_bias import offsets, step_of
from tfc.ir.diagnostic import expect
from tfc.ir.int_rules import Call, attention_constants
from tfc.ir.movement import tokens
from tfc.ir.types import Shape

from .emit import Emitter, Memory
from .lanes import Number, high
from .packing import centred, dot, pack, paired


def reciprocal(total: Number, k: int) -> Number:
    """k / total, 64 bits; `total` has 32."""
    lead = total.leading_zeros().wide
    normalised = ((total.wide << lead) >> 15).narrow
    quotient = normalised.divides((1 << 32) - 1).wide & 0xFFFFFFFF
    return (quotient * k) >> (47 - lead)


def softmax(call: Call, e: Emitter) -> None:
    exponents, k = fixed.softmax_constants(call.q(0), call.out)
    n = row_length(call, 65535)
    x, y, powers = e.operand(0), e.result, e.scratch(n)
    with e.loop(call.operands[0].size // n) as row:
        _, total = exponents_of(e, x, row * n, n, e.constant(exponents), powers)
        share = reciprocal(total, k)
        with e.loop(n) as i:
            e.write(y, row * n + i, (high(e.read(powers, i), share) + int(call.out.zero_point)).clamped(call.clamp))


def log_softmax(call: Call, e: Emitter) -> None:
    c = fixed.log_softmax_constants(call.q(0), call.out)
    n = row_length(call, 2048)
    x, y, powers = e.operand(0), e.result, e.scratch(n)
    octaves = e.constant(c.logarithm(1 << np.arange(31)[::-1]))  # by the leading zeros of a sum, of which the first is never 0
    logs = e.constant(c.logs)
    with e.loop(call.operands[0].size // n) as row:
        top, total = exponents_of(e, x, row * n, n, e.constant(c.exponents), powers)
        lead = total.leading_zeros()
        logarithm = e.look_up(octaves, lead - 1) + e.look_up(logs, (total << lead).unsigned_shift(23) & 255)
        x_part, log_part = c.sum.multipliers
        with e.loop(n) as i:
            value = (e.read(x, row * n + i) - top) * x_part - logarithm * log_part + c.sum.constant
            e.write(y, row * n + i, (value >> c.sum.shift).clamped(call.clamp))


def row_length(call: Call, most: int) -> int:
    """Of the last axis; the sum of more than `most` exponents does not fit 32 bits, or its logarithm not 16."""
    shape = call.operands[0].shape
    expect(call.attr("axis", -1) in (-1, len(shape) - 1), f"integer {call.node.op} runs along the last axis")
    expect(call.operands[0].dtype == "i8" and shape[-1] <= most, f"integer {call.node.op} takes up to {most} elements of i8")
    return int(shape[-1])


def exponents_of(e: Emitter, x: Memory, start: Number, n: int, table: Memory, powers: Memory) -> tuple[Number, Number]:
    """The maximum of a row and the sum of the table's entries at the distances to it, which go to `powers`."""
    top, total = e.variable(e.numbers(-(2**15))), e.variable(e.numbers(0))
    with e.loop(n) as i:
        top.set(top.get().at_least(e.read(x, start + i)))
    with e.loop(n) as i:
        power = e.look_up(table, top.get() - e.read(x, start + i))
        e.write(powers, i, power)
        total.add(power)
    return top.get(), total.get()


def attention(call: Call, e: Emitter) -> None:
    shapes = [*(x.shape for x in call.operands[:3]), call.node.type.shape]
    q_heads, k_heads, v_heads, y_heads = (heads_of(shape, call.attr("heads"), call.attr("patch", (1, 1))) for shape in shapes)
    (groups, queries, size), keys = y_heads.shape, k_heads.shape[1]
    c, bias = attention_constants(call), bias_of(call, e, groups)
    m = int(c.index.multipliers)
    q_pairs, k_pairs = paired(q_heads), paired(k_heads)
    q, k, pairs = pack(e, 0, q_pairs), pack(e, 1, k_pairs, zero=0 if bias else None), q_pairs.shape[2]
    v, v_at, v_zero = e.operand(2), e.positions(v_heads), int(call.q(2).zero_point)
    y, y_at = e.result, e.positions(y_heads)
    table, scores, powers = e.constant(c.exponents), e.scratch(keys), e.scratch(keys)
    with e.loop(groups) as group, e.loop(queries) as query:
        row = group * queries + query
        top = e.variable(e.numbers(-(2**31)))
        with e.loop(keys) as key:
            score = dot(e, q, row * pairs, k, (group * keys + key) * pairs, pairs)
            if bias:
                score = high(score << c.index.shift, m) + bias(group, query, key)
            e.write(scores, key, score)
            top.set(top.get().at_least(score))
        total = e.variable(e.numbers(0))
        with e.loop(keys) as key:
            distance = top.get() - e.read(scores, key)
            below = distance if bias else high(distance << c.index.shift, m)
            power = e.look_up(table, below.at_most(fixed.TABLE - 1))
            e.write(powers, key, power)
            total.add(power)
        share = reciprocal(total.get(), c.reciprocal)
        with e.loop(size) as channel:
            mixed = e.variable(e.numbers(0))
            with e.loop(keys) as key:
                mixed.add(e.read(powers, key) * centred(e, v, v_at, (group * keys + key) * size + channel, v_zero))
            value = (high(mixed.get(), share) + (256 * int(call.out.zero_point) + 128)) >> 8
            e.write(y, y_at(row * size + channel), value.clamped(call.clamp))


def bias_of(call: Call, e: Emitter, groups: int) -> Callable[[Number, Number, Number], Number] | None:
    """What is added to the score of a group (sequence and head), query and key."""
    tensor = call.graph.constant(call.node.operands[3]) if len(call.operands) > 3 else None
    if tensor is None:
        return None
    slabs = bias_slabs(tensor, call.attr("heads"))
    _, rows, keys = slabs.values.shape
    added = e.constant(offsets(slabs.values, call.operands[3], step_of(call.operands)))
    starts = e.positions(np.resize(slabs.starts, groups) * rows * keys)
    return lambda group, query, key: e.read(added, starts(group) + (query * keys if rows > 1 else 0) + key)


def heads_of(shape: Shape, heads: int, patch: tuple[int, int]) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    """Indexes [group · head, token, channel of the head] of the tokens that attend to one another."""
    indexes = np.arange(prod(shape)).reshape(1, *shape)
    found = tokens(indexes, patch) if len(shape) == 4 else indexes
    *lead, count, c = found.shape
    split = np.moveaxis(found.reshape(prod(lead), count, heads, c // heads), 2, 1)
    return np.ascontiguousarray(split.reshape(-1, count, c // heads))


RULES = {"attention": attention, "softmax": softmax, "log_softmax": log_softmax}
