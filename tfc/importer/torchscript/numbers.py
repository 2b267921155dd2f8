"""The arithmetic on sizes and flags that a TorchScript program does beside its tensors: evaluated while it is stepped."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from itertools import zip_longest
from typing import Any

from tfc.ir.diagnostic import expect

MOST_ITEMS = 100_000  # of a list or text: no model has them, a bomb has


def _sum(a: Any, b: Any, alpha: Any = 1) -> Any:
    return a + b if alpha == 1 else a + alpha * b


def _difference(a: Any, b: Any, alpha: Any = 1) -> Any:
    return a - b if alpha == 1 else a - alpha * b


def _quotient(a: Any, b: Any, rounding_mode: str | None = None) -> Any:
    rounded: dict[str | None, Callable[[Any, Any], Any]] = {None: operator.truediv, "floor": operator.floordiv, "trunc": lambda x, y: math.trunc(x / y)}
    return rounded[rounding_mode](a, b)


def _power(a: Any, b: Any) -> Any:
    expect(abs(b) <= 64, f"{a} to the power of {b} is not what a model computes")
    return a**b


def _item(items: Any, index: Any) -> Any:
    return items[index]


def _part(items: Any, start: Any = None, end: Any = None, step: Any = 1) -> Any:
    return items[start:end:step]


def _append(items: list[Any], item: Any) -> list[Any]:
    items.append(item)
    return items


def _filled(text: str, *values: Any) -> str:
    """Each `{}` by its value; never str.format, which would follow attributes that the text names."""
    pieces = text.split("{}")
    return "".join(part for pair in zip_longest(pieces, map(str, values[: len(pieces) - 1]), fillvalue="") for part in pair)


def _first(value: Any, *_: Any) -> Any:
    return value


# By operator name, for calls without a tensor among their arguments: numbers stand for the tensors of one element that traces make
# of sizes. Python computes what torch does: 64-bit integers, division that rounds down.
NUMBERS: dict[str, Callable[..., Any]] = {
    "add": _sum, "sub": _difference, "mul": operator.mul, "div": _quotient, "floordiv": operator.floordiv,
    "floor_divide": operator.floordiv, "remainder": operator.mod, "pow": _power, "neg": operator.neg, "abs": abs,
    "rsub": lambda a, b, alpha=1: _difference(b, a, alpha), "sqrt": math.sqrt, "floor": math.floor, "ceil": math.ceil, "round": round,
    "eq": operator.eq, "ne": operator.ne, "lt": operator.lt, "le": operator.le, "gt": operator.gt, "ge": operator.ge,
    "__not__": operator.not_, "__and__": operator.and_, "__or__": operator.or_, "logical_not": operator.not_,
    "Int": int, "Float": float, "Bool": bool, "ScalarImplicit": _first, "IntImplicit": int, "FloatImplicit": float, "item": _first,
    "to": _first, "detach": _first, "clone": _first, "lift_fresh": _first,
    "format": _filled,
}  # fmt: skip

# Those that look at lists, or at facts of a tensor; what they take and give stays as it is.
FACTS: dict[str, Callable[..., Any]] = {
    "__is__": operator.is_, "__isnot__": operator.is_not, "__getitem__": _item, "__contains__": lambda items, item: item in items,
    "len": len, "append": _append, "list": list, "_unwrap_optional": _first,
}  # fmt: skip
ON_LISTS: dict[str, Callable[..., Any]] = {"add": _sum, "slice": _part, "eq": operator.eq, "ne": operator.ne}


def bounded(value: Any) -> Any:
    """The value, if it is of a size that models have."""
    if isinstance(value, (list, tuple, str)):
        expect(len(value) <= MOST_ITEMS, f"the program makes a list of {len(value)} items")
    elif isinstance(value, int):
        expect(-(1 << 63) <= value < 1 << 63, "the program computes an integer beyond 64 bits")
    return value
