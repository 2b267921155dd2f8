"""evaluate == the C kernel on the emulated chip, for every kernel that bids, with no byte more scratch than it asked for."""

from pathlib import Path

import numpy as np
import pytest

from tfc.backends.c.project import emit_project
from tfc.backends.emulator.machine import Machine
from tfc.backends.target import load_target
from tfc.backends.toolchain import build
from tfc.ir.evaluate import evaluate

from .cases import FAMILIES
from .every import all_kernels, differences
from .graphs import placed, samples

TARGET = load_target("stm32f746")


@pytest.mark.parametrize("family", FAMILIES)
def test_kernels_equal_evaluate(family: str, tmp_path: Path) -> None:
    graph = placed(all_kernels(family, TARGET), [TARGET.pools[0].name])
    inputs = samples(graph, np.random.default_rng(11))
    expected = evaluate(graph, inputs)
    emit_project(graph, TARGET, tmp_path, golden_inputs=inputs, golden_outputs=expected, stack_bytes=8192)
    run = Machine(build(tmp_path, TARGET), TARGET).run([x.tobytes() for x in inputs])
    assert differences(graph, list(run.outputs), expected) == {}
