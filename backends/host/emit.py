"""Writes the function of one node: loops, memory, tables."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from llvmlite import ir
from numpy.typing import NDArray

from tfc.ir.int_rules import Call
from tfc.ir.types import DTYPES

from .instructions import look_up_function, pair_product
from .lanes import ELEMENTS, I8, I16, I32, I64, LANES, Number, Variable, lanes
from .memory import Constants, aligned, lies_over_operand

Index = Number | int


@dataclass(frozen=True)
class Memory:
    """Elements behind a pointer: a vector of LANES samples each, or one number for all samples (a constant)."""

    pointer: Any
    dtype: str
    shared: bool
    offset: int  # bytes behind the start of the arena, the scratch or the constants; for one sample

    @property
    def itemsize(self) -> int:
        return np.dtype(DTYPES[self.dtype]).itemsize


@dataclass(frozen=True)
class Positions:
    """A function from 0, 1, 2, … to indexes: start + i, or read from a list, where −1 says that there is nothing."""

    emitter: Emitter
    values: NDArray[np.int64]
    list: Memory | None

    @property
    def holes(self) -> bool:
        return bool((self.values < 0).any())

    def __call__(self, i: Number) -> Number:
        return i + int(self.values[0]) if self.list is None else self.emitter.scalar(self.list, i)


class Emitter:
    """The function `void (arena, scratch, constants)` of one node. Reads are vectors of 32 bits."""

    def __init__(self, module: Any, name: str, call: Call, homes: dict[str, int], constants: Constants, pairs: bool) -> None:
        pointer = ir.PointerType()
        self.function = ir.Function(module, ir.FunctionType(ir.VoidType(), [pointer] * 3), name)
        for argument in self.function.args:
            argument.add_attribute("noalias")
        self.arena, self.scratch_memory, self.constant_memory = self.function.args
        self.entry = self.function.append_basic_block("entry")
        self.b = ir.IRBuilder(self.entry)
        self.call, self.homes, self.constants, self.pairs = call, homes, constants, pairs
        self.is_over_operand = lies_over_operand(call.graph, call.node, homes)
        self.scratch_bytes = 0

    # --- memory

    def operand(self, index: int) -> Memory:
        name, dtype = self.call.node.operands[index], self.call.operands[index].dtype
        tensor = self.call.graph.constant(name)
        return self._value(name, dtype) if tensor is None else self.constant(tensor, dtype)

    @cached_property
    def result(self) -> Memory:
        """The order of reads and writes is not that of the chip's kernels: a result that is planned over an operand is computed beside it, and moved."""
        type = self.call.node.type
        return self.scratch(type.size, type.dtype) if self.is_over_operand else self._home

    @property
    def _home(self) -> Memory:
        return self._value(self.call.node.name, self.call.node.type.dtype)

    def _value(self, name: str, dtype: str) -> Memory:
        return Memory(self._advanced(self.arena, self.homes[name] * LANES), dtype, False, self.homes[name])

    def constant(self, values: Any, dtype: str = "i32") -> Memory:
        """An array that the compiler makes, in row-major order."""
        offset = self.constants.add(np.asarray(values).astype(DTYPES[dtype]))
        return Memory(self._advanced(self.constant_memory, offset), dtype, True, offset)

    def scratch(self, count: int, dtype: str = "i32") -> Memory:
        """Fresh memory of this function."""
        offset = self.scratch_bytes
        self.scratch_bytes += aligned(count * np.dtype(DTYPES[dtype]).itemsize)
        return Memory(self._advanced(self.scratch_memory, offset * LANES), dtype, False, offset)

    def _advanced(self, pointer: Any, offset: int) -> Any:
        with self.b.goto_entry_block():
            return self.b.gep(pointer, [I64(offset)], source_etype=I8)

    def index(self, i: Index) -> Number:
        return Number(self.b, I64(i)) if isinstance(i, int) else i

    def _pointer(self, memory: Memory, i: Index, type: Any) -> Any:
        return self.b.gep(memory.pointer, [self.index(i).value], source_etype=type)

    def read(self, memory: Memory, i: Index) -> Number:
        """Element i of every sample, as 32 bits."""
        element = ELEMENTS[memory.dtype]
        if memory.shared:
            one = Number(self.b, self.b.load(self._pointer(memory, i, element), typ=element))
            return one.cast(I32).splat()
        type = lanes(element)
        return Number(self.b, self.b.load(self._pointer(memory, i, type), typ=type, align=LANES * element.width // 8)).narrow

    def write(self, memory: Memory, i: Index, number: Number) -> None:
        element = ELEMENTS[memory.dtype]
        self.b.store(number.cast(element).value, self._pointer(memory, i, lanes(element)), align=LANES * element.width // 8)

    def scalar(self, memory: Memory, i: Index) -> Number:
        """Element i of a constant, as an index of 64 bits."""
        element = ELEMENTS[memory.dtype]
        return Number(self.b, self.b.load(self._pointer(memory, i, element), typ=element)).cast(I64)

    def read_pairs(self, memory: Memory, i: Index) -> Number:
        """Pair i: two 16-bit numbers of every sample side by side; of a constant, one pair for all."""
        if memory.shared:
            pair = Number(self.b, self.b.load(self._pointer(memory, i, I32), typ=I32))
            return pair.splat().bits_as(lanes(I16, 2 * LANES))
        type = lanes(I16, 2 * LANES)
        return Number(self.b, self.b.load(self._pointer(memory, i, type), typ=type, align=4 * LANES))

    def write_pairs(self, memory: Memory, i: Index, first: Number, second: Number) -> None:
        pairs = first.cast(I16).interleaved(second.cast(I16))
        self.b.store(pairs.value, self._pointer(memory, i, pairs.value.type), align=4 * LANES)

    def pair_product(self, x: Number, w: Number) -> Number:
        return pair_product(x, w, self.pairs)

    def look_up(self, table: Memory, index: Number) -> Number:
        """table[index], lane by lane; a table of i32."""
        return Number(self.b, self.b.call(look_up_function(self.function.module), [table.pointer, index.value]))

    def positions(self, indexes: NDArray[Any]) -> Positions:
        """A walk over these indexes, row-major."""
        flat = indexes.reshape(-1).astype(np.int64)
        straight = flat.size > 0 and flat[0] >= 0 and bool((np.diff(flat) == 1).all())
        return Positions(self, flat, None if straight else self.constant(flat))

    # --- control

    @contextmanager
    def loop(self, stop: Index, start: Index = 0, step: int = 1) -> Iterator[Number]:
        """`for i in range(start, stop, step)`."""
        before, start, stop = self.b.block, self.index(start), self.index(stop)
        head, body, after = (self.function.append_basic_block(name) for name in ("head", "body", "after"))
        self.b.branch(head)
        self.b.position_at_end(head)
        i = self.b.phi(I64)
        i.add_incoming(start.value, before)
        self.b.cbranch(self.b.icmp_signed("<", i, stop.value), body, after)
        self.b.position_at_end(body)
        yield Number(self.b, i)
        i.add_incoming((Number(self.b, i) + step).value, self.b.block)
        self.b.branch(head)
        self.b.position_at_end(after)

    def numbers(self, value: int) -> Number:
        """The same number in every lane."""
        return Number(self.b, lanes(I32)([value] * LANES))

    def variable(self, first: Number) -> Variable:
        with self.b.goto_entry_block():
            slot = self.b.alloca(first.value.type)
        variable = Variable(self.b, slot, first.value.type)
        variable.set(first)
        return variable

    def finish(self) -> None:
        if self.is_over_operand:
            home = self._home
            with self.loop(self.call.node.type.size) as i:
                self.write(home, i, self.read(self.result, i))
        self.b.ret_void()
