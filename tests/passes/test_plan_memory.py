"""Plans over pools that touch and over pools that lie apart: no byte is shared, and the firmware computes what it should."""

from dataclasses import replace
from functools import cache
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from tfc.backends.c.project import emit_project
from tfc.backends.emulator.machine import Machine
from tfc.backends.target import Target, load_target
from tfc.backends.toolchain import build
from tfc.fuzz.random_graphs import Growing, union
from tfc.ir.diagnostic import Diagnostic
from tfc.ir.evaluate import evaluate_batch, quantize_array
from tfc.ir.graph import Graph, Node
from tfc.ir.types import Quantization, TensorType
from tfc.passes.calibrate import calibrate_on
from tfc.passes.lifetimes import buffers
from tfc.passes.pipeline import FLOAT, integer_passes, run_pipeline
from tfc.passes.plan_memory import make_plan, plan_memory
from tfc.report import pool_use


def chip(name: str, **sizes: int) -> Target:
    """A target with smaller pools."""
    target = load_target(name)
    smaller = {memory.name: replace(memory, size=sizes.get(memory.name, memory.size)) for memory in target.memories}
    return replace(target, memories=tuple(smaller.values()), pools=tuple(smaller[pool.name] for pool in target.pools))


APART = chip("stm32h743", dtcm=1 << 10, sram=1 << 16)


@cache
def network(first: int) -> tuple[Graph, list[np.ndarray]]:
    """A placed union of random networks that outgrows the first of the pools that lie apart, and inputs."""
    whole = union(f"random{first}", [Growing(seed).grow(5) for seed in range(first, first + 6)])
    rng = np.random.default_rng(first)
    samples = [rng.normal(size=(4, *arg.type.shape)).astype(np.float32) for arg in whole.arguments]
    placed = run_pipeline(calibrate_on(run_pipeline(whole, APART, FLOAT), samples), APART, integer_passes("latency"))
    return placed, [quantize_array(x[:1], arg.type.quantization) for x, arg in zip(samples, placed.arguments, strict=True)]


@pytest.mark.parametrize("first", [0, 100, 200])
@pytest.mark.parametrize("target", [APART, chip("stm32h743", dtcm=64, sram=1 << 16), load_target("stm32f746")], ids=["apart", "hardly any", "adjacent"])
def test_no_byte_is_shared_and_all_lie_in_their_pools(first: int, target: Target) -> None:
    graph = network(first)[0]
    items, plan = buffers(graph), make_plan(graph, target)
    for one, other in combinations(items, 2):
        a, b = plan.places[one.name], plan.places[other.name]
        if one.meets(other) and a.memory == b.memory:
            assert a.offset + one.bytes <= b.offset or b.offset + other.bytes <= a.offset
    room = {span[0].name: sum(pool.size for pool in span) for span in target.spans}
    assert all(plan.places[b.name].offset + b.bytes <= plan.peaks[plan.places[b.name].memory] <= room[plan.places[b.name].memory] for b in items)
    assert plan.lower_bound <= plan.peak == sum(row["used_bytes"] for row in pool_use(target, plan))


@pytest.mark.parametrize("first", [0, 100])
def test_firmware_over_pools_that_lie_apart_computes_the_same(first: int, tmp_path: Path) -> None:
    graph, inputs = network(first)
    plan = make_plan(graph, APART)
    assert set(plan.peaks) == {"dtcm", "sram"}
    assert all(plan.peaks.values())
    emit_project(graph, APART, tmp_path)
    run = Machine(build(tmp_path, APART), APART).run([x[0].tobytes() for x in inputs], watch=True)
    assert run.outputs == tuple(y[0].tobytes() for y in evaluate_batch(graph, inputs))
    assert all(0 < peak <= planned for peak, planned in zip(run.arena_peak_bytes, plan.peaks.values(), strict=True))


def test_a_buffer_that_fits_nowhere_is_the_memory_maps_to_refuse(tmp_path: Path) -> None:
    big = TensorType("i8", (1 << 17,), Quantization(0.1, 0))
    graph = plan_memory(Graph("big", [Node("x", "arg", (), big)], ["x"]), APART)
    with pytest.raises(Diagnostic, match=r"pool1 \(sram\) does not fit: it takes 131072 bytes, 65536 are there"):
        emit_project(graph, APART, tmp_path)
