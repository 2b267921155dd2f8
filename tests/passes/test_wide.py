"""int16 where a rule asks for it: who reads it as it is, who reads a rescaled copy, and what that brings."""

import numpy as np
import pytest

from tfc.backends.target import load_target
from tfc.ir.evaluate import dequantize_array, evaluate_batch, quantize_array
from tfc.ir.graph import Graph, Node
from tfc.ir.types import Symbol, f32
from tfc.passes.pipeline import run_pipeline

TARGET = load_target("stm32f746")
RANGE = {"range": (-40.0, 40.0)}


def constant(graph: Graph, name: str, value: np.ndarray) -> str:
    graph.tensors[Symbol(name)] = value.astype(np.float32)
    return graph.add(Node(name, "const", (), f32(*value.shape), {"data": Symbol(name)})).name


def stream(shape: tuple[int, ...], wide: bool = True) -> Graph:
    """%s, the sum of two arguments, which may be int16."""
    graph = Graph("one", [Node(name, "arg", (), f32(*shape), {"range": (-20.0, 20.0)}) for name in ("a", "b")])
    graph.add(Node("s", "add", ("a", "b"), f32(*shape), {**RANGE, **({"wide": True} if wide else {})}))
    graph.results = ("y",)
    return graph


def weighted(op: str, shape: tuple[int, ...], weights: np.ndarray, wide: bool = True, **attrs: object) -> Graph:
    graph = stream(shape, wide)
    operands = ("s", constant(graph, "w", weights), constant(graph, "k", np.zeros(len(weights))))
    graph.add(Node("y", op, operands, f32(*shape[:-1], len(weights)), {**RANGE, **attrs}))
    return graph


def reads(graph: Graph) -> str:
    """What the last node reads, and as which type."""
    quantized = run_pipeline(graph, TARGET, "quantize,drop-dead")
    x = quantized["y"].operands[0]
    return f"{quantized[x].op} : {quantized[x].type.dtype}"


RNG = np.random.default_rng(0)


@pytest.mark.parametrize(
    ("graph", "read"),
    [
        (weighted("linear", (3, 16), RNG.normal(size=(4, 16)) / 4), "add : i16"),
        (weighted("conv2d", (1, 3, 3, 16), RNG.normal(size=(4, 1, 1, 16)) / 4), "add : i16"),
        (weighted("linear", (3, 4096), np.full((4, 4096), 1 / 64)), "rescale : i8"),  # Σ|w| · 32768 leaves 32 bits
        (weighted("linear", (3, 600), np.full((4, 600), 1 / 64)), "rescale : i8"),
        (weighted("linear", (3, 500), np.full((4, 500), 1 / 64)), "add : i16"),
    ],
)
def test_linear_takes_int16_where_its_sums_fit(graph: Graph, read: str) -> None:
    assert reads(graph) == read


def test_only_a_pixelwise_convolution_takes_int16() -> None:
    graph = stream((1, 3, 3, 16))
    operands = ("s", constant(graph, "w", RNG.normal(size=(4, 3, 3, 16)) / 12), constant(graph, "k", np.zeros(4)))
    graph.add(Node("y", "conv2d", operands, f32(1, 1, 1, 4), RANGE))
    assert reads(graph) == "rescale : i8"


@pytest.mark.parametrize(("wide", "op", "dtype"), [(True, "mul", "i16"), (False, "mul", "i8")])
def test_products_of_int16(wide: bool, op: str, dtype: str) -> None:
    graph = stream((2, 5))
    graph.add(Node("y", op, ("s", "a"), f32(2, 5), {"range": (-300.0, 300.0), "wide": wide}))
    quantized = run_pipeline(graph, TARGET, "quantize,drop-dead,choose-kernels")
    assert quantized["y"].operands == ("s", "a")
    assert (quantized["y"].type.dtype, quantized["y"].attrs["kernel"]) == (dtype, "mul_s16")


@pytest.mark.parametrize("op", ["mul", "div"])
@pytest.mark.parametrize("wide", [True, False])
def test_a_scalar_factor_of_int16_is_no_work(op: str, wide: bool) -> None:
    graph = stream((2, 5))
    graph.add(Node("y", op, ("s", constant(graph, "half", np.array(0.5))), f32(2, 5), {"range": (-80.0, 80.0), "wide": wide}))
    y = run_pipeline(graph, TARGET, "quantize,drop-dead")["y"]
    assert (y.op, y.operands, y.type.dtype) == ("reinterpret", ("s",), "i16")


def test_a_wide_sum_of_int8_and_a_scalar_stays_a_sum() -> None:
    """Whole steps would be a reinterpretation, which has no more levels than its operand."""
    graph = Graph("one", [Node("a", "arg", (), f32(2, 5), {"range": (-127.0, 128.0)})], ("y",))
    graph.add(Node("y", "add", ("a", constant(graph, "three", np.array(3.0))), f32(2, 5), {**RANGE, "wide": True}))
    y = run_pipeline(graph, TARGET, "quantize,drop-dead")["y"]
    assert (y.op, y.type.dtype) == ("add", "i16")


def test_int16_operands_of_a_linear_bring_levels() -> None:
    """A stream with one large channel, of which a linear reads the others."""
    weights = RNG.normal(size=(8, 16)) / 4
    weights[:, 0] = 0
    inputs = [RNG.normal(size=(32, 4, 16)) for _ in range(2)]
    inputs[0][..., 0] = 19
    noise = {}
    for wide in (False, True):
        graph = weighted("linear", (4, 16), weights, wide, range=(-5.0, 5.0))
        quantized = run_pipeline(graph, TARGET, "quantize")
        integers = [quantize_array(x, arg.type.quantization) for x, arg in zip(inputs, quantized.arguments, strict=True)]
        exact = evaluate_batch(graph, [dequantize_array(x, arg.type.quantization) for x, arg in zip(integers, quantized.arguments, strict=True)])[0]
        noise[wide] = float(np.std(dequantize_array(evaluate_batch(quantized, integers)[0], quantized["y"].type.quantization) - exact))
    print(noise)
    assert noise[True] < noise[False] / 4
