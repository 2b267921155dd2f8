"""A residual stream of int16 through all integer passes: evaluate == host == the emulated chip, and int16_t in the header."""

from pathlib import Path

import numpy as np
import pytest

from tfc.backends.c.project import emit_project
from tfc.backends.emulator.machine import Machine
from tfc.backends.host.model import compile_host
from tfc.backends.target import load_target
from tfc.backends.toolchain import build
from tfc.ir.evaluate import evaluate
from tfc.ir.graph import Graph, Node
from tfc.ir.types import Symbol, f32
from tfc.passes.pipeline import integer_passes, run_pipeline

from .graphs import samples

TARGET = load_target("stm32f746")
TOKENS, C, WIDE = 6, 18, {"range": (-40.0, 40.0), "wide": True}
NARROW = {"range": (-4.0, 4.0)}


def stream() -> Graph:
    """Two blocks of norm, linear, silu, linear and the sum with the stream; the stream is a result too."""
    rng, graph = np.random.default_rng(3), Graph("stream", [Node("x", "arg", (), f32(TOKENS, C), NARROW)])

    def constant(name: str, *shape: int) -> str:
        graph.tensors[Symbol(name)] = (rng.normal(size=shape) / np.sqrt(shape[-1])).astype(np.float32)
        return graph.add(Node(name, "const", (), f32(*shape), {"data": Symbol(name)})).name

    def linear(name: str, out: int, x: str, *residual: str, **attrs: object) -> str:
        w, b = constant(f"{name}.w", out, graph[x].type.shape[-1]), constant(f"{name}.b", out)
        return graph.add(Node(name, "linear", (x, w, b, *residual), f32(graph[x].type.shape[0], out), attrs)).name

    at = linear("enter", C, "x", **WIDE)
    for block in ("first", "second"):
        affine = [constant(f"{block}.{name}", C) for name in ("gamma", "beta")]
        normal = graph.add(Node(f"{block}.norm", "layer_norm", (at, *affine), f32(TOKENS, C), NARROW)).name
        inner = linear(f"{block}.up", 2 * C, normal, activation=Symbol("silu"), pre_range=(-4.0, 4.0), **NARROW)
        at = linear(f"{block}.down", C, inner, at, **WIDE)
    doubled = graph.add(Node("doubled", "add", (at, "x"), f32(TOKENS, C), WIDE)).name
    mean = graph.add(Node("mean", "mean", (doubled,), f32(1, C), {"axes": (0,), "keepdims": True, **NARROW})).name
    graph.results = (linear("head", 5, mean, **NARROW), at)
    return graph


@pytest.fixture(scope="module")
def placed() -> Graph:
    return run_pipeline(stream(), TARGET, integer_passes("latency"))


def test_three_roads_meet(placed: Graph, tmp_path: Path) -> None:
    inputs = samples(placed, np.random.default_rng(4))
    expected = evaluate(placed, inputs)
    assert [y.dtype for y in expected] == [np.int8, np.int16]
    assert np.ptp(expected[1]) > 1000
    emit_project(placed, TARGET, tmp_path, golden_inputs=inputs, golden_outputs=expected)
    run = Machine(build(tmp_path, TARGET), TARGET).run([x.tobytes() for x in inputs])
    assert list(run.outputs) == [y.tobytes() for y in expected]
    assert all(np.array_equal(a, b) for a, b in zip(compile_host(placed).run(inputs), expected, strict=True))


def test_the_header_says_int16(placed: Graph, tmp_path: Path) -> None:
    emit_project(placed, TARGET, tmp_path)
    header = (tmp_path / "src" / "model.h").read_text()
    assert "int16_t *second_down;" in header
    assert "static inline int16_t *stream_second_down(" in header
    assert "static inline int16_t stream_second_down_from_float(float value)" in header


def test_int16_takes_kernels_of_its_own(placed: Graph) -> None:
    kernels = [str(node.attrs["kernel"]) for node in placed if "kernel" in node.attrs]
    assert {"layer_norm_s16", "add_s16", "mean_s16"} <= set(kernels)
    assert not [node for node in placed if node.op == "rescale"]
