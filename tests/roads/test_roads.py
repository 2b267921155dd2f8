"""Random networks through all passes: evaluator, host and emulated chip must give the same bits."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from random_graphs import Growing, union

from tfc.backends.c.project import emit_project
from tfc.backends.emulator.machine import Machine
from tfc.backends.host.model import compile_host
from tfc.backends.target import load_target
from tfc.backends.toolchain import build
from tfc.ir.evaluate import evaluate_batch, quantize_array
from tfc.ir.int_rules import INT
from tfc.ir.text import parse_graph, print_graph
from tfc.ir.types import DTYPES
from tfc.passes.calibrate import calibrate_on
from tfc.passes.pipeline import FLOAT, integer_passes, run_pipeline

TARGET = load_target("stm32f746")
TOGETHER = 20  # networks in one firmware
SAMPLES = 3
STEPS = 7


def network(first: int):
    """The placed union of some random networks, and integer inputs [SAMPLES, …]."""
    whole = union(f"random{first}", [Growing(seed).grow(STEPS) for seed in range(first, first + TOGETHER)])
    rng = np.random.default_rng(first)
    samples = [rng.normal(size=(8, *arg.type.shape)).astype(np.float32) for arg in whole.arguments]
    exact = evaluate_batch(whole, samples)
    simple = run_pipeline(whole, TARGET, FLOAT)
    for before, after in zip(exact, evaluate_batch(simple, samples), strict=True):
        assert np.allclose(before, after, rtol=1e-3, atol=1e-3 * max(1.0, float(np.abs(before).max())))
    placed = run_pipeline(calibrate_on(simple, samples), TARGET, integer_passes("latency"))
    assert parse_graph(print_graph(placed), placed.tensors) == placed
    return placed, [quantize_array(x[:SAMPLES], arg.type.quantization) for x, arg in zip(samples, placed.arguments, strict=True)]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    count = metafunc.config.getoption("--graphs")
    metafunc.parametrize("first", range(0, count, TOGETHER)) if "first" in metafunc.fixturenames else None


def test_the_roads_meet(first: int, tmp_path: Path) -> None:
    placed, inputs = network(first)
    expected = evaluate_batch(placed, inputs)
    native = compile_host(placed).run_batch(inputs)
    emit_project(placed, TARGET, tmp_path)
    machine = Machine(build(tmp_path, TARGET), TARGET)
    for index in range(SAMPLES):
        run = machine.run([np.ascontiguousarray(x[index]).tobytes() for x in inputs])
        for name, y, on_host, data in zip(placed.results, expected, native, run.outputs, strict=True):
            assert np.array_equal(on_host[index], y[index]), f"host differs at %{name}"
            type = placed[name].type
            assert np.array_equal(np.frombuffer(data, DTYPES[type.dtype]).reshape(type.shape), y[index]), f"emulator differs at %{name}"


def test_every_operator_occurs() -> None:
    seen: Counter[str] = Counter()
    for seed in range(200):
        graph = Growing(seed).grow(STEPS)
        seen.update({node.op for node in graph})
    integer = set(INT) - {"rescale", "reinterpret", "convert", "reciprocal", "rsqrt", "log", "exp", "square", "sqrt"}
    print(dict(seen.most_common()))
    assert integer <= set(seen)
