"""evaluate == the C kernel on the emulated chip, for every kernel that bids, with no byte more scratch than it asked for."""

from pathlib import Path

import numpy as np
import pytest

from tfc.backends.c.project import emit_project
from tfc.backends.emulator.machine import Machine
from tfc.backends.target import load_target
from tfc.backends.toolchain import build
from tfc.ir.evaluate import evaluate
from tfc.ir.graph import Graph

from .cases import FAMILIES, graphs
from .graphs import bound_graphs, merged, placed, samples

TARGET = load_target("stm32f746")


def all_kernels(family: str) -> Graph:
    """Every case of a family on every kernel that bids for it, in one graph."""
    return merged([bound for graph in graphs(family) for _, _, bound in bound_graphs(graph, TARGET)])


def differences(graph: Graph, outputs: list[bytes], expected: list[np.ndarray]) -> dict[str, str]:
    """The results that differ, with their kernel and how many elements."""
    found = {}
    for name, data, right in zip(graph.results, outputs, expected, strict=True):
        y = np.frombuffer(data, right.dtype).reshape(right.shape)
        if not np.array_equal(y, right):
            node = graph[name]
            found[f"{name} {node.op} {node.attrs['kernel']}"] = f"{np.count_nonzero(y != right)} of {y.size}, {[graph[x].type.shape for x in node.operands]}"
    return found


@pytest.mark.parametrize("family", FAMILIES)
def test_kernels_equal_evaluate(family: str, tmp_path: Path) -> None:
    graph = placed(all_kernels(family), [TARGET.pools[0].name])
    inputs = samples(graph, np.random.default_rng(11))
    expected = evaluate(graph, inputs)
    emit_project(graph, TARGET, tmp_path, golden_inputs=inputs, golden_outputs=expected, stack_bytes=8192)
    run = Machine(build(tmp_path, TARGET), TARGET).run([x.tobytes() for x in inputs])
    assert differences(graph, list(run.outputs), expected) == {}
