"""Read the program of a TorchScript archive by stepping its graphs from Python."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Any

from tfc.importer.archive import Archive
from tfc.importer.program import Program, Value
from tfc.importer.tensors import MOST_ELEMENTS
from tfc.ir.diagnostic import Diagnostic
from tfc.ir.types import Shape, f32

from .archive import TRACE_AGAIN, inspect_trace, recorded_inputs
from .calls import Recorder, Traced, Unknown
from .steps import Module, Stepper

SHAPES = "--shape 1,3,32,32, once for each input; in Python shapes=[(1, 3, 32, 32)]"


class NoShapes(Diagnostic):
    """A trace that does not say the shapes of its inputs, and none were given."""


def read_trace(archive: Archive, shapes: Sequence[Shape] | None, supported: Collection[str]) -> Program:
    """The program of the `forward` method, for inputs of these shapes: by default those that it was traced with, where it says so.

    Operators that are not in `supported` are never executed; they are left in the program for the importer to report.
    """
    unit, script = _load(inspect_trace(archive), archive.label)
    method = script._get_method("forward") if script._has_method("forward") else None
    if method is None:
        raise Diagnostic(f"{archive.label} has no method 'forward'", help=TRACE_AGAIN)
    graph, recorder = method.graph, Recorder(supported)
    stepper = Stepper(unit, recorder)
    parameters = list(graph.inputs())[1:]
    names = [re.sub(r"\.\d+$", "", value.debugName()) for value in parameters]
    facts = _inputs(archive, names, parameters, shapes)
    inputs = [recorder.input(name, value) for name, value in zip(names, facts, strict=False)]
    absent = [None] * (len(names) - len(inputs))
    try:
        results = _tensors(stepper.run(graph, [Module("", script), *inputs, *absent], ""), archive.label)
    except Unknown:
        results = recorder.calls[-1].results
    except RecursionError:
        raise Diagnostic(f"{archive.label} nests its calls and branches too deep", help=TRACE_AGAIN) from None
    # By their first names: an activation in place may have given an input another one.
    return Program(tuple(names[: len(inputs)]), recorder.constants, tuple(recorder.calls), results, recorder.values)


def _load(data: bytes, label: str) -> tuple[Any, Any]:
    """The compilation unit and the root module of an inspected archive, by torch's C++ loader: what torch.jit.load calls.

    It executes no Python pickle, and inspect_trace has refused what else it would execute; see there.
    """
    import torch

    native: Any = torch._C  # whose stubs know an older signature
    unit = native.CompilationUnit()
    try:
        return unit, native.import_ir_module_from_buffer(unit, data, torch.device("cpu"), {}, False)
    except Exception as error:  # the loader promises nothing about a damaged file
        said = (str(error).strip().splitlines() or [""])[0]
        raise Diagnostic(f"torch cannot load {label}: {said}", help=f"save it with a torch that this tfc supports: {TRACE_AGAIN}") from error


def _inputs(archive: Archive, names: list[str], parameters: list[Any], shapes: Sequence[Shape] | None) -> list[Value]:
    """Shape and type of each input. Optional ones at the end may stay away."""
    kinds = [value.type().str() for value in parameters]
    strange = [f"'{name}' ({kind})" for name, kind in zip(names, kinds, strict=True) if kind not in ("Tensor", "Optional[Tensor]", "Tensor?")]
    if strange:
        raise Diagnostic(f"{archive.label} takes {', '.join(strange)}; inputs for tfc are tensors", help="let forward take tensors only")
    recorded = recorded_inputs(archive)
    if shapes is None and recorded is None:
        raise NoShapes(f"{archive.label} does not say the shapes of its inputs ({', '.join(names)})", help=SHAPES)
    needed = sum(kind == "Tensor" for kind in kinds)
    types = [value.dtype for value in recorded or ()]
    given = list(recorded or ()) if shapes is None else [Value(tuple(shape), dtype) for shape, dtype in zip(shapes, _types(types, len(shapes)), strict=True)]
    if not needed <= len(given) <= len(names):
        raise Diagnostic(f"{archive.label} has {len(names)} inputs ({', '.join(names)}), and {len(given)} shapes were given", help=SHAPES)
    for name, value in zip(names, given, strict=False):
        if any(n < 0 for n in value.shape) or f32(*value.shape).size > MOST_ELEMENTS:
            raise Diagnostic(f"input '{name}' has shape {value.shape}; values have at most {MOST_ELEMENTS} elements")
        if len(value.shape) > 1 and value.shape[0] != 1:
            raise Diagnostic(f"input '{name}' has shape {value.shape}: a batch of {value.shape[0]}", help=f"tfc takes batch 1: {SHAPES}")
    return given


def _types(recorded: list[str], count: int) -> list[str]:
    return recorded if len(recorded) == count else ["float32"] * count


def _tensors(result: Any, label: str) -> tuple[str, ...]:
    """The names of the results, from nested lists and dictionaries, in order."""
    flat: list[Any] = []
    pending = [result]
    while pending:
        item = pending.pop(0)
        if isinstance(item, (list, dict)):
            pending[:0] = item.values() if isinstance(item, dict) else item
        else:
            flat.append(item)
    for number, item in enumerate(flat):
        if not isinstance(item, Traced):
            raise Diagnostic(f"result {number} of {label} is not a tensor, but {item!r}", help="return tensors only")
    return tuple(item.name for item in flat)
