"""Maps computed by rows: the same integers from the same products in less memory, on the desk and on the chip."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfc.backends.c.project import emit_project
from tfc.backends.emulator.machine import Machine
from tfc.backends.target import load_target
from tfc.backends.toolchain import build
from tfc.ir.diagnostic import Diagnostic
from tfc.ir.evaluate import evaluate_batch
from tfc.ir.graph import Graph, Node
from tfc.ir.ops import op_named
from tfc.ir.types import Quantization, Symbol, TensorType
from tfc.ir.work import macs
from tfc.passes.lifetimes import live_bytes
from tfc.passes.lower_peak import lower_peak
from tfc.passes.pipeline import choosing_passes, run_pipeline
from tfc.passes.stream_rows import stream_rows

TARGET = load_target("stm32f746")
INT8 = Quantization(0.05, 3)


class Net:
    """A quantized chain of operators on rows that grows at its end."""

    def __init__(self, seed: int, shape: tuple[int, ...]) -> None:
        self.rng = np.random.default_rng(seed)
        self.graph = Graph("net", [Node("x", "arg", (), TensorType("i8", shape, INT8))])
        self.end = "x"

    def constant(self, values: np.ndarray, dtype: str) -> str:
        name = self.graph.fresh("k")
        self.graph.tensors[Symbol(name)] = values
        return self.graph.add(Node(name, "const", (), TensorType(dtype, values.shape, Quantization(0.01)), {"data": Symbol(name)})).name

    def emit(self, op: str, *operands: str, **attrs: object) -> None:
        shape = op_named(op).shape([self.graph[name].type for name in operands], attrs, ())
        self.end = self.graph.add(Node(self.graph.fresh(op), op, operands, TensorType("i8", shape, INT8), attrs)).name

    def conv(self, out: int, size: int, stride: int, dilation: int = 1, *, depthwise: bool = False, residual: str = "") -> None:
        c, pad = self.graph[self.end].type.shape[3], dilation * (size // 2)
        weights = self.rng.integers(-127, 128, (out, size, size, 1 if depthwise else c)).astype(np.int8)
        constants = self.constant(weights, "i8"), self.constant(self.rng.integers(-999, 999, out).astype(np.int32), "i32")
        attrs = {"stride": (stride, stride), "pad": (pad,) * 4, "dilation": (dilation, dilation), "groups": c if depthwise else 1}
        self.emit("conv2d", self.end, *constants, *[residual] * bool(residual), **attrs)

    def grow(self) -> None:
        """An operator, or an inverted residual."""
        c = self.graph[self.end].type.shape[3]
        match self.rng.choice(["conv", "depthwise", "pool", "average", "function", "sum", "residual"]):
            case "conv":
                self.conv(int(self.rng.integers(1, 9)), int(self.rng.choice([1, 2, 3, 5])), int(self.rng.choice([1, 2])), int(self.rng.choice([1, 2])))
            case "depthwise":
                self.conv(c, int(self.rng.choice([3, 5])), int(self.rng.choice([1, 2])), depthwise=True)
            case "pool" if min(self.graph[self.end].type.shape[1:3]) > 1:
                self.emit("max_pool2d", self.end, window=(2, 2), stride=(2, 2))
            case "average":
                self.emit("avg_pool2d", self.end, window=(3, 3), stride=(2, 1), pad=(1, 1, 1, 1), count_padding=bool(self.rng.integers(2)))
            case "function":
                self.emit("silu", self.end)
            case "sum":
                before = self.end
                self.conv(c, 3, 1)
                self.emit("add", self.end, before)
            case "residual":
                before = self.end
                self.conv(3 * c, 1, 1)
                self.conv(3 * c, 3, 1, depthwise=True)
                self.conv(c, 1, 1, residual=before)

    def finish(self) -> Graph:
        self.graph.results = (self.end,)
        return self.graph


def first_of(graph: Graph) -> str:
    return next(node.name for node in graph if node.op not in ("arg", "const"))


def inputs_of(graph: Graph, count: int) -> list[np.ndarray]:
    return [np.random.default_rng(1).integers(-128, 128, (count, *node.type.shape)).astype(np.int8) for node in graph.arguments]


@settings(max_examples=80, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), steps=st.integers(1, 4), height=st.integers(8, 20), rows=st.integers(1, 5))
def test_the_same_integers_and_no_product_twice(seed: int, steps: int, height: int, rows: int) -> None:
    net = Net(seed, (1, height, 5, 4))
    for _ in range(steps):
        if net.graph[net.end].type.shape[1] > 3:
            net.grow()
    graph = net.finish()
    if net.end == "x" or graph[net.end].type.shape[1] <= rows:
        return
    streamed = stream_rows(graph, TARGET, first=first_of(graph), last=net.end, rows=rows)
    x = inputs_of(graph, 2)
    assert np.array_equal(evaluate_batch(streamed, x)[0], evaluate_batch(graph, x)[0])
    assert sum(macs(streamed, node) for node in streamed) <= sum(macs(graph, node) for node in graph), "rows that nothing reads are left out"


def inverted_residuals() -> Graph:
    net = Net(7, (1, 24, 24, 8))
    net.conv(16, 3, 1)
    net.conv(48, 1, 1)
    net.conv(48, 3, 2, depthwise=True)
    net.conv(12, 1, 1)
    return net.finish()


@pytest.mark.parametrize("rows", [1, 2, 5])
def test_wide_maps_never_exist_and_the_firmware_computes_the_same(rows: int, tmp_path: Path) -> None:
    graph = inverted_residuals()
    streamed = stream_rows(graph, TARGET, first=first_of(graph), last=graph.results[0], rows=rows)
    widest = max(node.type.bytes for node in graph)
    assert max(live_bytes(streamed)) < max(live_bytes(graph))
    assert max(node.type.bytes for node in streamed) < widest
    placed = run_pipeline(streamed, TARGET, choosing_passes("latency"))
    emit_project(placed, TARGET, tmp_path)
    x = inputs_of(graph, 1)
    run = Machine(build(tmp_path, TARGET), TARGET).run([x[0].tobytes()], watch=True)
    assert run.outputs == (evaluate_batch(graph, x)[0].tobytes(),)
    assert not [node for node in placed if node.op == "concat" and "kernel" in node.attrs], "rows are written where they belong"


def test_what_cannot_be_computed_by_rows_is_refused() -> None:
    graph = inverted_residuals()
    last = graph.results[0]
    with pytest.raises(Diagnostic, match="of which not 12 can be computed at a time"):
        stream_rows(graph, TARGET, first=first_of(graph), last=last, rows=12)
    with pytest.raises(Diagnostic, match="no way leads there"):
        stream_rows(graph, TARGET, first=last, last=first_of(graph), rows=2)
    graph.results = (*graph.results, first_of(graph))
    with pytest.raises(Diagnostic, match="is read elsewhere too"):
        stream_rows(graph, TARGET, first=first_of(graph), last=last, rows=2)


@pytest.mark.parametrize("seed", range(4))
def test_the_peak_is_found_and_lowered(seed: int) -> None:
    net = Net(seed, (1, 32, 32, 4))
    net.conv(16, 3, 1)
    net.conv(32, 1, 1)
    for _ in range(3):
        net.grow()
    graph = net.finish()
    lowered = lower_peak(graph, TARGET, ram=0)
    x = inputs_of(graph, 1)
    assert np.array_equal(evaluate_batch(lowered, x)[0], evaluate_batch(graph, x)[0])
    assert max(live_bytes(lowered)) < 0.7 * max(live_bytes(graph))


def test_nothing_is_cut_where_there_is_room() -> None:
    graph = inverted_residuals()
    whole, least = max(live_bytes(graph)), max(live_bytes(lower_peak(graph, TARGET, ram=0)))
    assert lower_peak(graph, TARGET) == graph
    room = (whole + least) // 2 + 8192  # of which kernels need some for themselves
    between = lower_peak(graph, TARGET, ram=room)
    assert max(live_bytes(between)) <= room
    assert len(between) > len(graph)
