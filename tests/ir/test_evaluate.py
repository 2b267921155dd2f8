"""The integer meaning of each operator against its float meaning: what integers stand for differs by rounding only."""

from dataclasses import dataclass, field, replace

import numpy as np
import pytest

from tfc.ir.diagnostic import Diagnostic
from tfc.ir.evaluate import dequantize_array, evaluate, evaluate_batch, quantize_array
from tfc.ir.graph import Graph, Node
from tfc.ir.int_rules import INT
from tfc.ir.ops import OPS, POINTWISE
from tfc.ir.types import Quantization, Symbol, TensorType

MAP = (1, 6, 4, 8)


@dataclass(frozen=True)
class Case:
    """An operator on random activations of these shapes; `steps` of the result are what rounding inside may cost."""

    op: str
    shapes: tuple[tuple[int, ...], ...] = (MAP,)
    attrs: dict = field(default_factory=dict)
    weights: tuple[int, ...] | None = None
    parameters: int = 0
    steps: float = 0.51
    positive: bool = False


CASES = {
    "conv2d": Case("conv2d", attrs={"pad": (1, 1, 1, 1), "stride": (2, 1)}, weights=(5, 3, 3, 8)),
    "conv2d in groups": Case("conv2d", attrs={"groups": 4, "dilation": (2, 1)}, weights=(8, 2, 3, 2)),
    "conv2d with residual": Case("conv2d", shapes=(MAP, (1, 6, 4, 5)), weights=(5, 1, 1, 8), steps=0.6),
    "conv2d with silu": Case("conv2d", attrs={"activation": Symbol("silu"), "pre_scale": 0.01, "pre_zero": 512}, weights=(5, 1, 1, 8), steps=1.2),
    "conv_transpose2d": Case("conv_transpose2d", attrs={"stride": (2, 2), "pad": (1, 1, 1, 1), "output_pad": (1, 0)}, weights=(3, 3, 3, 8)),
    "linear": Case("linear", weights=(7, 8)),
    "linear with leaky_relu": Case(
        "linear", attrs={"activation": Symbol("leaky_relu"), "parameters": (0.1,), "pre_scale": 0.01, "pre_zero": 512}, weights=(7, 8), steps=1.2
    ),
    "matmul": Case("matmul", shapes=((2, 3, 5), (2, 5, 4))),
    "attention": Case("attention", shapes=((2, 6, 8),) * 3, attrs={"heads": 2, "scale": 0.5}, steps=1.5),
    "attention on a map": Case("attention", shapes=(MAP,) * 3, attrs={"heads": 2, "scale": 0.5, "patch": (2, 2)}, steps=1.5),
    "attention with wide values": Case("attention", shapes=((2, 6, 8), (2, 5, 8), (2, 5, 12)), attrs={"heads": 2, "scale": 0.5}, steps=1.5),
    "softmax": Case("softmax", steps=1),
    "log_softmax": Case("log_softmax", steps=1),
    "layer_norm": Case("layer_norm", parameters=2, steps=0.6),
    "rms_norm": Case("rms_norm", parameters=1, steps=0.6),
    "group_norm": Case("group_norm", attrs={"groups": 2, "axis": 3}, parameters=2, steps=0.6),
    "add": Case("add", shapes=(MAP, MAP)),
    "add of a row": Case("add", shapes=(MAP, (8,))),
    "sub": Case("sub", shapes=(MAP, MAP)),
    "mul": Case("mul", shapes=(MAP, (1, 1, 1, 8))),
    "rescale": Case("rescale"),
    "mean": Case("mean", attrs={"axes": (1, 2)}),
    "avg_pool2d": Case("avg_pool2d", attrs={"window": (3, 2), "stride": (2, 2), "pad": (1, 0, 1, 0), "count_padding": False}),
    "concat": Case("concat", shapes=(MAP, MAP), attrs={"axis": 3}),
    **{name: Case(name, positive=name in ("log", "sqrt", "reciprocal", "rsqrt")) for name in POINTWISE if name not in ("leaky_relu", "elu", "clip")},
    "leaky_relu": Case("leaky_relu", attrs={"parameters": (0.1,)}),
    "elu": Case("elu", attrs={"parameters": (1.0,)}),
    "clip": Case("clip", attrs={"parameters": (-0.5, 0.7)}),
}
TIED = {
    "reshape": Case("reshape", attrs={"shape": (4, 48)}),
    "transpose": Case("transpose", attrs={"axes": (0, 3, 1, 2)}),
    "slice": Case("slice", attrs={"axis": 1, "start": 1, "stop": 6, "step": 2}),
    "take": Case("take", attrs={"axis": 2, "indices": (3, 2, 1, 1, 0)}),
    "expand": Case("expand", shapes=((1, 1, 4, 8),), attrs={"shape": (1, 6, 4, 8)}),
    "unfold": Case("unfold", attrs={"patch": (3, 2)}),
    "fold": Case("fold", shapes=((6, 4, 8),), attrs={"patch": (3, 2), "size": (6, 4)}),
    "pad": Case("pad", attrs={"amounts": (0, 0, 1, 2, 0, 1, 0, 0)}),
    "resize_nearest": Case("resize_nearest", attrs={"size": (9, 3)}),
    "resize_bilinear": Case("resize_bilinear", attrs={"size": (9, 3)}, steps=1.5),
    "max_pool2d": Case("max_pool2d", attrs={"window": (2, 2), "stride": (2, 2)}),
}


