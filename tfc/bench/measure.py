"""Measure one case: emit, build and run it on the emulated chip, whose result must be the evaluator's."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

import numpy as np

from tfc.backends import toolchain
from tfc.backends.c.project import emit_project
from tfc.backends.emulator.machine import Machine
from tfc.backends.formats import stored_bytes
from tfc.backends.target import Target
from tfc.ir.diagnostic import Diagnostic
from tfc.ir.evaluate import evaluate
from tfc.ir.graph import Graph
from tfc.ir.work import macs, nonzero_macs

from .builder import random_inputs
from .grid import Case, call_of, placed_graph

PACKAGES = ("capstone", "llvmlite", "unicorn", "ziglang")


@dataclass(frozen=True)
class Sample:
    """What one run of a kernel cost, caches empty when it begins. `density` is the share of weights that are not zero.

    `stored_bytes` are those of the weights in their format, `results` the elements of the result. `key` is of all that was run.
    """

    key: str
    layer: str
    op: str
    kernel: str
    block: str
    asked_density: float
    density: float
    results: int
    weights: int
    macs: int
    nonzero_macs: int
    instructions: int
    cycles: int
    stored_bytes: int
    scratch_bytes: int

    @property
    def cycles_per_nonzero_mac(self) -> float:
        return self.cycles / self.nonzero_macs

    @property
    def bytes_per_nonzero_weight(self) -> float:
        return self.stored_bytes / (self.weights * self.density)


def measure(case: Case, target: Target, work: Path, known: Mapping[str, Sample]) -> Sample:
    """The sample of a case: a known one if nothing that it depends on has changed. `work` is a folder to build in."""
    graph, project = placed_graph(case, target), work / "project"
    for old in (path for part in ("src", "project") for path in (project / part).rglob("*") if path.is_file()):
        old.unlink()
    emit_project(graph, target, project)
    key = key_of(case, project, target)
    if key in known:
        return known[key]
    elf = toolchain.build(project, target, objects=work / "objects")
    inputs = random_inputs(graph)
    run = Machine(elf, target).run([x.tobytes() for x in inputs], timing="full")
    for y, expected in zip(run.outputs, evaluate(graph, inputs), strict=True):
        if y != np.ascontiguousarray(expected).tobytes():
            raise Diagnostic(f"{case.kernel} and the evaluator differ on {case.layer} at density {case.density:g}: this is an error of tfc")
    assert run.profile is not None
    return sample_of(case, graph, key, run.instructions, round(run.profile.cycles))


def sample_of(case: Case, graph: Graph, key: str, instructions: int, cycles: int) -> Sample:
    """With what is known of the graph."""
    node = call_of(graph).node
    weights = graph[node.operands[1]] if len(node.operands) > 1 and graph[node.operands[1]].name == "w" else None
    values = None if weights is None else graph.constant(weights.name)
    return Sample(
        key=key,
        layer=case.layer,
        op=node.op,
        kernel=case.kernel,
        block="{}x{}".format(*case.block) if case.is_sparse else "",
        asked_density=case.density,
        density=1.0 if values is None else np.count_nonzero(values) / values.size,
        results=node.type.size,
        weights=0 if weights is None else weights.type.size,
        macs=macs(graph, node),
        nonzero_macs=nonzero_macs(graph, node),
        instructions=instructions,
        cycles=cycles,
        stored_bytes=0 if weights is None else stored_bytes(graph, weights),
        scratch_bytes=node.scratch.bytes if node.scratch else 0,
    )


def key_of(case: Case, project: Path, target: Target) -> str:
    """Equal keys cost equal cycles: of the case, the sources, and what builds, runs and times them."""
    digest = hashlib.sha256(f"{asdict(case)} {machinery(target)}".encode())
    for path in sorted(path for part in ("src", "project") for path in (project / part).rglob("*") if path.is_file()):
        digest.update(path.relative_to(project).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


@cache
def machinery(target: Target) -> str:
    """The chip, the toolchain and the emulator, as a hash."""
    digest = hashlib.sha256(f"{target} {[version(package) for package in PACKAGES]}".encode())
    digest.update(Path(toolchain.__file__).read_bytes())
    emulator = Path(str(files("tfc.backends.emulator")))
    for path in sorted(path for ending in ("*.py", "*.c", "*.h") for path in emulator.rglob(ending)):
        digest.update(path.read_bytes())
    return digest.hexdigest()
