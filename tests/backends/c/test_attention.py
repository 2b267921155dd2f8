"""Attention of random shapes with random biases: evaluate == host == the emulated chip."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tfc.backends.c.project import emit_project
from tfc.backends.emulator.machine import Machine
from tfc.backends.host.model import compile_host
from tfc.backends.target import load_target
from tfc.backends.toolchain import build
from tfc.ir.evaluate import evaluate
from tfc.ir.graph import Graph

from .every import differences
from .graphs import Builder, bound_graphs, merged, placed, samples
from .makers import attention

TARGET = load_target("stm32f746")
TOGETHER = 12


def random_attention(rng: np.random.Generator) -> Graph:
    """One to 64 tokens, one to four heads of odd sizes, perhaps a bias of which any axes are broadcast."""
    heads, windows, batch = int(rng.integers(1, 5)), int(rng.choice([1, 1, 2])), int(rng.choice([1, 2, 4]))
    queries, keys = (int(n) for n in rng.choice([1, 2, 3, 5, 8, 13, 16, 21, 49, 64], 2))
    windows = min(windows, batch)
    shape = (*(1 if rng.random() < 0.3 else n for n in (windows, heads, queries)), keys)
    bias = shape[int(rng.integers(0, 2)) if shape[0] == 1 else 0 :]
    channels, values = (heads * int(rng.choice([1, 2, 3, 4, 5, 7, 8, 12, 31, 33])) for _ in range(2))
    zeros = tuple(int(zero) for zero in rng.choice([-128, 127, 0, 9], 4))
    case = attention(
        (batch, queries, channels),
        heads,
        keys=keys,
        values=values,
        zeros=zeros,
        bias=() if rng.random() < 0.3 else bias,
        step=int(rng.integers(1, 5)),
        dtype=str(rng.choice(["i8", "i16"])),
    )
    builder = Builder(rng)
    return builder.finish(case(builder))


@pytest.mark.parametrize("seed", range(3))
def test_all_roads_agree(seed: int, tmp_path: Path) -> None:
    bound = [graph for i in range(TOGETHER) for _, _, graph in bound_graphs(random_attention(np.random.default_rng([seed, i])), TARGET)]
    assert len(bound) == TOGETHER
    graph = placed(merged(bound), [pool.name for pool in TARGET.pools if pool.name.startswith("sram")])
    inputs = samples(graph, np.random.default_rng(seed))
    expected = evaluate(graph, inputs)
    host = compile_host(graph).run_batch([x[None] for x in inputs])
    emit_project(graph, TARGET, tmp_path)
    run = Machine(build(tmp_path, TARGET), TARGET).run([x.tobytes() for x in inputs])
    assert differences(graph, list(run.outputs), expected) == {}
    assert differences(graph, [y[0].tobytes() for y in host], expected) == {}
