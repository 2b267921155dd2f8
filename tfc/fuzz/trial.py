"""One network through all passes and on all roads: nothing, or what went wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

import numpy as np

from tfc.backends.c.project import emit_project
from tfc.backends.emulator.machine import Machine
from tfc.backends.host.model import compile_host
from tfc.backends.toolchain import build
from tfc.checking import Checking
from tfc.data import quantize_inputs
from tfc.ir.evaluate import evaluate_batch
from tfc.ir.graph import Graph, Tensor
from tfc.ir.text import parse_graph, print_graph
from tfc.ir.types import DTYPES
from tfc.passes.calibrate import calibrate_on
from tfc.passes.pipeline import FLOAT, INTEGER, run_pipeline

from .arena import Arena
from .settings import Setting

CALIBRATION, COMPARED = 8, 3  # samples
PREFIX = "."  # ends the part of a name that says in which network of a union a value is


@dataclass(frozen=True)
class Failure:
    """`kind` is the step that failed: what is made small must go on to fail in the same one."""

    kind: str
    message: str


@dataclass(frozen=True)
class Trial:
    """Where networks are tried: `folder` is for C projects, `objects` for units that many of them share."""

    folder: Path
    objects: Path

    def failure(self, graph: Graph, setting: Setting) -> Failure | None:
        """The first step that fails on a float graph."""
        steps = Steps(self, graph, setting)
        for name, step in steps.all():
            try:
                message = step()
            except Exception as error:  # whatever a step raises is what is looked for
                return Failure(name, f"{type(error).__name__}: {error}")
            if message:
                return Failure(name, message)
        return None


class Steps:
    """The way of one network; each step leaves what the next ones need, and says what is wrong."""

    def __init__(self, trial: Trial, graph: Graph, setting: Setting) -> None:
        self.trial, self.graph, self.setting, self.target = trial, graph, setting, setting.chip
        self.samples = [sample(arg.name, arg.type.shape) for arg in graph.arguments]
        self.crash = trial.folder / "crash.tfir"

    def all(self) -> Sequence[tuple[str, Callable[[], str | None]]]:
        return (
            ("float passes", self.simplify),
            ("integer passes", self.lower),
            ("plan", self.plan),
            ("text", self.round_trip),
            ("host", self.on_host),
            ("firmware", self.link),
            ("emulator", self.on_emulator),
        )

    def simplify(self) -> str | None:
        """Float passes may round otherwise, and nothing else."""
        exact = evaluate_batch(self.graph, self.samples)
        self.simple = run_pipeline(self.graph, self.target, FLOAT, crash_file=self.crash)
        for name, before, after in zip(self.graph.results, exact, evaluate_batch(self.simple, self.samples), strict=True):
            if not np.allclose(before, after, rtol=1e-3, atol=1e-3 * max(1.0, float(np.abs(before).max()))):
                return f"%{name} is off by {np.abs(before - after).max():.3g}"
        return None

    def lower(self) -> str | None:
        """Integer passes keep each bit."""
        checking = Checking(inputs=lambda graph: [x[:COMPARED] for x in quantize_inputs(graph, self.samples)])
        scheduled = run_pipeline(calibrate_on(self.simple, self.samples), self.target, INTEGER, hook=checking, crash_file=self.crash)
        self.placed = run_pipeline(scheduled, self.target, self.setting.passes(scheduled), hook=checking, crash_file=self.crash)
        self.inputs, self.expected = checking.given, checking.results
        return None

    def plan(self) -> str | None:
        self.arena = Arena(self.placed, self.target)
        return self.arena.clash()

    def round_trip(self) -> str | None:
        return None if parse_graph(print_graph(self.placed), self.placed.tensors) == self.placed else "the text parses back to another graph"

    def on_host(self) -> str | None:
        return self.different(compile_host(self.placed).run_batch(self.inputs))

    def link(self) -> str | None:
        emit_project(self.placed, self.target, self.trial.folder, short_loops=self.setting.objective == "flash")
        self.machine = Machine(build(self.trial.folder, self.target, objects=self.trial.objects), self.target)
        return None

    def on_emulator(self) -> str | None:
        laid_out = [
            np.transpose(x, (0, *(1 + axis for axis in arg.attrs.get("axes", range(x.ndim - 1)))))
            for x, arg in zip(self.inputs, self.placed.arguments, strict=True)
        ]
        samples = [[np.ascontiguousarray(x[index]).tobytes() for x in laid_out] for index in range(COMPARED)]
        runs = [self.machine.run(sample) for sample in samples]
        outputs: list[Tensor] = []
        for name, data in zip(self.placed.results, zip(*(run.outputs for run in runs), strict=True), strict=True):
            type = self.placed[name].type
            outputs.append(np.frombuffer(b"".join(data), DTYPES[type.dtype]).reshape(COMPARED, *type.shape))
        return self.different(outputs)

    def different(self, outputs: Sequence[Tensor]) -> str | None:
        for name, got, expected in zip(self.placed.results, outputs, self.expected, strict=True):
            if len(wrong := np.argwhere(got != expected)):
                place = tuple(wrong[0])
                return f"%{name}{[int(i) for i in place[1:]]} of sample {place[0]} is {got[place]} instead of {expected[place]}"
        return None


def sample(name: str, shape: tuple[int, ...]) -> Tensor:
    """Values for an argument. A network gets the same alone and in a union, where its names have a prefix."""
    rng = np.random.default_rng([crc32(name.rpartition(PREFIX)[2].encode()), *shape])
    return rng.normal(size=(CALIBRATION, *shape)).astype(np.float32)
