"""From a model to a compiled folder."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tfc.backends.c.project import emit_project
from tfc.backends.formats import stored_bytes
from tfc.backends.memory_map import STACK_BYTES
from tfc.backends.target import Target, load_target
from tfc.backends.toolchain import build, elf_sizes
from tfc.compiled import Compiled, load
from tfc.data import random_inputs, read_inputs, sample_shapes
from tfc.importer import import_model
from tfc.importer_torchscript import NoShapes
from tfc.ir.diagnostic import Diagnostic
from tfc.ir.evaluate import evaluate_batch, quantize_array
from tfc.ir.graph import Graph, Tensor
from tfc.ir.text import VERSION as TEXT_VERSION
from tfc.ir.text import print_graph
from tfc.ir.types import Shape
from tfc.ir.verify import reached
from tfc.ir.weights import save_arrays, save_graph
from tfc.passes.calibrate import calibrate_on
from tfc.passes.pipeline import FLOAT, Hook, integer_passes, run_pipeline
from tfc.passes.plan_memory import make_plan
from tfc.report import FORMAT as REPORT_FORMAT
from tfc.report import Budget, Sizes, make_report, render_page

if TYPE_CHECKING:
    from torch import Tensor as TorchTensor
    from torch import nn

GOLDEN = 32  # samples whose outputs a compiled folder carries
STEPS = 6

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Options:
    """What a user may choose; sizes in bytes, None is all that the chip has."""

    ram: int | None = None
    flash: int | None = None
    reserve: int = 0
    stack: int = STACK_BYTES
    optimize: str = "latency"
    toolchain: str = "zig"

    def budget(self, target: Target) -> Budget:
        """The budget in bytes; more than the chip has is a Diagnostic."""
        given = {"ram": (self.ram, target.ram_bytes), "flash": (self.flash, target.flash.size)}
        for name, (asked, there) in given.items():
            if asked is not None and asked > there:
                raise Diagnostic(f"{name}: {asked} bytes are asked for, {target.name} has {there}")
        return Budget(self.ram or target.ram_bytes, self.flash or target.flash.size, self.reserve)


def compile(
    model: Path | str | nn.Module,
    example: tuple[TorchTensor, ...] | None = None,
    *,
    target: str = "stm32f746",
    shapes: Sequence[Shape] | None = None,
    calib: Path | str | Sequence[Tensor] | None = None,
    output: Path | str | None = None,
    options: Options | None = None,
    progress: Progress = lambda step: None,
    hook: Hook | None = None,
) -> Compiled:
    """Compile a `.pt2` or TorchScript file, or a module with example inputs, into a folder.

    `shapes` are those of the inputs of a TorchScript trace: by default those that it was traced with, else those of the samples.
    `calib` is a file or folder of samples, "random", or one array [N, *input shape] for each input; a model that brings all its
    scales (PT2E) needs none. The folder is written even when the model does not fit; `report["fits"]` says so. `progress` is told
    what begins, `hook` sees the graph after each pass.
    """
    chip, chosen = load_target(target), options or Options()
    budget = chosen.budget(chip)
    progress("import")
    imported = import_with_shapes(model, example, shapes, calib)
    samples = None if calib is None else calibration(imported, calib)
    progress("simplify")
    graph = run_pipeline(imported, chip, FLOAT, hook=hook)
    progress("calibrate")
    if samples is not None:
        graph = calibrate_on(graph, samples)
    elif not reached(graph, "ranged"):
        raise Diagnostic("a float model is quantized by samples of its input, and none were given", help="--calib DATA, or --calib random to try without")
    folder = prepare_folder(Path(output) if output else Path(f"{imported.name}.tfc"))
    progress("quantize and plan")
    graph = run_pipeline(graph, chip, integer_passes(chosen.optimize), hook=hook)
    progress("emit")
    golden = make_golden(imported, graph, [x[:GOLDEN] for x in samples or random_inputs(imported)])
    write_folder(folder, graph, chip, golden, chosen)
    progress("build")
    report = make_report(graph, chip, budget, build_firmware(folder, graph, chip, budget, chosen))
    write_json(folder / "report.json", report)
    (folder / "report.html").write_text(render_page(report), encoding="utf-8")
    write_json(folder / "manifest.json", manifest(folder, imported, chip, chosen))
    return load(folder)


def import_with_shapes(
    model: Path | str | nn.Module,
    example: tuple[TorchTensor, ...] | None,
    shapes: Sequence[Shape] | None,
    calib: Path | str | Sequence[Tensor] | None,
) -> Graph:
    """The model's graph; a trace that does not say the shapes of its inputs gets those of the samples."""
    try:
        return import_model(model, example, shapes=shapes)
    except NoShapes:
        if calib is None or calib == "random":
            raise
        given = sample_shapes(Path(calib)) if isinstance(calib, (str, Path)) else [x.shape[1:] for x in calib]
        return import_model(model, example, shapes=given)


