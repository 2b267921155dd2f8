"""Whole models: equality, threads, errors, and vector code."""

from __future__ import annotations

import os
import threading
from _ctypes import FUNCFLAG_PYTHONAPI
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch

from tfc.backends.host.cache import KEPT, Cache
from tfc.backends.host.lanes import LANES
from tfc.backends.host.model import HostModel, compile_host
from tfc.backends.host.native import Native, multiplies_pairs
from tfc.backends.target import load_target
from tfc.compiler import quantize_inputs
from tfc.data import random_inputs
from tfc.importer.model import import_model
from tfc.ir.diagnostic import Diagnostic
from tfc.ir.evaluate import evaluate, evaluate_batch
from tfc.ir.graph import Graph, Node
from tfc.ir.types import Quantization, TensorType
from tfc.passes.calibrate import calibrate_on
from tfc.passes.pipeline import FLOAT, integer_passes, run_pipeline
from tfc.zoo.hybrid_small import HybridSmall

X = TensorType("i8", (2, 3), Quantization(0.02, 3))


@pytest.fixture(scope="module")
def hybrid() -> tuple[Graph, list[np.ndarray]]:
    """hybrid_small with random weights, placed, and samples for it."""
    torch.manual_seed(0)
    target = load_target("stm32f746")
    graph = run_pipeline(import_model(HybridSmall().eval(), (torch.zeros(1, 3, 32, 32),)), target, FLOAT)
    samples = [x[:8] for x in random_inputs(graph)]
    placed = run_pipeline(calibrate_on(graph, samples), target, integer_passes("latency"))
    return placed, quantize_inputs(placed, samples)


@pytest.fixture(scope="module")
def compiled(hybrid: tuple[Graph, list[np.ndarray]]) -> HostModel:
    return compile_host(hybrid[0])


@pytest.fixture
def small() -> Graph:
    """y = silu(x), whose argument is the transpose of the model's input; x itself is a result too."""
    nodes = [Node("x", "arg", (), X, {"axes": (1, 0)}), Node("y", "silu", ("x",), TensorType("i8", (2, 3), Quantization(0.01, -9)))]
    return Graph("small", nodes, ("y", "x"))


def test_a_placed_model_equals_evaluate(hybrid: tuple[Graph, list[np.ndarray]], compiled: HostModel) -> None:
    graph, inputs = hybrid
    expected = evaluate_batch(graph, inputs)
    assert len(inputs[0]) == 8
    for got in (compiled.run_batch(inputs), compiled.run_batch(inputs)):  # the second time in memory that was used
        assert all(np.array_equal(a, b) for a, b in zip(got, expected, strict=True))
    one = compiled.run([x[3] for x in inputs])
    assert all(np.array_equal(a, b[3]) for a, b in zip(one, expected, strict=True))


@pytest.mark.skipif(not multiplies_pairs(), reason="needs an x86 with AVX2")
def test_convolutions_are_vector_code(compiled: HostModel) -> None:
    code = compiled.native.assembly
    assert code.count("vpmaddwd") + code.count("vpdpwssd") > 100  # the second adds too, where the machine has it


@pytest.mark.parametrize("samples", [0, 1, LANES - 1, LANES, 3 * LANES + 1])
def test_any_number_of_samples_over_threads(small: Graph, samples: int) -> None:
    inputs = [np.random.default_rng(0).integers(-128, 128, (samples, 3, 2)).astype(np.int8)]
    heard: list[int] = []
    outputs = compile_host(small).run_batch(inputs, threads=3, progress=heard.append)
    assert all(np.array_equal(a, b) for a, b in zip(outputs, evaluate_batch(small, inputs), strict=True))
    assert heard == [min(first + LANES, samples) for first in range(0, samples, LANES)]


