"""What an operator is: a signature that declares operands and attributes, and a body that checks and returns the shape."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from .diagnostic import expect
from .signature import Option, check_options, options
from .types import Shape, TensorType

Infer = Callable[..., Shape | None]

# What any node may carry: the range that calibration saw (of the value, and before a fused activation), mean and
# largest magnitude of each channel, scale and zero point where the model brings its own, whether it is to be int16, its kernel,
# and how many rows or strips of the result this finishes together.
COMMON = frozenset({"range", "pre_range", "means", "peaks", "qparams", "wide", "kernel", "together"})


@dataclass(frozen=True)
class Op:
    """An operator as its signature declares it."""

    name: str
    infer: Infer

    @cached_property
    def options(self) -> dict[str, Option]:
        return options(self.infer)

    @cached_property
    def operand_counts(self) -> tuple[int, int | None]:
        """Least and largest number of operands; None where there is no largest."""
        least, most = 0, 0
        for parameter in inspect.signature(self.infer).parameters.values():
            if parameter.kind is parameter.VAR_POSITIONAL:
                return least + 1, None
            if parameter.kind is not parameter.KEYWORD_ONLY:
                least, most = least + (parameter.default is parameter.empty), most + 1
        return least, most

    @cached_property
    def operands(self) -> tuple[str, ...]:
        """The names of the operands; a star before one stands for any number."""
        parameters = inspect.signature(self.infer).parameters.values()
        return tuple(f"*{p.name}" if p.kind is p.VAR_POSITIONAL else p.name for p in parameters if p.kind is not p.KEYWORD_ONLY)

    @property
    def doc(self) -> str:
        """What it computes: the first paragraph."""
        return (inspect.getdoc(self.infer) or "").partition("\n\n")[0].replace("\n", " ")

    @property
    def limits(self) -> str:
        """What is refused, and where: the second paragraph."""
        return (inspect.getdoc(self.infer) or "").partition("\n\n")[2].replace("\n", " ")

    def attribute(self, attrs: Mapping[str, Any], name: str) -> Any:
        """An attribute of a node, or its default."""
        return attrs[name] if name in attrs else self.options[name].default

    def shape(self, operands: list[TensorType], attrs: Mapping[str, Any], declared: Shape) -> Shape:
        """The shape of the result; every doubt about operands and attributes is a Diagnostic."""
        least, most = self.operand_counts
        takes = str(least) if least == most else f"{least} to {most or 'many'}"
        expect(len(operands) >= least and (most is None or len(operands) <= most), f"{self.name} takes {takes} operands, not {len(operands)}")
        own = {key: value for key, value in attrs.items() if key not in COMMON}
        inferred = self.infer(*operands, **check_options(self.options, own, self.name))
        return declared if inferred is None else tuple(int(n) for n in inferred)


def declares(table: dict[str, Op]) -> Callable[[Infer], Infer]:
    """A decorator that enters operators in a table, under the functions' names."""

    def enter(function: Infer) -> Infer:
        name = function.__name__.rstrip("_")
        table[name] = Op(name, function)
        return function

    return enter
