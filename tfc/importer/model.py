"""From a torch.export program, a TorchScript trace, or a module and its example inputs, to a float graph: NCHW as traced."""

from __future__ import annotations

import inspect
import io
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import networkx as nx

from tfc.importer.torchscript.trace import read_trace
from tfc.ir.diagnostic import Diagnostic
from tfc.ir.graph import Graph, Node, Source
from tfc.ir.types import Shape, f32
from tfc.ir.verify import verify

from .aliases import Aliases
from .archive import Archive, inspect_archive, open_archive
from .builder import Builder, Constant, Operand, Result, name_of
from .constants import FOLDS
from .folding import constant_values, fold, held, is_constant
from .program import Call, Foreign, Program, Ref
from .pt2 import read_program
from .rules import quantized, views
from .table import RULES, SUPPORTED

if TYPE_CHECKING:  # reading a file needs no torch, and importing torch takes seconds
    from torch import Tensor, nn

# Checks that the trace carries along, about facts that are fixed here.
IGNORED = frozenset({"aten._assert_tensor_metadata.default"})
FLOATS = ("float32", "float16", "bfloat16")


def import_model(
    source: Path | str | nn.Module, example: tuple[Tensor, ...] | None = None, *, name: str | None = None, shapes: Sequence[Shape] | None = None
) -> Graph:
    """The float graph of a `.pt2` or TorchScript file, or of a module traced with example inputs of batch 1.

    `shapes` are those of the inputs of a TorchScript trace, where it does not say them itself. The graph is named after the file or
    the class unless `name` is given. Doubts about the file or the model are a Diagnostic.
    """
    if isinstance(source, (Path, str)):
        path = Path(source)
        return import_program(_read(open_archive(path), shapes), name_of(name or path.stem))
    if archive := _saved(source):
        given = shapes or ([tuple(x.shape) for x in example] if example else None)
        return import_program(_read(archive, given), name_of(name or archive.label))
    if example is None:
        raise Diagnostic("a module is traced with example inputs, and none were given", help="import_model(module, (torch.zeros(1, 3, 32, 32),))")
    return import_program(_read(_export(source, example)), name_of(name or type(source).__name__))


def _saved(source: nn.Module) -> Archive | None:
    """What torch.jit.trace, script and load give, as the archive that torch.jit.save would write."""
    import torch

    if not isinstance(source, torch.jit.ScriptModule):
        return None
    return inspect_archive(source.save_to_buffer(), source.original_name)


def _read(archive: Archive, shapes: Sequence[Shape] | None = None) -> Program:
    if archive.is_trace:
        return read_trace(archive, shapes, SUPPORTED)
    if shapes:
        raise Diagnostic(f"{archive.label} says the shapes of its inputs itself", help="leave --shape away; export the model again for other shapes")
    return read_program(archive)


def _export(module: nn.Module, example: tuple[Tensor, ...]) -> Archive:
    """The module as the archive that torch.export.save would write: both ways in are one."""
    import torch

    training = {part: part.training for part in module.modules()}
    buffer = io.BytesIO()
    try:
        torch.export.save(torch.export.export(module.eval(), example, strict=False), buffer)
    except Exception as error:  # whatever the module's own code raises while it is traced
        first_line = (str(error).strip().splitlines() or [""])[0]
        raise Diagnostic(f"torch.export cannot trace this {type(module).__name__}: {type(error).__name__}: {first_line}") from error
    finally:
        for part, mode in training.items():
            part.training = mode
    return inspect_archive(buffer.getvalue(), type(module).__name__)


def import_program(program: Program, name: str) -> Graph:
    """The graph of a program; unsupported operators are all named before any work."""
    _check_inputs(program)
    _check_operators(program)
    build, aliases = Builder(name), Aliases(program.constants)
    values: dict[str, Operand] = {name: _held(constant, program.value(name).dtype) for name, constant in program.constants.items()}
    for value in program.inputs:
        values[value] = build.graph.add(Node(build.graph.fresh(name_of(value)), "arg", (), f32(*program.value(value).shape)))
        aliases.make(value)
    calls = Counter(call.module for call in program.calls)
    for call in program.calls:
        if call.target not in IGNORED:
            _build_call(build, program, call, values, aliases, alone=bool(call.module) and calls[call.module] == 1)
    graph = build.graph
    graph.results = tuple(build.node(_known(values, aliases.read(value, "the result"), "the result")).name for value in program.results)
    _remove_unread(graph)
    verify(graph)
    return graph


def _check_inputs(program: Program) -> None:
    for value in program.inputs:
        shape, dtype = program.value(value).shape, program.value(value).dtype
        if dtype not in FLOATS:
            raise Diagnostic(f"input '{value}' holds {dtype}; tfc takes float inputs", help="let the module take float32, and convert inside it if need be")
        if 0 in shape:
            raise Diagnostic(f"input '{value}' has shape {shape}: it is empty")
        if len(shape) > 1 and shape[0] != 1:
            raise Diagnostic(
                f"input '{value}' has shape {shape}: a batch of {shape[0]}",
                help=f"export again with batch 1, an example input of shape {(1, *shape[1:])}; an input without a batch axis needs one of length 1",
            )
    if not program.results:
        raise Diagnostic("the program returns nothing")


