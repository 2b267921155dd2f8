"""What there is to say of an operator, gathered from where it is declared."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Sequence
from dataclasses import dataclass

from tfc.backends.kernels import KERNELS
from tfc.importer.becomes import torch_operators
from tfc.ir.float_rules import FLOAT
from tfc.ir.int_rules import INT
from tfc.ir.op import Op
from tfc.ir.ops import OPS, op_named
from tfc.ir.signature import spell
from tfc.passes.pipeline import PASSES, Pass, PassFunction
from tfc.passes.quantize_widths import makes_wide, reads_wide


@dataclass(frozen=True)
class Operator:
    """An operator as users meet it."""

    name: str
    does: str
    dtypes: tuple[str, ...]
    wide: str  # which operands may be int16, and whether the result
    limits: str
    operands: tuple[str, ...]
    attributes: dict[str, str]
    torch: tuple[str, ...]
    passes: tuple[str, ...]
    kernels: dict[str, str]


def operator(name: str) -> Operator:
    """All that is known of an operator; an unknown name is a Diagnostic with the valid ones."""
    declared = op_named(name)
    wide = wide_of(declared)
    tables = (("f32", name in FLOAT), ("i8", name in INT), ("i16", bool(wide)))
    return Operator(
        name,
        declared.doc,
        tuple(dtype for dtype, there in tables if there),
        wide,
        declared.limits,
        declared.operands,
        {key: spell(option.type) + ("" if option.required else f" = {option.default}") for key, option in declared.options.items()},
        torch_operators()[name],
        tuple(Pass(function).name for function in PASSES if name in built_by(function)),
        {kernel.name: kernel.doc for kernel in KERNELS.values() if name in kernel.ops},
    )


def operators() -> list[Operator]:
    return [operator(name) for name in sorted(OPS)]


def wide_of(declared: Op) -> str:
    """`x, r → result`; nothing where int16 is rescaled to int8 first."""
    reads = ", ".join(name for index, name in enumerate(declared.operands) if reads_wide(declared.name, index))
    makes = "result" if makes_wide(declared.name) else ""
    return " → ".join(part for part in (reads, makes) if part)


def built_by(function: PassFunction) -> frozenset[str]:
    """The operators that a pass writes: read off the nodes that its file makes."""
    module = inspect.getmodule(function)
    assert module is not None
    found: set[str] = set()
    for node in ast.walk(ast.parse(inspect.getsource(module))):
        match node:
            case ast.Call(func=ast.Name(id="Node"), args=[_, ast.Constant(value=str(op)), *_]):
                found.add(op)
            case ast.keyword(arg="op", value=ast.Constant(value=str(op))):
                found.add(op)
    return frozenset(found)


def short(targets: Sequence[str]) -> list[str]:
    """torch operators by their names alone: `aten.add_.Tensor` is add."""
    return list(dict.fromkeys(target.split(".")[1].removesuffix("_") for target in targets))
