"""evaluate == host, bit for bit, for every operator."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pytest

from tfc.backends.host.lanes import LANES
from tfc.backends.host.model import HOST, compile_host
from tfc.ir.evaluate import evaluate_batch
from tfc.ir.graph import Graph, Node
from tfc.ir.int_rules import INT
from tfc.ir.ops import op_named
from tfc.ir.types import DTYPES, Quantization, Symbol, TensorType

SAMPLES = LANES + 3  # a group of lanes, and one that is not full
FAMILIES = (
    "conv2d",
    "conv2d of other kinds",
    "pixelwise",
    "endings of pixels",
    "transposed convolutions",
    "few channels",
    "few channels, large windows",
    "depthwise",
    "depthwise squares",
    "depthwise endings",
    "depthwise wide",
    "depthwise bands",
    "linear",
    "attention",
    "matmul",
    "norms",
    "elements",
    "pooling",
    "movement",
    "sparse",
    "sparse maps",
    "sparse linears",
    "wide products",
    "wide linears",
    "wide elements",
)


def inputs_of(graph: Graph, samples: int = SAMPLES, seed: int = 3) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    limits = [(np.iinfo(DTYPES[node.type.dtype]), node.type) for node in graph.arguments]
    return [rng.integers(info.min, info.max + 1, (samples, *type.shape)).astype(DTYPES[type.dtype]) for info, type in limits]


def differences(graph: Graph, **options: bool) -> dict[str, str]:
    """Results that are not what the evaluator gives, with how many elements differ."""
    inputs = inputs_of(graph)
    got, expected = compile_host(graph, **options).run_batch(inputs, threads=2), evaluate_batch(graph, inputs)
    assert all(a.dtype == b.dtype and a.shape == b.shape for a, b in zip(got, expected, strict=True))
    pairs = zip(graph.results, got, expected, strict=True)
    return {name: f"{graph[name].op}: {np.count_nonzero(a != b)} of {b.size}" for name, a, b in pairs if not np.array_equal(a, b)}


def test_every_quantized_operator_has_a_rule() -> None:
    assert set(HOST) == set(INT)


def test_every_family_of_cases_is_tested(cases: ModuleType) -> None:
    assert set(FAMILIES) == set(cases.FAMILIES)


@pytest.mark.parametrize("family", FAMILIES)
def test_host_equals_evaluate(family: str, cases: ModuleType, graphs: ModuleType) -> None:
    assert differences(graphs.merged(list(cases.graphs(family)))) == {}


def test_pair_products_without_the_instruction(cases: ModuleType, graphs: ModuleType) -> None:
    some = list(cases.graphs("conv2d"))[::6] + list(cases.graphs("attention"))[::3]
    assert differences(graphs.merged(some), pairs=False) == {}


def test_values_lie_where_they_are_placed(cases: ModuleType, graphs: ModuleType) -> None:
    graph = graphs.placed(graphs.merged(list(cases.graphs("movement"))), ["dtcm", "sram1", "sram2"])
    assert differences(graph) == {}


@pytest.mark.parametrize("seed", range(2))
def test_random_products(seed: int, makers: ModuleType, graphs: ModuleType) -> None:
    """Convolutions and linears of random shapes, windows, strides, borders, zero points, sparsity and endings."""
    rng = np.random.default_rng(seed)

    def any_of(*choices: object) -> object:
        return choices[rng.integers(len(choices))]

    made = []
    for _ in range(8):
        window, stride = (int(any_of(1, 3, 5, 7)), int(any_of(1, 2, 3))), (int(any_of(1, 2)), int(any_of(1, 2)))
        size, groups = (int(rng.integers(7, 12)), int(rng.integers(7, 12))), int(any_of(1, 1, 2, 3))
        common = {"zero": int(any_of(-128, 127, 0, 11)), "density": float(any_of(1.0, 0.4, 0.1)), "ending": any_of(*makers.ENDINGS)}
        pad = tuple(int(rng.integers(0, window[i % 2])) for i in range(4))
        channels, out = groups * int(rng.integers(1, 9)), groups * int(rng.integers(1, 9))
        case = makers.conv((*size, channels), out, window, groups=groups, stride=stride, pad=pad, **common)
        flat = makers.linear((int(rng.integers(1, 11)),), int(rng.integers(1, 40)), int(rng.integers(1, 20)), **common)
        builders = [graphs.Builder(np.random.default_rng([seed, len(made), i])) for i in range(2)]
        made += [builder.finish(make(builder)) for builder, make in zip(builders, (case, flat), strict=True)]
    assert differences(graphs.merged(made)) == {}


def wide(shape: tuple[int, ...], scale: float) -> TensorType:
    return TensorType("i16", shape, Quantization(scale))


def narrow(shape: tuple[int, ...], scale: float, zero: int = 0) -> TensorType:
    return TensorType("i8", shape, Quantization(scale, zero))


def single(
    op: str, operands: list[TensorType], result: TensorType, constants: dict[str, tuple[np.ndarray, TensorType]] | None = None, **attrs: object
) -> Graph:
    """One node; operands are arguments, then constants."""
    graph = Graph("single", [Node(f"x{i}", "arg", (), type) for i, type in enumerate(operands)])
    for name, (values, type) in (constants or {}).items():
        graph.tensors[Symbol(name)] = values
        graph.add(Node(name, "const", (), type, {"data": Symbol(name)}))
    node = graph.add(Node("y", op, tuple(node.name for node in graph), result, attrs))
    assert op_named(op).shape([graph[name].type for name in node.operands], attrs, result.shape) == result.shape
    graph.results = ("y",)
    return graph


def weights(shape: tuple[int, ...], seed: int = 0) -> dict[str, tuple[np.ndarray, TensorType]]:
    rng = np.random.default_rng(seed)
    bias = rng.integers(-900, 900, shape[0]).astype(np.int32)
    return {
        "w": (rng.integers(-127, 128, shape).astype(np.int8), narrow(shape, 0.002)),
        "b": (bias, TensorType("i32", bias.shape, Quantization(0.002))),
    }


def affine(c: int) -> dict[str, tuple[np.ndarray, TensorType]]:
    rng = np.random.default_rng(1)
    return {name: (rng.normal(size=c).astype(np.float32), TensorType("f32", (c,))) for name in ("gamma", "beta")}


MAP = (1, 6, 5, 7)
WIDE = {
    "conv2d": single("conv2d", [wide(MAP, 0.001)], narrow((1, 6, 5, 9), 0.05, 4), weights((9, 3, 3, 7)), pad=(1, 1, 1, 1)),
    "linear": single("linear", [wide((5, 7), 0.001)], wide((5, 3), 0.0007), weights((3, 7))),
    "add": single("add", [wide(MAP, 0.001), narrow(MAP, 0.02, -7)], wide(MAP, 0.0015)),
    "sub": single("sub", [wide((4, 1), 0.001), wide((6,), 0.0007)], narrow((4, 6), 0.3, 5)),
    "mul": single("mul", [wide(MAP, 0.001), narrow((7,), 0.02, -128)], wide(MAP, 0.004)),
    "rescale": single("rescale", [wide((3, 9), 0.001)], narrow((3, 9), 0.2, 9)),
    "layer_norm": single("layer_norm", [wide((5, 24), 0.001)], narrow((5, 24), 0.03, 3), affine(24)),
    "mean": single("mean", [wide(MAP, 0.001)], wide((1, 7), 0.0008), axes=(1, 2)),
    "max_pool2d": single("max_pool2d", [wide(MAP, 0.001)], wide((1, 3, 2, 7), 0.001), window=(2, 2), stride=(2, 2)),
    "transpose": single("transpose", [wide((4, 5), 0.001)], wide((5, 4), 0.001), axes=(1, 0)),
    "concat": single("concat", [wide((4, 5), 0.001), narrow((4, 2), 0.02, 9)], wide((4, 7), 0.001), axis=1),
    "matmul": single("matmul", [narrow((3, 1, 4, 5), 0.02, 3), narrow((2, 5, 6), 0.02, -9)], narrow((3, 2, 4, 6), 0.1, 1)),
}


@pytest.mark.parametrize("op", WIDE)
def test_i16_and_what_kernels_do_not_take_yet(op: str) -> None:
    assert differences(WIDE[op]) == {}