def test_every_operator_has_a_case() -> None:
    covered = {case.op for case in (*CASES.values(), *TIED.values())}
    assert covered == set(INT) - {"reinterpret", "convert"}


def build(case: Case, rng: np.random.Generator, *, tied: bool) -> tuple[Graph, Graph, list[np.ndarray]]:
    """The operator on floats and on integers, with integer inputs."""
    floats, integers = Graph("float"), Graph("int")
    names, inputs = [], []
    for index, shape in enumerate(case.shapes):
        q = Quantization(float(rng.uniform(0.01, 0.03)), -128 if case.positive else int(rng.integers(-30, 30)))
        low = -100 if case.positive else -128
        inputs.append(rng.integers(low, 128, shape, dtype=np.int8))
        names.append(f"x{index}")
        floats.add(Node(names[-1], "arg", (), TensorType("f32", shape)))
        integers.add(Node(names[-1], "arg", (), TensorType("i8", shape, q)))
    if case.weights:
        x_scale = float(integers["x0"].type.quantization.scale)
        w = rng.integers(-127, 128, case.weights, dtype=np.int8)
        scales = rng.uniform(0.5, 1.5, case.weights[0]) / (127 * np.sqrt(w[0].size))
        b = rng.integers(-300, 300, case.weights[0], dtype=np.int32)
        wide = scales.reshape(-1, *(1,) * (w.ndim - 1))
        add_const(floats, "w", (w * wide).astype(np.float32))
        add_const(floats, "b", (b * scales * x_scale).astype(np.float32))
        add_const(integers, "w", w, Quantization(Symbol("s"), 0, 0))
        add_const(integers, "b", b)
        integers.tensors[Symbol("s")] = scales
        names[1:1] = ["w", "b"]
    for index in range(case.parameters):
        values = rng.uniform(0.5, 1.5, case.shapes[0][-1]).astype(np.float32)
        for graph in (floats, integers):
            add_const(graph, f"p{index}", values)
        names.append(f"p{index}")
    attrs = {key: value for key, value in case.attrs.items() if not key.startswith("pre_")}
    shape = OPS[case.op].shape([floats[name].type for name in names], attrs, ())
    floats.add(Node("y", case.op, tuple(names), TensorType("f32", shape), attrs))
    floats.results = integers.results = ("y",)
    expected = evaluate(floats, dequantized(integers, inputs))[0]
    out = integers["x0"].type.quantization if tied else result_scale(case.op, expected)
    integers.add(Node("y", case.op, tuple(names), TensorType("i8", shape, out), case.attrs))
    return floats, integers, inputs


def add_const(graph: Graph, name: str, value: np.ndarray, q: Quantization | None = None) -> None:
    dtype = {"f": "f32", "i": {1: "i8", 4: "i32"}.get(value.itemsize)}[value.dtype.kind]
    graph.tensors[Symbol(name)] = value
    graph.add(Node(name, "const", (), TensorType(dtype, value.shape, q), {"data": Symbol(name)}))


def dequantized(graph: Graph, inputs: list[np.ndarray]) -> list[np.ndarray]:
    return [dequantize_array(x, arg.type.quantization) for x, arg in zip(inputs, graph.arguments, strict=True)]


def result_scale(op: str, expected: np.ndarray) -> Quantization:
    if op == "softmax":
        return Quantization(1 / 256, -128)
    lo, hi = min(float(expected.min()), 0), max(float(expected.max()), 1e-3)
    return Quantization((hi - lo) / 255, round(-128 - lo / (hi - lo) * 255))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", [*CASES, *TIED])
