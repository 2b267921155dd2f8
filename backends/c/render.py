"""Facts become C here and in templates/, nowhere else."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
import numpy as np

from .facts import Argument, Array, Field, Function, KernelCall, Records, ScratchMemory, Struct, Value

TEMPLATES = Path(__file__).with_name("templates")
NUMBERS_A_LINE = 32


@dataclass(frozen=True)
class Address:
    """Bytes behind the start of a pool."""

    pool: int
    offset: int


@dataclass(frozen=True)
class Constant:
    """An array of weights.c."""

    name: str
    ctype: str
    values: np.ndarray[Any, Any]

    @property
    def declaration(self) -> str:
        return f"const {self.ctype} {self.name}[{len(self.values)}]"

    @property
    def lines(self) -> list[str]:
        """The elements, some on each line."""
        rows = self.values.tolist()
        texts = [f"{{{', '.join(map(str, row))}}}" for row in rows] if self.values.ndim == 2 else list(map(str, rows))
        return [",".join(texts[at : at + NUMBERS_A_LINE]) for at in range(0, len(texts), NUMBERS_A_LINE)]


@dataclass
class Constants:
    """The arrays of one model; equal ones are kept once, under the name of the first."""

    prefix: str
    by_content: dict[tuple[str, int, bytes], Constant] = field(default_factory=dict)

    def name_of(self, array: Array | Records, node: int) -> str:
        key = (array.ctype, array.values.ndim, array.values.tobytes())
        number = f"{self.prefix}_node{node}_{array.role}"
        taken = {constant.name for constant in self.by_content.values()}
        name = next(name for name in (number, *(f"{number}{i}" for i in range(2, 99))) if name not in taken)
        return self.by_content.setdefault(key, Constant(name, array.ctype, array.values)).name

    @property
    def all(self) -> list[Constant]:
        return list(self.by_content.values())


@dataclass(frozen=True)
class CallText:
    """The C of one kernel call, and the names of all kernels that it needs."""

    kernel: str
    kernels: list[str]
    struct: str
    fields: str
    arguments: str


@dataclass(frozen=True)
class Renderer:
    """Writes the calls of one node."""

    node: int
    constants: Constants
    addresses: dict[str, Address]
    scratch: Address | None

    def call(self, call: KernelCall) -> CallText:
        return CallText(call.kernel, call.kernels, f"tfc_{call.facts.type}", self.struct(call.facts), ", ".join(self.argument(item) for item in call.arguments))

    def struct(self, struct: Struct) -> str:
        """A designated initializer."""
        return "{" + ", ".join(f".{name} = {self.field(value)}" for name, value in struct.fields.items()) + "}"

    def field(self, value: Field) -> str:
        match value:
            case Array() | Records():
                return self.constants.name_of(value, self.node)
            case Struct():
                return self.struct(value)
            case tuple():
                return "{" + ", ".join(map(str, value)) + "}"
            case None:
                return "0"
            case Function():
                return f"tfc_{value}"
            case _:
                return integer(value)

    def argument(self, argument: Argument) -> str:
        match argument:
            case Array():
                return self.constants.name_of(argument, self.node)
            case Value(name, offset):
                home = self.addresses[name]
                return pointer(Address(home.pool, home.offset + offset))
            case ScratchMemory():
                return pointer(self.scratch) if self.scratch else "0"
            case _:
                return "0"


def integer(value: int) -> str:
    """A decimal constant; what int32 does not hold says that it is 64 bits long."""
    return str(value) if -(2**31) < value < 2**31 else f"INT64_C({value})"


def pointer(address: Address) -> str:
    return f"AT({address.pool}, {address.offset})"


def identifier(name: str) -> str:
    """A C name in lower case; `stem.conv` becomes `stem_conv`."""
    text = re.sub(r"\W", "_", name, flags=re.ASCII).lower()
    return text if text[:1].isalpha() else f"v{text}"


def byte_lines(data: bytes) -> Sequence[str]:
    """Bytes as numbers, some on each line."""
    return [",".join(map(str, data[at : at + NUMBERS_A_LINE])) for at in range(0, len(data), NUMBERS_A_LINE)]


@cache
def environment() -> jinja2.Environment:
    loader = jinja2.FileSystemLoader(TEMPLATES)
    made = jinja2.Environment(loader=loader, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True, undefined=jinja2.StrictUndefined)
    made.filters["braces"] = lambda items: f"{{{', '.join(map(str, items))}}}"
    return made


def fill(template: str, **names: Any) -> str:
    """The text of templates/`template`."""
    return environment().get_template(template).render(**names)
