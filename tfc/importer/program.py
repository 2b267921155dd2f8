"""A traced program as plain data: calls of operators with named arguments, and the constants they read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tfc.ir.diagnostic import Diagnostic
from tfc.ir.types import Shape

from .builder import Constant


@dataclass(frozen=True)
class Ref:
    """An argument that is a value of the program."""

    name: str


@dataclass(frozen=True)
class Foreign:
    """An argument of a kind that no operator here takes: a subgraph, a custom object, a symbolic size."""

    kind: str


@dataclass(frozen=True)
class Call:
    """One call: the operator with its overload, arguments by the names of its schema, the values it makes, where it stands."""

    target: str
    arguments: Mapping[str, Any]
    results: tuple[str, ...]
    several: bool
    module: str = ""
    line: str = ""

    @property
    def reads(self) -> frozenset[str]:
        """The values among its arguments."""
        return frozenset(_refs(tuple(self.arguments.values())))

    @property
    def place(self) -> str:
        """`aten.conv2d.default in stem.conv (net.py:41)`"""
        return self.target + (f" in {self.module}" if self.module else "") + (f" ({self.line})" if self.line else "")


def _refs(argument: Any) -> Iterator[str]:
    if isinstance(argument, Ref):
        yield argument.name
    elif isinstance(argument, tuple):
        for item in argument:
            yield from _refs(item)


@dataclass(frozen=True)
class Value:
    """What the trace says of a value: its shape and the name of its torch dtype."""

    shape: Shape
    dtype: str


@dataclass(frozen=True)
class Program:
    """Inputs in order, constants by value name, calls in order, results in order, and the facts of each value."""

    inputs: tuple[str, ...]
    constants: Mapping[str, Constant]
    calls: tuple[Call, ...]
    results: tuple[str, ...]
    values: Mapping[str, Value]

    def value(self, name: str) -> Value:
        """The recorded facts of a value."""
        if name not in self.values:
            raise Diagnostic(f"the program is damaged: nothing is recorded about the value '{name[:50]}'")
        return self.values[name]