def test_batches_run_at_the_same_time(small: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two batches wait for one another inside the compiled function: on one thread they would wait for ever."""
    both = threading.Barrier(2)
    monkeypatch.setattr(HostModel, "_function", lambda self, name: lambda *arguments: both.wait(timeout=30))
    compile_host(small).run_batch([np.zeros((2 * LANES, 3, 2), np.int8)], threads=2)
    assert not both.broken


def test_the_interpreter_goes_on_while_compiled_code_runs(small: Graph) -> None:
    """The foreign function is one that ctypes releases the interpreter's lock for."""
    function = compile_host(small)._function("run")
    assert not type(function)._flags_ & FUNCFLAG_PYTHONAPI


def test_one_sample(small: Graph) -> None:
    x = np.arange(6, dtype=np.int8).reshape(3, 2)
    assert all(np.array_equal(a, b) for a, b in zip(compile_host(small).run([x]), evaluate(small, [x]), strict=True))


def test_the_code_is_a_function_of_the_graph(small: Graph) -> None:
    assert compile_host(small).native.text == compile_host(small.copy()).native.text


def test_a_graph_without_nodes() -> None:
    graph, x = Graph("nothing", [Node("x", "arg", (), X)], ("x",)), np.ones((2, 2, 3), np.int8)
    assert np.array_equal(compile_host(graph).run_batch([x])[0], x)


@pytest.mark.parametrize(
    ("inputs", "message"),
    [([], "takes 1 inputs, not 0"), ([np.zeros((4, 2, 3), np.int8)], r"shape \(3, 2\)"), ([np.zeros((4, 3, 2), np.float32)], "float32")],
)
def test_wrong_inputs(small: Graph, inputs: list[np.ndarray], message: str) -> None:
    with pytest.raises(Diagnostic, match=message):
        compile_host(small).run_batch(inputs)


def test_a_float_graph_is_refused() -> None:
    graph = Graph("float", [Node("x", "arg", (), TensorType("f32", (3,))), Node("y", "relu", ("x",), TensorType("f32", (3,)))], ("y",))
    with pytest.raises(Diagnostic, match="not quantized"):
        compile_host(graph)


def test_an_operator_without_a_rule_is_named(small: Graph) -> None:
    small.add(Node("y", "div", ("x", "x"), X))
    with pytest.raises(Diagnostic, match="'div' has no rule for the host"):
        compile_host(small)


def test_equal_constants_are_stored_once(cases: ModuleType, graphs: ModuleType) -> None:
    graph = next(iter(cases.graphs("linear")))
    twice = compile_host(graphs.merged([graph, graph]))
    assert len(twice.constants) == len(compile_host(graph).constants)


def test_code_is_compiled_once_for_all_processes(small: Graph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache, x = Cache(tmp_path), np.arange(6, dtype=np.int8).reshape(3, 2)
    expected = [y.tolist() for y in compile_host(small, cache=cache).run([x])]
    (kept,) = tmp_path.iterdir()
    with monkeypatch.context() as patch:
        patch.setattr(Native, "optimised", property(lambda self: pytest.fail("compiled again")))
        assert [y.tolist() for y in compile_host(small, cache=cache).run([x])] == expected
    kept.write_bytes(kept.read_bytes()[:-1])  # damaged: made anew
    assert [y.tolist() for y in compile_host(small, cache=cache).run([x])] == expected
    small.add(Node("y", "add", ("x", "x"), X))  # another graph, another file
    assert compile_host(small, cache=cache).run([x])[0].tolist() != expected[0]
    assert len(list(tmp_path.iterdir())) == 2


def test_a_cache_keeps_the_newest_and_lives_without_a_folder(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "kept")
    for number in range(KEPT + 3):
        cache.put(str(number), bytes([number]))
        os.utime(tmp_path / "kept" / str(number), (number, number))
    cache.put("last", b"x")
    assert {path.name for path in (tmp_path / "kept").iterdir()} == {"last", *(str(number) for number in range(4, KEPT + 3))}
    assert (cache.get("last"), cache.get("0")) == (b"x", None)
    (tmp_path / "file").write_text("in the way")
    blocked = Cache(tmp_path / "file")
    blocked.put("a", b"x")
    assert blocked.get("a") is None
