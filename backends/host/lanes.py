"""Numbers of the generated code, with operators that read as docs/arithmetic.md: `(a * m + c) >> s`.

A number is a scalar, or a vector with one sample in each lane. Whole numbers of Python join in as constants.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from llvmlite import ir

LANES = 16  # samples that run side by side

I8, I16, I32, I64 = (ir.IntType(bits) for bits in (8, 16, 32, 64))
ELEMENTS = {"i8": I8, "i16": I16, "i32": I32}


def lanes(element: Any, count: int = LANES) -> Any:
    """The vector type of these elements."""
    return ir.VectorType(element, count)


@cache
def constant(type: Any, value: int) -> Any:
    """A constant of a scalar or vector type, the same in every lane."""
    return ir.Constant(type, [value] * type.count if isinstance(type, ir.VectorType) else value)


@cache
def mask(places: tuple[int, ...]) -> Any:
    """Which lanes a shuffle takes."""
    return ir.Constant(lanes(I32, len(places)), list(places))


@dataclass(frozen=True)
class Number:
    """A value of the generated code. `>>` is the arithmetic shift; sums and products wrap."""

    b: Any
    value: Any

    def _binary(self, build: Callable[..., Any], other: Number | int, *, swap: bool = False) -> Number:
        right = constant(self.value.type, other) if isinstance(other, int) else other.value
        return Number(self.b, build(right, self.value) if swap else build(self.value, right))

    def __add__(self, other: Number | int) -> Number:
        return self._binary(self.b.add, other)

    def __sub__(self, other: Number | int) -> Number:
        return self._binary(self.b.sub, other)

    def __rsub__(self, other: int) -> Number:
        return self._binary(self.b.sub, other, swap=True)

    def __mul__(self, other: Number | int) -> Number:
        return self._binary(self.b.mul, other)

    def __and__(self, other: int) -> Number:
        return self._binary(self.b.and_, other)

    def __lshift__(self, other: Number | int) -> Number:
        return self._binary(self.b.shl, other)

    def __rshift__(self, other: Number | int) -> Number:
        return self._binary(self.b.ashr, other)

    def unsigned_shift(self, other: Number | int) -> Number:
        return self._binary(self.b.lshr, other)

    def divides(self, numerator: int) -> Number:
        """numerator / self, unsigned, rounded down."""
        return self._binary(self.b.udiv, numerator, swap=True)

    def at_least(self, low: Number | int) -> Number:
        return self._chosen(">", low)

    def at_most(self, high: Number | int) -> Number:
        return self._chosen("<", high)

    def _chosen(self, wins: str, other: Number | int) -> Number:
        return self._binary(lambda a, b: self.b.select(self.b.icmp_signed(wins, a, b), a, b), other)

    def clamped(self, limits: tuple[int, int]) -> Number:
        return self.at_least(int(limits[0])).at_most(int(limits[1]))

    def cast(self, element: Any) -> Number:
        """Cut or sign-extended to another element type."""
        type = self.value.type
        vector = isinstance(type, ir.VectorType)
        width, to = (type.element if vector else type).width, lanes(element, type.count) if vector else element
        if element.width == width:
            return self
        return Number(self.b, self.b.sext(self.value, to) if element.width > width else self.b.trunc(self.value, to))

    @property
    def wide(self) -> Number:
        return self.cast(I64)

    @property
    def narrow(self) -> Number:
        return self.cast(I32)

    def splat(self, count: int = LANES) -> Number:
        """A scalar in every lane."""
        one = self.b.insert_element(ir.Constant(lanes(self.value.type, count), ir.Undefined), self.value, I32(0))
        return self.shuffled(one, [0] * count)

    def bits_as(self, type: Any) -> Number:
        """The same bits under another type of equal size."""
        return Number(self.b, self.b.bitcast(self.value, type))

    def picked(self, places: Sequence[int]) -> Number:
        """Some of the lanes."""
        return self.shuffled(self.value, places)

    def interleaved(self, other: Number) -> Number:
        """self[0], other[0], self[1], other[1], …"""
        places = tuple(place for lane in range(LANES) for place in (lane, LANES + lane))
        return Number(self.b, self.b.shuffle_vector(self.value, other.value, mask(places)))

    def shuffled(self, vector: Any, places: Sequence[int]) -> Number:
        return Number(self.b, self.b.shuffle_vector(vector, ir.Constant(vector.type, ir.Undefined), mask(tuple(places))))

    def leading_zeros(self) -> Number:
        """Of a number other than zero."""
        type = self.value.type
        name = f"llvm.ctlz.v{type.count}i{type.element.width}"
        function = self.b.module.globals.get(name) or ir.Function(self.b.module, ir.FunctionType(type, [type, ir.IntType(1)]), name)
        return Number(self.b, self.b.call(function, [self.value, ir.IntType(1)(1)]))


def high(a: Number, m: Number | int) -> Number:
    """(a · m + 2³¹) >> 32 of 32-bit numbers."""
    product = a.wide * (m if isinstance(m, int) else m.wide)
    return ((product + (1 << 31)) >> 32).narrow


@dataclass(frozen=True)
class Variable:
    """A number that a loop changes; LLVM keeps it in a register."""

    b: Any
    slot: Any
    type: Any

    def get(self) -> Number:
        return Number(self.b, self.b.load(self.slot, typ=self.type))

    def set(self, number: Number) -> None:
        self.b.store(number.value, self.slot)

    def add(self, number: Number) -> None:
        self.set(self.get() + number)