def _check_operators(program: Program) -> None:
    """One Diagnostic for all calls that no rule takes, with their places."""
    constant = constant_values(program)
    problems = [f"{call.place}{problem}" for call in program.calls if (problem := _problem(call, constant)) is not None]
    if problems:
        listed = "\n  ".join(problems)
        raise Diagnostic(
            f"{len(problems)} call{'s' * (len(problems) > 1)} of operators that tfc does not support:\n  {listed}", help="`tfc ops` lists what there is"
        )


def _problem(call: Call, constant: frozenset[str]) -> str | None:
    """What hinders this call, behind its place; None if nothing does."""
    if call.target in IGNORED:
        return None
    if call.target not in SUPPORTED:
        return ""
    folded = call.target in FOLDS and call.reads <= constant
    if not folded and call.target not in RULES:
        return ": it is computed at import, but here depends on the input"
    parameters = inspect.signature(FOLDS[call.target] if folded else RULES[call.target])
    try:
        parameters.bind(*(() if folded else (None,)), **call.arguments)
    except TypeError as error:
        return f": {error}"
    foreign = [f"{key} ({value.kind})" for key, value in call.arguments.items() if isinstance(value, Foreign) and key in parameters.parameters]
    return f": cannot take {', '.join(foreign)}" if foreign else None


def _held(constant: Constant, dtype: str) -> Constant:
    """A constant of the program, integers and truth values as such."""
    return constant if dtype in (*FLOATS, "int8", "uint8", "float64") else replace(constant, data=held(constant.data, dtype))


def _known(values: Mapping[str, Operand], name: str, reader: str) -> Operand:
    if name not in values:
        raise Diagnostic(f"'{name}' is a result that tfc does not compute", at=reader)
    return values[name]


def _build_call(build: Builder, program: Program, call: Call, values: dict[str, Operand], aliases: Aliases, *, alone: bool) -> None:
    """Apply the rule of one call; the module's only call takes the module's name."""
    operator = call.target.split(".")[1].strip("_")
    build.stem = call.module if alone else f"{call.module}.{operator}".lstrip(".")
    build.source = Source(call.module, call.line)

    def resolved(argument: Any) -> Any:
        if isinstance(argument, tuple):
            return tuple(resolved(item) for item in argument)
        return _known(values, aliases.read(argument.name, call.place), call.place) if isinstance(argument, Ref) else argument

    arguments = {key: resolved(argument) for key, argument in call.arguments.items()}
    aliases.call(call, shares=call.target in views.RULES)
    try:
        build.shapes = [program.value(value).shape for value in call.results]
        if is_constant(arguments) and call.target not in quantized.RULES:
            result: Result = fold(build, call.target, RULES.get(call.target), arguments)
        else:
            result = RULES[call.target](build, **arguments)
    except Diagnostic as error:
        error.at = error.at or call.place
        raise
    except (TypeError, ValueError, IndexError, KeyError, AttributeError, AssertionError, ZeroDivisionError, OverflowError) as error:
        raise Diagnostic(f"the arguments of this call are not what {call.target} takes ({type(error).__name__}: {error})", at=call.place) from error
    _enter(program, call, [result] if isinstance(result, (Node, Constant)) else result, values)


def _enter(program: Program, call: Call, made: Sequence[Operand | None], values: dict[str, Operand]) -> None:
    """The results of a call under their names, if they are what the trace recorded."""
    if len([operand for operand in made if operand is not None]) > len(call.results) or len(made) < len(call.results):
        raise Diagnostic(f"this call makes {len(call.results)} values, tfc expects {len(made)}", at=call.place)
    for value, operand in zip(call.results, made, strict=False):
        if operand is None:
            continue
        recorded = program.value(value)
        if isinstance(operand, Constant) and call.target not in quantized.RULES:
            operand = _held(operand, recorded.dtype)
        elif recorded.dtype not in FLOATS and call.target not in quantized.RULES:
            raise Diagnostic(f"'{value}' is {recorded.dtype}{list(recorded.shape)} in the trace, tfc makes float32{list(operand.type.shape)}", at=call.place)
        if recorded.shape != operand.type.shape:
            raise Diagnostic(f"'{value}' is {recorded.dtype}{list(recorded.shape)} in the trace, tfc makes float32{list(operand.type.shape)}", at=call.place)
        values[value] = operand


def _remove_unread(graph: Graph) -> None:
    """What no result depends on goes, but for the arguments: they are the network's interface."""
    needed = set(graph.results).union(*(nx.ancestors(graph.dag, name) for name in graph.results))
    for node in reversed(list(graph)):
        if node.name not in needed and node.op != "arg":
            graph.remove(node.name)
            for symbol in (node.attrs.get("data"), node.attrs.get("scales")):
                if symbol is not None:
                    del graph.tensors[symbol]
