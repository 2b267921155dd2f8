"""Element by element, or only moved: walks over lists of indexes that the evaluator's own rules for arrays make."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfc.ir import arithmetic as fixed
from tfc.ir.diagnostic import expect
from tfc.ir.int_rules import Call
from tfc.ir.movement import MOVES
from tfc.ir.pointwise import FUNCTIONS, function_named
from tfc.ir.types import Shape

from .emit import Emitter
from .lanes import Number
from .products import scaled

Function = Callable[..., Number]


def numbered(shape: Shape) -> NDArray[np.int64]:
    """Each element is its own index."""
    return np.arange(prod(shape)).reshape(shape)


def each(e: Emitter, operands: Sequence[tuple[int, NDArray[Any]]], function: Function, results: NDArray[Any]) -> None:
    """result[results[i]] = function(operand[indexes[i]], …) for all i; operands as (number, indexes)."""
    sources = [(e.operand(index), e.positions(indexes)) for index, indexes in operands]
    y, y_at = e.result, e.positions(results)
    with e.loop(results.size) as i:
        e.write(y, y_at(i), function(*(e.read(x, at(i)) for x, at in sources)))


def broadcast(call: Call, e: Emitter, function: Function) -> None:
    shape = call.node.type.shape
    each(e, [(i, np.broadcast_to(numbered(x.shape), shape)) for i, x in enumerate(call.operands)], function, numbered(shape))


def sum_of(call: Call, operands: Sequence[int], signs: tuple[int, int] = (1, 1)) -> Function:
    """(Σ operand · multiplier + constant) >> shift, clamped."""
    total = fixed.weighted_sum([(call.q(i), call.operands[i].dtype) for i in operands], call.out, signs)

    def function(first: Number, *rest: Number) -> Number:
        value = first * total.multipliers[0] + total.constant
        for other, multiplier in zip(rest, total.multipliers[1:], strict=True):
            value += other * multiplier
        return (value >> total.shift).clamped(call.clamp)

    return function


def add(call: Call, e: Emitter) -> None:
    broadcast(call, e, sum_of(call, (0, 1)))


def sub(call: Call, e: Emitter) -> None:
    broadcast(call, e, sum_of(call, (0, 1), (1, -1)))


def rescale(call: Call, e: Emitter) -> None:
    broadcast(call, e, sum_of(call, (0,)))


def mul(call: Call, e: Emitter) -> None:
    zeros = [int(call.q(i).zero_point) for i in range(2)]
    bound = float(prod(fixed.distance(x.dtype, zero) for x, zero in zip(call.operands, zeros, strict=True)))
    result = scaled(call, e, fixed.requantization(float(call.q(0).scale) * float(call.q(1).scale) / float(call.out.scale), bound))
    broadcast(call, e, lambda a, b: result((a - zeros[0]) * (b - zeros[1])))


def pointwise(call: Call, e: Emitter) -> None:
    expect(call.operands[0].dtype == "i8", f"{call.node.op} takes i8")
    table = e.constant(fixed.pointwise_table(function_named(call.node.op, call.attr("parameters", ())), call.q(0), call.out))
    broadcast(call, e, lambda x: e.look_up(table, x + 128))


def move(call: Call, e: Emitter) -> None:
    moved(e, 0, MOVES[call.node.op](call.node, numbered(call.operands[0].shape)[None]), numbered(call.node.type.shape))


def moved(e: Emitter, index: int, sources: NDArray[Any], results: NDArray[Any]) -> None:
    """A copy, unless every element lies where it belongs; of constants and to scratch, offsets are others."""
    x, y = e.operand(index), e.result
    there, here = (memory.offset + memory.itemsize * indexes.reshape(-1) for memory, indexes in ((x, sources), (y, results)))
    if x.shared or e.is_over_operand or not np.array_equal(there, here):
        each(e, [(index, sources)], lambda element: element, results)


def concat(call: Call, e: Emitter) -> None:
    ends = np.cumsum([x.shape[call.attr("axis")] for x in call.operands])
    parts = np.split(numbered(call.node.type.shape), ends[:-1], axis=call.attr("axis"))
    for index, (x, part) in enumerate(zip(call.operands, parts, strict=True)):
        if x.quantization == call.out and x.dtype == call.node.type.dtype:
            moved(e, index, numbered(x.shape), part)
        else:
            each(e, [(index, numbered(x.shape))], sum_of(call, (index,)), part)


def pad(call: Call, e: Emitter) -> None:
    amounts, y = call.attr("amounts"), e.result
    value = np.clip(call.out.zero_point + round(call.attr("value", 0.0) / float(call.out.scale)), *fixed.LIMITS[call.node.type.dtype])
    inside = np.pad(numbered(call.operands[0].shape), list(zip(amounts[::2], amounts[1::2], strict=True)), constant_values=-1).reshape(-1)
    border, (kept,) = np.flatnonzero(inside < 0), np.nonzero(inside >= 0)
    if border.size:
        at = e.positions(border)
        with e.loop(border.size) as i:
            e.write(y, at(i), e.numbers(int(value)))
    moved(e, 0, inside[kept], kept)


RULES = {
    **dict.fromkeys(MOVES, move),
    **dict.fromkeys(FUNCTIONS, pointwise),
    **{"add": add, "sub": sub, "mul": mul, "rescale": rescale, "concat": concat, "pad": pad},
}
