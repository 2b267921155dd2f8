"""Float passes keep the meaning of a network; quantization costs little."""

import numpy as np
import pytest

from tfc.backends.target import load_target
from tfc.ir.evaluate import dequantize_array, evaluate_batch, quantize_array
from tfc.ir.graph import Graph, Node
from tfc.ir.types import Quantization, Symbol, f32
from tfc.ir.verify import reached, verify
from tfc.passes.calibrate import calibrate_on
from tfc.passes.equalize import equalize
from tfc.passes.pipeline import FLOAT, integer_passes, parse_pipeline, run_pipeline
from tfc.passes.plan_memory import make_plan

TARGET = load_target("stm32f746")
RNG = np.random.default_rng(0)


def constant(graph: Graph, name: str, value: np.ndarray) -> str:
    graph.tensors[Symbol(name)] = value.astype(np.float32)
    graph.add(Node(name, "const", (), f32(*value.shape), {"data": Symbol(name)}))
    return name


def depthwise_net(spread: float = 1.0) -> Graph:
    """Pointwise, depthwise, pointwise, a residual at the end.

    Batch norm scales channels by up to 2^±spread, which the weights behind it undo: as in a trained network, all channels count.
    """
    graph, shape, gain = Graph("net"), (1, 8, 8, 16), np.ones(16)
    x = graph.add(Node("x", "arg", (), f32(*shape))).name
    for index, groups in enumerate((1, 16, 1)):
        w = RNG.normal(size=(16, 3 if groups > 1 else 1, 3 if groups > 1 else 1, 16 // groups)) / np.sqrt(9 if groups > 1 else 16)
        w = w / (gain.reshape(-1, 1, 1, 1) if groups > 1 else gain)
        attrs = {"groups": groups, "pad": (1, 1, 1, 1)} if groups > 1 else {}
        graph.add(Node(f"c{index}", "conv2d", (x, constant(graph, f"w{index}", w), constant(graph, f"b{index}", RNG.normal(size=16) / 4)), f32(*shape), attrs))
        gain = 2 ** RNG.uniform(-spread, spread, 16) if index < 2 else np.ones(16)
        parameters = [constant(graph, f"n{index}.{i}", value) for i, value in enumerate((gain, RNG.normal(size=16) / 4 * gain, np.zeros(16), np.ones(16)))]
        x = graph.add(Node(f"n{index}", "batch_norm", (f"c{index}", *parameters), f32(*shape), {"axis": 3})).name
        if index < 2:
            x = graph.add(Node(f"a{index}", "relu", (x,), f32(*shape))).name
    graph.add(Node("y", "add", (x, "x"), f32(*shape)))
    graph.results = ("y",)
    return graph


def samples(count: int = 16) -> list[np.ndarray]:
    return [RNG.normal(size=(count, 1, 8, 8, 16)).astype(np.float32)]


def error_of(graph: Graph, inputs: list[np.ndarray], expected: np.ndarray) -> float:
    """Noise of the quantized graph relative to the signal."""
    quantized = run_pipeline(calibrate_on(graph, inputs), TARGET, "quantize")
    integers = [quantize_array(inputs[0], quantized.arguments[0].type.quantization)]
    result = dequantize_array(evaluate_batch(quantized, integers)[0], quantized[quantized.results[0]].type.quantization)
    return float(np.linalg.norm(result - expected) / np.linalg.norm(expected))


@pytest.mark.parametrize("step", [str(step) for step in parse_pipeline(FLOAT)] + ["equalize"])
def test_a_float_pass_keeps_the_meaning(step: str) -> None:
    inputs = samples()
    graph = run_pipeline(depthwise_net(), TARGET, FLOAT.partition(step)[0].rstrip(","))
    if step == "equalize":
        graph = calibrate_on(graph, inputs)  # it goes by the peaks of channels
    before = evaluate_batch(graph, inputs)[0]
    after = evaluate_batch(run_pipeline(graph, TARGET, step), inputs)[0]
    assert np.allclose(before, after, rtol=1e-4, atol=1e-5)


def test_the_float_pipeline_fuses_what_can_be_fused() -> None:
    graph = run_pipeline(depthwise_net(), TARGET, FLOAT)
    assert [node.op for node in graph if node.op not in ("arg", "const")] == ["conv2d"] * 3
    assert [node.attrs.get("activation") for node in graph.of_op("conv2d")] == ["relu", "relu", None]
    assert len(graph["c2"].operands) == 4


def test_quantization_costs_little() -> None:
    graph, inputs = run_pipeline(depthwise_net(), TARGET, FLOAT), samples()
    assert error_of(graph, inputs, evaluate_batch(graph, inputs)[0]) < 0.02


def test_equalization_helps_where_channels_differ() -> None:
    graph, inputs = run_pipeline(depthwise_net(spread=5), TARGET, FLOAT), samples()
    expected = evaluate_batch(graph, inputs)[0]
    assert error_of(equalize(calibrate_on(graph, inputs), TARGET), inputs, expected) < 0.7 * error_of(graph, inputs, expected)


def test_bias_correction_restores_means() -> None:
    """With inputs far from zero the rounding of weights shifts every output; the means say by how much."""
    graph = Graph("g", [Node("x", "arg", (), f32(1, 32))])
    graph.add(Node("y", "linear", ("x", constant(graph, "w", RNG.normal(size=(64, 32)) ** 3), constant(graph, "b", np.zeros(64))), f32(1, 64)))
    graph.results = ("y",)
    inputs = [(5 + RNG.normal(size=(256, 1, 32)) * 0.1).astype(np.float32)]
    ranged = calibrate_on(graph, inputs)
    without = ranged.copy()
    without.add(ranged["x"].but(means=None))
    expected = evaluate_batch(graph, inputs)[0].mean(axis=0)

    def shift(source: Graph) -> float:
        quantized = run_pipeline(source, TARGET, "quantize")
        result = evaluate_batch(quantized, [quantize_array(inputs[0], quantized["x"].type.quantization)])[0]
        return float(np.abs(dequantize_array(result, quantized["y"].type.quantization).mean(axis=0) - expected).mean())

    assert shift(ranged) < 0.5 * shift(without)


def test_a_norm_of_a_constant_input_compiles() -> None:
    graph = Graph("g", [Node("x", "arg", (), f32(4, 16))])
    graph.add(Node("y", "layer_norm", ("x", constant(graph, "g", np.ones(16)), constant(graph, "b", np.zeros(16))), f32(4, 16)))
    graph.results = ("y",)
    quantized = run_pipeline(calibrate_on(graph, [np.full((8, 4, 16), 0.5, np.float32)]), TARGET, "quantize")
    x = quantize_array(np.full((1, 4, 16), 0.5), quantized["x"].type.quantization)
    assert (dequantize_array(evaluate_batch(quantized, [x])[0], quantized["y"].type.quantization) == 0).all()


def test_stages_are_reached_in_order() -> None:
    graph = run_pipeline(depthwise_net(), TARGET, FLOAT)
    assert reached(graph, "float")
    assert not reached(graph, "ranged")
    ranged = calibrate_on(graph, samples())
    assert reached(ranged, "ranged")
    placed = run_pipeline(ranged, TARGET, integer_passes("latency"))
    assert all(reached(placed, stage) for stage in ("quantized", "bound", "placed"))
    verify(placed)
    plan = make_plan(placed, TARGET)
    assert plan.lower_bound <= plan.peak <= sum(node.type.bytes + (node.scratch.bytes if node.scratch else 0) for node in placed)


def test_clipping_ignores_an_outlier() -> None:
    graph = Graph("g", [Node("x", "arg", (), f32(1, 16384))], ["x"])
    x = RNG.normal(size=(64, 1, 16384)).astype(np.float32)
    x[0, 0, 0] = 40
    low, high = calibrate_on(Graph("g", [*graph, Node("y", "abs", ("x",), f32(1, 16384))], ["y"]), [x])["y"].attrs["range"]
    assert low == 0
    assert 3 < high < 20


def test_images_have_the_range_of_images() -> None:
    graph = Graph("g", [Node("x", "arg", (), f32(1, 3, 2, 2))], ["x"])
    ranged = calibrate_on(graph, [np.full((1, 1, 3, 2, 2), 0.8, np.float32)])
    assert ranged["x"].attrs["range"] == (0.0, 1.0)
    assert run_pipeline(ranged, TARGET, "quantize")["x"].type.quantization == Quantization(1 / 255, -128)
