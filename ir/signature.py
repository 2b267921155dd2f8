"""A Python signature as a declaration: positional parameters are data, keyword-only ones are options."""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Union, get_args, get_origin, get_type_hints

from .diagnostic import Diagnostic


@dataclass(frozen=True)
class Option:
    """A keyword-only parameter: its name, type, and default (`inspect.Parameter.empty` when it is required)."""

    name: str
    type: Any
    default: Any

    @property
    def required(self) -> bool:
        return self.default is inspect.Parameter.empty

    def check(self, value: Any) -> Any:
        """The value as the declared type, or a Diagnostic that says what was expected."""
        if not _accepts(self.type, value):
            raise Diagnostic(f"'{self.name}' takes {spell(self.type)}, not {value!r}")
        return float(value) if self.type is float else value


def options(function: Callable[..., Any]) -> dict[str, Option]:
    """The keyword-only parameters of a function, by name."""
    hints = get_type_hints(function)
    parameters = inspect.signature(function).parameters.values()
    return {p.name: Option(p.name, hints[p.name], p.default) for p in parameters if p.kind is p.KEYWORD_ONLY}


def check_options(declared: dict[str, Option], given: dict[str, Any], what: str) -> dict[str, Any]:
    """Given options against declared ones: unknown, missing and ill-typed ones are a Diagnostic."""
    for name in given:
        if name not in declared:
            known = ", ".join(sorted(declared)) or "none"
            raise Diagnostic(f"{what} has no option '{name}'", help=f"its options: {known}")
    for option in declared.values():
        if option.required and option.name not in given:
            raise Diagnostic(f"{what} needs the option '{option.name}'")
    return {name: declared[name].check(value) for name, value in given.items()}


def spell(kind: Any) -> str:
    """A type as a user writes it: `int`, `(int, int)`, `float or none`."""
    if get_origin(kind) in (Union, types.UnionType):
        return " or ".join(spell(arg) for arg in get_args(kind))
    if get_origin(kind) is tuple:
        args = get_args(kind)
        return f"[{spell(args[0])}, …]" if args[-1] is Ellipsis else "[" + ", ".join(spell(arg) for arg in args) + "]"
    return "none" if kind is type(None) else getattr(kind, "__name__", str(kind)).lower()


def _accepts(kind: Any, value: Any) -> bool:
    if get_origin(kind) in (Union, types.UnionType):
        return any(_accepts(arg, value) for arg in get_args(kind))
    if get_origin(kind) is tuple:
        args = get_args(kind)
        if not isinstance(value, tuple):
            return False
        if args[-1] is Ellipsis:
            return all(_accepts(args[0], item) for item in value)
        return len(value) == len(args) and all(_accepts(arg, item) for arg, item in zip(args, value, strict=True))
    if kind is float:
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    if kind is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, kind)
