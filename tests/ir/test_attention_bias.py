"""A bias of attention in integers: near its float meaning, masks exactly nothing."""

import numpy as np
import pytest

from tfc.ir.attention_bias import integer_bias, step_of
from tfc.ir.diagnostic import Diagnostic
from tfc.ir.evaluate import dequantize_array, evaluate
from tfc.ir.graph import Graph, Node
from tfc.ir.types import Quantization, Symbol, TensorType
from tfc.ir.verify import verify

CAUSAL = np.where(np.tril(np.ones((6, 6))), 0, -np.inf)
SHIFTED = np.stack([np.zeros((1, 6, 6)), np.where(np.isinf(CAUSAL), -100, 0)[None]])  # as in Swin: in every other window a mask of −100
BIASES = {
    "small": lambda rng: rng.uniform(-1, 1, (2, 6, 6)),
    "wide": lambda rng: rng.uniform(-9, 9, (2, 6, 6)),
    "far from zero": lambda rng: rng.uniform(-1, 1, (6, 6)) + rng.uniform(-900, 900, (6, 1)),
    "of keys": lambda rng: rng.uniform(-2, 2, 6),
    "causal": lambda rng: CAUSAL,
    "of windows": lambda rng: rng.uniform(-1, 1, (1, 2, 6, 6)) + SHIFTED,
}


def both(bias: np.ndarray, rng: np.random.Generator) -> tuple[Graph, Graph, list[np.ndarray]]:
    """Attention over four sequences in float and in integers, with integer inputs."""
    floats, integers, shape = Graph("float"), Graph("int"), (4, 6, 8)
    for name, zero in (("q", 3), ("k", -20), ("v", 7)):
        floats.add(Node(name, "arg", (), TensorType("f32", shape)))
        integers.add(Node(name, "arg", (), TensorType("i8", shape, Quantization(0.02, zero))))
    values, quantization = integer_bias(bias)
    for graph, tensor, type in (
        (floats, bias, TensorType("f32", bias.shape)),
        (integers, values, TensorType(f"i{8 * values.itemsize}", bias.shape, quantization)),
    ):
        graph.tensors[Symbol("bias")] = tensor.astype(np.float32) if graph is floats else tensor
        graph.add(Node("bias", "const", (), type, {"data": Symbol("bias")}))
        out = TensorType("f32", shape) if graph is floats else TensorType("i8", shape, Quantization(0.02, 5))
        graph.add(Node("y", "attention", ("q", "k", "v", "bias"), out, {"heads": 2, "scale": 0.5}))
        graph.results = ("y",)
    return floats, integers, [rng.integers(-128, 128, shape, dtype=np.int8) for _ in range(3)]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", BIASES)
def test_integers_stand_for_what_floats_compute(name: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    floats, integers, inputs = both(BIASES[name](rng).astype(np.float32), rng)
    expected = evaluate(floats, [dequantize_array(x, arg.type.quantization) for x, arg in zip(inputs, integers.arguments, strict=True)])[0]
    result = dequantize_array(evaluate(integers, inputs)[0], integers["y"].type.quantization)
    limits = dequantize_array(np.array([-128, 127]), integers["y"].type.quantization)
    assert np.abs(result - np.clip(expected, *limits)).max() <= 1.5 * 0.02


def test_what_is_masked_is_not_seen() -> None:
    rng = np.random.default_rng(0)
    _, integers, (q, k, v) = both(CAUSAL.astype(np.float32), rng)
    before = evaluate(integers, [q, k, v])[0]
    for x in (k, v):
        x[:, 3:] = rng.integers(-128, 128, x[:, 3:].shape)
    after = evaluate(integers, [q, k, v])[0]
    assert np.array_equal(before[:, :3], after[:, :3])
    assert not np.array_equal(before[:, 3:], after[:, 3:])


@pytest.mark.parametrize(("spread", "dtype", "steps"), [(1.0, "int8", 1), (2.6, "int8", 1), (2.8, "int8", 2), (10.0, "int8", 4), (11.0, "int16", 1)])
def test_the_type_follows_from_the_spread(spread: float, dtype: str, steps: int) -> None:
    values, quantization = integer_bias(np.array([[0, spread], [700 + spread, 700]], np.float32))
    assert (str(values.dtype), quantization) == (dtype, Quantization(steps / 96))
    assert np.abs(np.diff(values.astype(int))[:, 0] * (steps / 96) - [spread, -spread]).max() <= steps / 96


@pytest.mark.parametrize("bias", [[[0.0, 1.0], [-np.inf, -np.inf]], [[-1e4, -3e38], [0, 0]], [[np.nan, 0]], [[np.inf, 0]]])
def test_rows_without_keys_are_refused(bias: list[list[float]]) -> None:
    with pytest.raises(Diagnostic, match=r"hides all keys from a query|not a number"):
        integer_bias(np.array(bias, np.float32))


@pytest.mark.parametrize(
    "type", [TensorType("f32", (6,)), TensorType("i8", (6,), Quantization(0.01)), TensorType("i8", (6,), Quantization(1 / 96, 1)), TensorType("i32", (6,))]
)
def test_only_steps_of_the_table_are_a_bias(type: TensorType) -> None:
    with pytest.raises(Diagnostic, match="bias"):
        step_of([type] * 4)


@pytest.mark.parametrize("shape", [(3, 1, 6, 6), (2, 6, 1), (3, 6, 6), (5, 6), (1, 1, 1, 1, 6)])
def test_a_bias_broadcasts_to_the_scores(shape: tuple[int, ...]) -> None:
    with pytest.raises(Diagnostic, match=r"does not broadcast to scores of shape \(4, 2, 6, 6\)"):
        verify(both(np.zeros(shape, np.float32), np.random.default_rng(0))[0])
