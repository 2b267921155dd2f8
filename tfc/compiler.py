"""From a model to a compiled folder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tfc.advice import ways_to_fit
from tfc.backends.target import load_target
from tfc.compiled import Compiled, load
from tfc.data import quantize_inputs, random_inputs, read_inputs, sample_shapes
from tfc.fitting import build_within
from tfc.folder import Golden, manifest, prepare_folder, write_json
from tfc.importer.model import import_model
from tfc.importer.torchscript.trace import NoShapes
from tfc.ir.diagnostic import Diagnostic
from tfc.ir.evaluate import evaluate_batch
from tfc.ir.graph import Graph, Tensor
from tfc.ir.types import Shape
from tfc.ir.verify import reached
from tfc.noise import signal_to_noise
from tfc.options import Options
from tfc.passes.calibrate import calibrate_on
from tfc.passes.pipeline import FLOAT, INTEGER, Hook, run_pipeline
from tfc.report import render_page
from tfc.rescue import rescue

if TYPE_CHECKING:
    from torch import Tensor as TorchTensor
    from torch import nn

GOLDEN = 32  # samples whose outputs a compiled folder carries
STEPS = 6  # at most

Progress = Callable[[str], None]


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
        ranged = rescue(graph, chip, samples, budget) if chosen.rescue else calibrate_on(graph, samples)
    elif reached(graph, "ranged"):
        ranged = graph
    else:
        raise Diagnostic("a float model is quantized by samples of its input, and none were given", help="--calib DATA, or --calib random to try without")
    folder = prepare_folder(Path(output) if output else Path(f"{imported.name}.tfc"))
    progress("quantize")
    scheduled = run_pipeline(ranged, chip, INTEGER, hook=hook)
    shown = [x[:GOLDEN] for x in samples or random_inputs(imported)]
    golden = make_golden(imported, scheduled, shown)
    progress("plan and build")
    placed, report = build_within(folder, scheduled, chip, golden, chosen, signal_to_noise(ranged, scheduled, shown, golden.inputs), hook)
    if not report["fits"]:
        progress("look for what would fit")
        report["ways_to_fit"] = ways_to_fit(scheduled, placed, chip, chosen, report)
    write_json(folder / "report.json", report)
    (folder / "report.html").write_text(render_page(report, (folder / "memory.svg").read_text(encoding="utf-8")), encoding="utf-8")
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


def calibration(graph: Graph, calib: Path | str | Sequence[Tensor]) -> list[Tensor]:
    """Samples as float32 arrays [N, *input shape], one for each input."""
    if isinstance(calib, (str, Path)):
        return random_inputs(graph) if str(calib) == "random" else read_inputs(Path(calib), graph)
    return [np.asarray(x, np.float32) for x in calib]


def make_golden(imported: Graph, quantized: Graph, samples: list[Tensor]) -> Golden:
    integers = quantize_inputs(quantized, samples)
    return Golden(integers, evaluate_batch(quantized, integers), evaluate_batch(imported, samples))