def test_integers_stand_for_what_floats_compute(name: str, seed: int) -> None:
    case = {**CASES, **TIED}[name]
    floats, integers, inputs = build(case, np.random.default_rng(seed), tied=name in TIED)
    expected = evaluate(floats, dequantized(integers, inputs))[0]
    out = integers["y"].type.quantization
    result = evaluate(integers, inputs)[0]
    saturated = np.clip(expected, *dequantize_array(np.array([-128, 127]), out))
    error = np.abs(dequantize_array(result, out) - saturated) / out.scale
    assert error.max() <= case.steps


WIDE = {
    "add": Case("add", shapes=(MAP, MAP), steps=1),
    "sub": Case("sub", shapes=(MAP, MAP), steps=1),
    "rescale": Case("rescale", steps=1),
    "concat": Case("concat", shapes=(MAP, MAP), attrs={"axis": 3}, steps=1),
    "mean": Case("mean", attrs={"axes": (1, 2)}),
    "layer_norm": Case("layer_norm", parameters=2, steps=0.6),
    "group_norm": Case("group_norm", attrs={"groups": 2, "axis": 3}, parameters=2, steps=0.6),
}


NARROW_ONLY = ("mean", "layer_norm", "group_norm")  # these end in int8


@pytest.mark.parametrize(("name", "result"), [*((name, "i8") for name in WIDE), *((name, "i16") for name in WIDE if name not in NARROW_ONLY)])
def test_int16_operands(name: str, result: str) -> None:
    rng = np.random.default_rng(0)
    case = WIDE[name]
    floats, integers, _ = build(case, rng, tied=False)
    inputs = []
    for arg in integers.arguments:
        integers.add(replace(arg, type=TensorType("i16", arg.type.shape, Quantization(1e-4, 0))))
        inputs.append(rng.integers(-32768, 32768, arg.type.shape, dtype=np.int16))
    expected = evaluate(floats, dequantized(integers, inputs))[0]
    out = Quantization(float(np.abs(expected).max()) / 32767) if result == "i16" else result_scale(name, expected)
    integers.add(replace(integers["y"], type=TensorType(result, expected.shape, out)))
    limits = np.iinfo(np.int16 if result == "i16" else np.int8)
    saturated = np.clip(expected, *dequantize_array(np.array([limits.min, limits.max]), out))
    error = np.abs(dequantize_array(evaluate(integers, inputs)[0], out) - saturated) / out.scale
    assert error.max() <= (case.steps if result == "i8" else 3)


def test_an_int16_residual_and_result_of_a_linear() -> None:
    rng = np.random.default_rng(0)
    floats, integers, inputs = build(Case("linear", shapes=((4, 8), (4, 7)), weights=(7, 8)), rng, tied=False)
    integers.add(replace(integers["x1"], type=TensorType("i16", (4, 7), Quantization(1e-4, 0))))
    inputs[1] = rng.integers(-32768, 32768, (4, 7), dtype=np.int16)
    expected = evaluate(floats, dequantized(integers, inputs))[0]
    out = Quantization(float(np.abs(expected).max()) / 32767)
    integers.add(replace(integers["y"], type=TensorType("i16", (4, 7), out)))
    assert (np.abs(dequantize_array(evaluate(integers, inputs)[0], out) - expected) / out.scale).max() <= 4


def test_a_batch_is_its_samples() -> None:
    _, graph, inputs = build(CASES["attention on a map"], np.random.default_rng(0), tied=False)
    many = [np.stack([x, np.roll(x, 1), x]) for x in inputs]
    batch = evaluate_batch(graph, many)[0]
    for index in range(3):
        assert np.array_equal(batch[index], evaluate(graph, [x[index] for x in many])[0])


def test_arguments_are_given_in_the_layout_of_the_model() -> None:
    graph = Graph("g", [Node("x", "arg", (), TensorType("f32", (1, 4, 5, 3)), {"axes": (0, 2, 3, 1)})], ["x"])
    x = np.arange(60, dtype=np.float32).reshape(1, 3, 4, 5)
    assert np.array_equal(evaluate(graph, [x])[0], x.transpose(0, 2, 3, 1))
    with pytest.raises(Diagnostic, match="shape"):
        evaluate(graph, [x.transpose(0, 2, 3, 1)])


def test_floats_are_not_taken_for_integers() -> None:
    graph = Graph("g", [Node("x", "arg", (), TensorType("i8", (1, 4), Quantization(0.1, 3)))], ["x"])
    x = np.array([[0.1, -0.26, 100, -100]], np.float32)
    with pytest.raises(Diagnostic, match="quantize_array"):
        evaluate(graph, [x])
    assert quantize_array(x, Quantization(0.1, 3)).tolist() == [[4, 0, 127, -128]]
