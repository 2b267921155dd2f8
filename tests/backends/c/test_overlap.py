"""Each kernel with its result over an operand, as far as it permits: the same bits; and a word further over it, other ones."""

from __future__ import annotations

from collections.abc import Iterator
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
    """The least distance in words, some that are more, and a word less; of one distance alone also a word more."""
    least = -(-shift.least // WORD) * WORD
    found = {
        least + WORD: shift.most > least,
        least: True,
        least - WORD: False,
        least + 3 * WORD: True,
        max(least, 0): True,
        least + bytes // 2 // WORD * WORD: True,
    }
    return {distance: safe for distance, safe in found.items() if -bytes < distance and (distance <= shift.most or not safe)}


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


@pytest.mark.parametrize("family", [family for family in FAMILIES if family not in APART])
def test_results_over_operands(family: str, tmp_path: Path) -> None:
    tried = list(trials(family))
    graph = placed(tried, merged([trial.graph for trial in tried]))
    inputs = samples(graph, np.random.default_rng(11))
    emit_project(graph, TARGET, tmp_path, stack_bytes=8192)
    run = Machine(build(tmp_path, TARGET), TARGET).run([x.tobytes() for x in inputs])
    wrong = differences(graph, list(run.outputs), evaluate(graph, inputs))
    print({name: what for name, what in wrong.items() if tried[int(name[1 : name.index(".")])].safe})
    numbers = {int(name[1 : name.index(".")]) for name in wrong}
    kernels = lambda some: {str(trial.graph[trial.graph.results[0]].attrs["kernel"]) for trial in some}
    print(family, len(tried), "never broke:", kernels(t for t in tried if not t.safe) - kernels(tried[n] for n in numbers if not tried[n].safe))
    assert not [tried[number] for number in numbers if tried[number].safe]
