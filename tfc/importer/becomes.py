"""Which operators of the graph a rule can build: read off the rule and what it calls, so that it is said nowhere else."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from tfc.ir.ops import OPS

from .builder import Builder
from .table import RULES

Function = Callable[..., Any]
HERE = __name__.rpartition(".")[0]


@cache
def torch_operators() -> dict[str, tuple[str, ...]]:
    """The torch operators that can become each operator: first its namesakes, then those that become little else."""
    made = {target: built(rule, frozenset()) for target, rule in RULES.items()}

    def found(op: str) -> list[str]:
        return sorted((target for target, ops in made.items() if op in ops), key=lambda target: (target.split(".")[1].strip("_") != op, len(made[target])))

    return {op: tuple(found(op)) for op in OPS}


def built(function: Function, seen: frozenset[Function]) -> frozenset[str]:
    """The operators that a function emits, itself or through functions of the importer."""
    if function in seen:
        return frozenset()
    ops, called = reading(function)
    return ops.union(*(built(other, seen | {function}) for other in called))


@cache
def reading(function: Function) -> tuple[frozenset[str], frozenset[Function]]:
    """What a function emits itself, and the functions of the importer that it calls."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    names = {**function.__globals__, **inspect.getclosurevars(function).nonlocals}
    ops: set[str] = set()
    called: set[Function] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "emit":
            ops |= set(OPS).intersection(texts(node.args[0], tree, names))
        elif isinstance(node, ast.Name) and builds_nodes(names.get(node.id)):
            called.add(names[node.id])
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in ("build", "self"):
            called |= {getattr(Builder, node.attr)} if builds_nodes(getattr(Builder, node.attr, None)) else set()
    return frozenset(ops), frozenset(called)


def builds_nodes(value: Any) -> bool:
    """Whether this is a function of the importer, but for those that enter rules in tables and the one that takes any operator."""
    return inspect.isfunction(value) and value.__module__.startswith(HERE) and value.__name__ not in ("rule", "builds", "emit")


def texts(name: ast.expr, tree: ast.AST, names: dict[str, Any]) -> Iterator[str]:
    """What the name of an operator may be: a text, one of two, a variable's, or one of a dictionary."""
    match name:
        case ast.Constant(value=str(text)):
            yield text
        case ast.IfExp():
            yield from texts(name.body, tree, names)
            yield from texts(name.orelse, tree, names)
        case ast.Subscript():
            yield from texts(name.value, tree, names)
        case ast.Dict():
            for value in name.values:
                yield from texts(value, tree, names)
        case ast.Name() if isinstance(names.get(name.id), str):
            yield names[name.id]
        case ast.Name():
            for node in ast.walk(tree):
                match node:
                    case ast.Assign(targets=[ast.Name(id=name.id)]) | ast.AnnAssign(target=ast.Name(id=name.id)) if node.value:
                        yield from texts(node.value, tree, names)
