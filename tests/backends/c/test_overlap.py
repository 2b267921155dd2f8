"""Each kernel with its result over an operand, as far as it permits: the same bits; and a word further over it, other ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from tfc.backends.c.project import emit_project
from tfc.backends.emulator.machine import Machine
from tfc.backends.overlap import Shift, shifts
from tfc.backends.target import load_target
from tfc.backends.toolchain import build
from tfc.ir.evaluate import evaluate
from tfc.ir.graph import Graph, Place
from tfc.passes.lifetimes import aligned

from .cases import FAMILIES, graphs
from .every import differences
from .graphs import bound_graphs, merged, samples

TARGET = load_target("stm32h743")  # there is room for many trials
POOL = max(TARGET.pools, key=lambda pool: pool.size).name
WORD = 4  # on which values lie
APART = ("attention", "matmul")  # what no kernel does over an operand
TOGETHER = 500  # trials in one firmware


@dataclass(frozen=True)
class Trial:
    """A bound graph, and how far behind its result an operand shall lie; `safe` says whether the kernel permits it."""

    graph: Graph
    operand: str
    distance: int
    safe: bool


def trials(family: str) -> Iterator[Trial]:
    for case in graphs(family):
        for _, _, graph in bound_graphs(case, TARGET):
            node = graph[graph.results[0]]
            for index, shift in shifts(node, graph).items():
                for distance, safe in distances(shift, graph[node.operands[index]].type.bytes).items():
                    yield Trial(graph, node.operands[index], distance, safe)


def distances(shift: Shift, bytes: int) -> dict[int, bool]:
    """The least distance in words, or 0 if none is too small, one that is more, and a word less."""
    least = -(-shift.least // WORD) * WORD if shift.least > -bytes else 0
    found = {least: True, least + bytes // 2 // WORD * WORD: shift.most > least, least - WORD: shift.least <= -bytes}
    return {distance: safe for distance, safe in found.items() if distance > -bytes}


def placed(tried: list[Trial], graph: Graph) -> Graph:
    """The merged graphs of trials, each in memory of its own behind the scratch of all."""
    end = max((aligned(node.scratch.bytes) for node in graph if node.scratch), default=0)

    def place(size: int) -> Place:
        nonlocal end
        at, end = end, end + aligned(size)
        return Place(POOL, at)

    for number, trial in enumerate(tried):
        operand, result = f"c{number}.{trial.operand}", f"c{number}.{trial.graph.results[0]}"
        start = place(max(graph[operand].type.bytes, graph[result].type.bytes) + abs(trial.distance)).offset
        at = {result: start + max(-trial.distance, 0), operand: start + max(trial.distance, 0)}
        for name in (f"c{number}.{node.name}" for node in trial.graph if node.op != "const"):
            node = graph[name]
            scratch = replace(node.scratch, place=Place(POOL, 0)) if node.scratch else None
            graph.add(replace(node, place=Place(POOL, at[name]) if name in at else place(node.type.bytes), scratch=scratch))
    return graph


def kernels(tried: Iterable[Trial]) -> set[str]:
    return {str(trial.graph[trial.graph.results[0]].attrs["kernel"]) for trial in tried}


def broken(tried: list[Trial], folder: Path) -> list[Trial]:
    """Those whose firmware computes something else than the evaluator."""
    graph = placed(tried, merged([trial.graph for trial in tried]))
    inputs = samples(graph, np.random.default_rng(11))
    emit_project(graph, TARGET, folder, stack_bytes=8192)
    run = Machine(build(folder, TARGET), TARGET).run([x.tobytes() for x in inputs])
    wrong = differences(graph, list(run.outputs), evaluate(graph, inputs))
    return [tried[int(name[1 : name.index(".")])] for name in wrong]


@pytest.mark.parametrize("family", [family for family in FAMILIES if family not in APART])
def test_results_over_operands(family: str, tmp_path: Path) -> None:
    tried = list(trials(family))
    parts = [tried[first : first + TOGETHER] for first in range(0, len(tried), TOGETHER)]
    wrong = [trial for number, part in enumerate(parts) for trial in broken(part, tmp_path / str(number))]
    assert not [(kernels([trial]), trial) for trial in wrong if trial.safe]
    assert kernels(trial for trial in tried if not trial.safe) <= kernels(wrong)


@pytest.mark.parametrize("family", APART)
def test_no_kernel_permits_these(family: str) -> None:
    assert list(trials(family)) == []
