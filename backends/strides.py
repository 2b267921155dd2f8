"""Loops over strided memory: what kernels are told about broadcasting, movement and reduction."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import NamedTuple

from tfc.ir.int_rules import Call


class Loop(NamedTuple):
    """n steps of x in the operand and of y in the result."""

    n: int
    x: int
    y: int


def row_major(shape: Sequence[int]) -> tuple[int, ...]:
    """Strides in elements."""
    return tuple(prod(shape[axis + 1 :]) for axis in range(len(shape)))


def collapse(loops: Sequence[Loop]) -> list[Loop]:
    """The same walk in as few loops as possible."""
    merged: list[Loop] = []
    for loop in loops:
        if loop.n == 1:
            continue
        if merged and merged[-1].x == loop.n * loop.x and merged[-1].y == loop.n * loop.y:
            merged[-1] = Loop(merged[-1].n * loop.n, loop.x, loop.y)
        else:
            merged.append(loop)
    return merged or [Loop(1, 1, 1)]


def fold_loops(shape: Sequence[int], patch: tuple[int, int]) -> list[Loop]:
    """From a feature map [1, H, W, C] to [patch pixels, patches, C]."""
    _, h, w, c = shape
    (ph, pw), (rows, columns) = patch, (h // patch[0], w // patch[1])
    sizes = (ph, pw, rows, columns, c)
    return [Loop(*loop) for loop in zip(sizes, (w * c, c, ph * w * c, pw * c, 1), row_major(sizes), strict=True)]


def in_bytes(loops: Sequence[Loop], size: int) -> list[Loop]:
    """Loops over elements of `size` bytes as those of a copy, runs innermost. Without any, the loop through neighbours of the operand is the last but one and
    that through those of the result the last."""
    merged = collapse([*(Loop(n, size * x, size * y) for n, x, y in loops), Loop(size, 1, 1)])
    return sorted(merged, key=lambda loop: (loop.y == 1, loop.x == 1))


def movement(call: Call) -> list[Loop]:
    """The loops, over elements, of an operator that moves one operand."""
    x, y = call.operands[0].shape, call.node.type.shape
    if call.node.op == "unfold":
        return fold_loops(x, call.attr("patch"))
    if call.node.op == "fold":
        return [Loop(n, b, a) for n, a, b in fold_loops(y, call.attr("patch"))]
    strides = row_major(x)
    match call.node.op:
        case "transpose":
            steps = tuple(strides[axis] for axis in call.attr("axes"))
        case "slice":
            steps = tuple(stride * (call.attr("step", 1) if axis == call.attr("axis") else 1) for axis, stride in enumerate(strides))
        case "expand":
            steps = (0,) * (len(y) - len(x)) + tuple(0 if n == 1 else stride for n, stride in zip(x, strides, strict=True))
        case _:  # the bytes stay in order
            return [Loop(call.node.type.size, 1, 1)]
    return [Loop(*loop) for loop in zip(y, steps, row_major(y), strict=True)]


def broadcast_walk(shape: Sequence[int], operands: Sequence[Sequence[int]]) -> tuple[tuple[int, ...], list[tuple[int, ...]]]:
    """Four loops over a result of two operands, and the strides of both; more than four are an IndexError.

    Where only broadcasting tells axes apart they are merged, so that the innermost loop is as long as it can be.
    """
    strides = []
    for operand in operands:
        wide = (1,) * (len(shape) - len(operand)) + tuple(operand)
        strides.append([0 if n == 1 else stride for n, stride in zip(wide, row_major(wide), strict=True)])
    merged = collapse([Loop(n, a, b) for n, a, b in zip(shape, *strides, strict=True)])
    if len(merged) > 4:
        raise IndexError(f"{len(merged)} loops")
    walk = [Loop(1, 0, 0)] * (4 - len(merged)) + merged
    n, a, b = (tuple(column) for column in zip(*walk, strict=True))
    return n, [a, b]


def mean_runs(shape: Sequence[int], axes: Sequence[int]) -> dict[str, int]:
    """A mean as sums over n1 and n2 of [outer, n1, middle, n2, inner]; axes in more than two runs are an IndexError."""
    gone = {axis % len(shape) for axis in axes}
    runs: list[tuple[bool, int]] = []
    for axis, n in enumerate(shape):
        if n == 1:
            continue
        if runs and runs[-1][0] == (axis in gone):
            runs[-1] = (runs[-1][0], runs[-1][1] * n)
        else:
            runs.append((axis in gone, n))
    # From the back, so that the one run of most means is n2, the inner of both sums.
    names, sizes, at = ("inner", "n2", "middle", "n1", "outer"), [1] * 5, 0
    for reduced, n in reversed(runs):
        at += (at % 2 == 1) != reduced
        if at > 4:
            raise IndexError(f"{len(runs)} runs")
        sizes[at] = n
        at += 1
    return dict(zip(names, sizes, strict=True))
