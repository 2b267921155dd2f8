"""What a lowering rule says about a node: which kernels run, with which structs, constants and pointers. No C text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfc.ir.graph import Tensor
from tfc.ir.int_rules import Call
from tfc.ir.types import DTYPES, Quantization

BYTES = {"i8": 1, "i16": 2}
CTYPES = {"i8": "int8_t", "u8": "uint8_t", "i16": "int16_t", "i32": "int32_t", "f32": "float"}


class Function(str):
    """The name of a function of the runtime that a kernel calls, and of the file that defines it."""

    file: str

    def __new__(cls, name: str, file: str = "") -> Function:
        function = super().__new__(cls, name)
        function.file = file or name
        return function


@dataclass(frozen=True, eq=False)
class Array:
    """A constant in flash; `role` says for what, and becomes part of its name."""

    role: str
    ctype: str
    values: NDArray[Any]


@dataclass(frozen=True, eq=False)
class Records:
    """A constant array of structs of int32."""

    role: str
    ctype: str
    values: NDArray[Any]


@dataclass(frozen=True)
class Struct:
    """A struct of the runtime's headers with its fields."""

    type: str
    fields: Mapping[str, Field]


Field = int | Function | tuple[int, ...] | Array | Records | Struct | None


@dataclass(frozen=True)
class Value:
    """A pointer to a value of the graph, `offset` bytes behind its start."""

    name: str
    offset: int = 0


@dataclass(frozen=True)
class ScratchMemory:
    """A pointer to the node's scratch."""


Argument = Value | Array | ScratchMemory | None


@dataclass(frozen=True)
class KernelCall:
    """One call of a kernel: `facts` first, then the pointers."""

    kernel: str
    facts: Struct
    arguments: tuple[Argument, ...]

    @property
    def arrays(self) -> list[Array | Records]:
        """The constants that it reads, in order."""
        return [item for item in (*self.arguments, *leaves(self.facts)) if isinstance(item, Array | Records)]

    @property
    def kernels(self) -> list[str]:
        """The files of the kernel and of the functions that it calls."""
        return [self.kernel, *(item.file for item in leaves(self.facts) if isinstance(item, Function))]


def leaves(struct: Struct) -> list[Field]:
    """The fields of a struct and of those in it."""
    return [leaf for field in struct.fields.values() for leaf in (leaves(field) if isinstance(field, Struct) else [field])]


def operand(call: Call, index: int) -> Value | Array:
    """A pointer to an operand: a value, or the constant itself, dense."""
    name = call.node.operands[index]
    tensor = call.graph.constant(name)
    return Value(name) if tensor is None else array("data", call.operands[index].dtype, tensor)


def result(call: Call) -> Value:
    return Value(call.node.name)


def array(role: str, dtype: str, values: Any) -> Array:
    """A constant of one of the IR's element types; int32 wraps as the kernels' sums do."""
    return Array(role, CTYPES[dtype], np.ascontiguousarray(values).astype(DTYPES[dtype]).reshape(-1))


def constant(call: Call, index: int) -> Tensor:
    """The tensor of an operand that is a constant."""
    tensor = call.graph.constant(call.node.operands[index])
    assert tensor is not None, f"operand {index} of {call.node.op} is no constant"
    return tensor


def limits(call: Call) -> dict[str, Field]:
    """The fields `lo` and `hi`."""
    lo, hi = call.clamp
    return {"lo": int(lo), "hi": int(hi)}


def zero_point(q: Quantization) -> int:
    return int(q.zero_point)