def prepare_folder(folder: Path) -> Path:
    """An empty folder. A folder that tfc wrote is written anew; anything else that is there is left alone."""
    if folder.exists() and (not folder.is_dir() or (any(folder.iterdir()) and not (folder / "manifest.json").exists())):
        raise Diagnostic(f"{folder} exists and was not written by tfc", help="another folder with -o")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def calibration(graph: Graph, calib: Path | str | Sequence[Tensor]) -> list[Tensor]:
    """Samples as float32 arrays [N, *input shape], one for each input."""
    if isinstance(calib, (str, Path)):
        return random_inputs(graph) if str(calib) == "random" else read_inputs(Path(calib), graph)
    return [np.asarray(x, np.float32) for x in calib]


@dataclass(frozen=True)
class Golden:
    """Samples [N, …] as integers, the outputs that they must give, and what the float model gives for them."""

    inputs: list[Tensor]
    outputs: list[Tensor]
    float_outputs: list[Tensor]


def make_golden(imported: Graph, placed: Graph, samples: list[Tensor]) -> Golden:
    integers = quantize_inputs(placed, samples)
    return Golden(integers, evaluate_batch(placed, integers), evaluate_batch(imported, samples))


def quantize_inputs(graph: Graph, samples: Sequence[Tensor]) -> list[Tensor]:
    """Floats in the model's own layout as the integers that its arguments take, in that layout still."""
    quantizations = [arg.type.quantization for arg in graph.arguments]
    return [quantize_array(x, q) for x, q in zip(samples, quantizations, strict=True) if q is not None]


def write_folder(folder: Path, graph: Graph, target: Target, golden: Golden, options: Options) -> None:
    """The graph, the golden data and the C project."""
    save_graph(graph, folder / "model.tfir")
    (folder / "golden").mkdir()
    for name, arrays, nodes in (
        ("inputs", golden.inputs, graph.arguments),
        ("outputs", golden.outputs, [graph[name] for name in graph.results]),
        ("float", golden.float_outputs, [graph[name] for name in graph.results]),
    ):
        save_arrays(folder / "golden" / f"{name}.npz", {node.name: array for node, array in zip(nodes, arrays, strict=True)})
    first = [np.transpose(x[0], arg.attrs.get("axes")) for x, arg in zip(golden.inputs, graph.arguments, strict=True)]
    emit_project(graph, target, folder, golden_inputs=first, golden_outputs=[y[0] for y in golden.outputs], stack_bytes=options.stack)


def build_firmware(folder: Path, graph: Graph, target: Target, budget: Budget, options: Options) -> Sizes:
    """Link, where arena and weights fit the chip at all; the sizes of what was linked, or of what is known without."""
    weights = sum(stored_bytes(graph, node) for node in graph.of_op("const"))
    if make_plan(graph).peak + options.stack > target.ram_bytes or weights > target.flash.size:
        return Sizes(stack=options.stack, static=0, code=0, weights=weights)
    sizes = elf_sizes(build(folder, target, options.toolchain))
    shutil.rmtree(folder / "build" / "objects")
    return Sizes(stack=options.stack, static=sizes.data + sizes.bss, code=sizes.code + sizes.data, weights=sizes.rodata)


def manifest(folder: Path, imported: Graph, target: Target, options: Options) -> dict[str, Any]:
    """Versions, the hash of the imported graph, options, and the hash of every file."""
    digest = hashlib.sha256(print_graph(imported).encode())
    for name in sorted(imported.tensors):
        digest.update(np.ascontiguousarray(imported.tensors[name]).tobytes())
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {
        "tfc": version("tfc"),
        "formats": {"text": TEXT_VERSION, "report": REPORT_FORMAT, "arithmetic": 1},
        "target": target.name,
        "imported_sha256": digest.hexdigest(),
        "options": vars(options),
        "files": {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files},
    }


def write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, indent=1) + "\n", encoding="utf-8")
