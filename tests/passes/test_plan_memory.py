"""Plans over pools that touch and over pools that lie apart: no byte is shared, and the firmware computes what it should."""

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest

from tfc.backends.c.project import emit_project
from tfc.backends.emulator.machine import Machine
from tfc.backends.host.model import compile_host
from tfc.backends.target import Target, load_target
from tfc.backends.toolchain import build
from tfc.fuzz.random_graphs import Growing, union
from tfc.ir.diagnostic import Diagnostic
from tfc.ir.evaluate import evaluate_batch, quantize_array
from tfc.ir.graph import Graph, Node
from tfc.ir.types import Quantization, TensorType
from tfc.passes.arrange import Problem
from tfc.passes.calibrate import calibrate_on
from tfc.passes.lifetimes import Buffer, Overlaps, buffers, needed, overlaps
from tfc.passes.pipeline import FLOAT, integer_passes, run_pipeline
from tfc.passes.plan_memory import Plan, make_plan, plan_memory, solved
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


TARGETS = {"apart": APART, "hardly any": chip("stm32h743", dtcm=64, sram=1 << 16), "adjacent": load_target("stm32f746")}


def assert_planned(graph: Graph, target: Target, plan: Plan) -> int:
    """That buffers lie apart which meet, or as far over one another as their kernel permits; how many lie so."""
    items, over = buffers(graph), 0
    free = overlaps(graph, items)
    for one, other in permutations(items, 2):
        a, b = plan.places[one.name], plan.places[other.name]
        if one.meets(other) and a.memory == b.memory and -one.bytes < a.offset - b.offset < other.bytes:
            ranges = free.get((one.name, other.name))
            over += ranges is not None
            assert not any(low < a.offset - b.offset < high for low, high in ranges) if ranges is not None else (other.name, one.name) in free
    room = {span[0].name: sum(pool.size for pool in span) for span in target.spans}
    assert all(plan.places[b.name].offset + b.bytes <= plan.peaks[plan.places[b.name].memory] <= room[plan.places[b.name].memory] for b in items)
    assert plan.lower_bound <= plan.peak == sum(row["used_bytes"] for row in pool_use(target, plan))
    return over


@pytest.mark.parametrize("first", [0, 100, 200])
@pytest.mark.parametrize("target", TARGETS.values(), ids=TARGETS.keys())
def test_no_byte_is_shared_that_may_not_be_and_all_lie_in_their_pools(first: int, target: Target) -> None:
    graph = network(first)[0]
    assert assert_planned(graph, target, make_plan(graph, target)) > 0


@pytest.mark.parametrize(("name", "seeds"), [("stm32f746", range(30)), ("stm32h743", range(100, 130))])
def test_random_networks_over_operands_compute_the_same(name: str, seeds: range) -> None:
    """The host has results in the planned bytes too; an operand that is overwritten too early would show."""
    target, over = load_target(name), 0
    for seed in seeds:
        graph = Growing(seed).grow(7)
        rng = np.random.default_rng(seed)
        samples = [rng.normal(size=(2, *arg.type.shape)).astype(np.float32) for arg in graph.arguments]
        placed = run_pipeline(calibrate_on(run_pipeline(graph, target, FLOAT), samples), target, integer_passes("latency"))
        plan = make_plan(placed, target)
        over += assert_planned(placed, target, plan)
        assert plan.optimal
        inputs = [quantize_array(x, arg.type.quantization) for x, arg in zip(samples, placed.arguments, strict=True)]
        for y, expected in zip(compile_host(placed).run_batch(inputs, threads=1), evaluate_batch(placed, inputs), strict=True):
            assert np.array_equal(y, expected)
    assert over > len(seeds) // 2


def problem(*items: Buffer, free: Overlaps | None = None, sizes: tuple[int, ...] = (1 << 20,)) -> Problem:
    free = free or {}
    return Problem(items, tuple(free.items()), sizes, max(needed(max(item.last for item in items), items, free)), fast=64)


def best_of_all(given: Problem) -> int:
    """The fewest bytes of a single span, by trying each offset of each buffer."""
    edges = range(0, sum(item.bytes for item in given.items) + 1, 8)

    def peaks(number: int, places: dict[str, int], most: int) -> Iterator[int]:
        if number == len(given.items):
            yield most
            return
        item = given.items[number]
        for at in edges:
            others = ((at - places[name], ranges) for name, ranges in given.apart[item.name].items() if name in places)
            if not any(low < difference < high for difference, ranges in others for low, high in ranges):
                yield from peaks(number + 1, places | {item.name: at}, max(most, at + item.bytes))

    return min(peaks(0, {}, 0))


@pytest.mark.parametrize("seed", range(12))
def test_plans_are_the_best_there_are(seed: int) -> None:
    rng = np.random.default_rng(seed)
    starts, lengths, sizes = rng.integers(0, 4, 5), rng.integers(1, 3, 5), 8 * rng.integers(1, 4, 5)
    items = [Buffer(f"b{i}", int(size), int(first), int(first + length)) for i, (first, length, size) in enumerate(zip(starts, lengths, sizes, strict=True))]
    free = {(x.name, y.name): ((-x.bytes, int(8 * rng.integers(-1, 2))),) for x in items for y in items if x.last == y.first and rng.random() < 0.5}
    given = problem(*items, free=free)
    places, bound = solved(given)
    assert given.bound <= bound == given.badness(places)[1] == best_of_all(given)


def test_of_the_shortest_plans_one_has_the_hottest_bytes_in_fast_memory() -> None:
    cold, hot, behind = Buffer("cold", 64, 0, 1, 64), Buffer("hot", 32, 0, 1, 32_000), Buffer("behind", 64, 1, 2, 64)
    given = problem(cold, hot, behind)
    places, bound = solved(given)
    assert places["hot"] == (0, 0)
    assert given.badness(places) == (0, bound, 64 + 32)


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
