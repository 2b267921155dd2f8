"""What depends on no input is computed at import, in the types that torch has there."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import numpy as np

from tfc.ir.evaluate import evaluate
from tfc.ir.graph import Node

from .builder import Array, Builder, Constant, Operand, Result, Rule
from .constants import FOLDS, KNOWN
from .program import Program
from .tensors import expect_small

# How numbers are held here; all others as float32.
HELD: dict[str, Any] = {"bool": np.bool_, "int64": np.int64, "int32": np.int64, "int16": np.int64}


def held(data: Array, dtype: str) -> Array:
    """The numbers of a tensor of this torch type."""
    return np.asarray(data, HELD.get(dtype, np.float32))


def fold(build: Builder, target: str, rule: Rule | None, arguments: dict[str, Any]) -> list[Constant | None]:
    """The results of a call on constants: by its own function, else by evaluating what its rule builds."""
    with np.errstate(all="ignore"):  # masks hold infinities
        if target in FOLDS:
            made = FOLDS[target](**_arrays(arguments))
            return [build.constant("", data) for data in (made if isinstance(made, list) else [made])]
        assert rule is not None
        return _evaluated(build, rule, arguments)


def _evaluated(build: Builder, rule: Rule, arguments: dict[str, Any]) -> list[Constant | None]:
    """A rule applied in a graph of its own, which is evaluated. Constants that it only looked at differently stay themselves."""
    aside = build.aside()
    made: Result = rule(aside, **arguments)
    results: Sequence[Operand | None] = [made] if isinstance(made, (Node, Constant)) else made
    nodes = [result for result in results if isinstance(result, Node)]
    for node in aside.graph:
        expect_small(*node.type.shape)
    aside.graph.results = tuple(node.name for node in nodes)
    values = iter(evaluate(aside.graph, []) if nodes else ())
    return [build.constant("", next(values)) if isinstance(result, Node) else result for result in results]


def _arrays(arguments: dict[str, Any]) -> dict[str, Any]:
    """The arguments of a function. Elements that are paired with each other may not become too many."""
    arrays = {key: arrays_of(value) for key, value in arguments.items()}
    shapes = [value.shape for value in arrays.values() if isinstance(value, np.ndarray)]
    with suppress(ValueError):  # shapes that pair no elements
        expect_small(*np.broadcast_shapes(*shapes))
    return arrays


def arrays_of(argument: Any) -> Any:
    """An argument with the arrays of its constants."""
    if isinstance(argument, tuple):
        return tuple(arrays_of(item) for item in argument)
    return argument.data if isinstance(argument, Constant) else argument


def is_constant(arguments: Any) -> bool:
    """Whether no tensor among the arguments depends on an input."""
    if isinstance(arguments, dict):
        return all(is_constant(value) for value in arguments.values())
    return all(is_constant(item) for item in arguments) if isinstance(arguments, tuple) else not isinstance(arguments, Node)


def constant_values(program: Program) -> frozenset[str]:
    """The values that depend on no input."""
    constant = set(program.constants)
    for call in program.calls:
        if call.target in KNOWN or call.reads <= constant:
            constant.update(call.results)
    return frozenset(constant)
