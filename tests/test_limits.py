"""The limits that operators state: what lies just inside has a kernel and a meaning, what lies just outside is refused."""

import numpy as np
import pytest

from tfc.backends.kernels import bids
from tfc.backends.target import load_target
from tfc.ir.diagnostic import Diagnostic
from tfc.ir.evaluate import evaluate
from tfc.ir.graph import Graph, Node
from tfc.ir.ops import op_named
from tfc.ir.types import f32
from tfc.passes.pipeline import run_pipeline

from .backends.c.graphs import Builder, samples
from .backends.c.makers import Case, layer_norm, norm, one, tied, two

TARGET = load_target("stm32f746")
SIX = (1, 2, 1, 2, 1, 2)
WINDOWS = {"window": (2, 2), "stride": (2, 2)}
EDGES: dict[str, list[tuple[Case, Case]]] = {
    **{op: [(two(op, (2, 1, 2, 1), (1, 2, 1, 2)), two(op, (2, 1, 2, 1, 2), (1, 2, 1, 2, 1)))] for op in ("add", "sub", "mul")},
    "mean": [(one("mean", (2, 3, 2, 3, 2), axes=(1, 3)), one("mean", (2, 3, 2, 3, 2), axes=(0, 2, 4)))],
    "avg_pool2d": [(one("avg_pool2d", (1, 4, 4, 2), **WINDOWS), one("avg_pool2d", (2, 4, 4, 2), **WINDOWS))],
    "max_pool2d": [(tied("max_pool2d", (1, 4, 4, 2), **WINDOWS), tied("max_pool2d", (2, 4, 4, 2), **WINDOWS))],
    "transpose": [(tied("transpose", SIX[1:], axes=(4, 3, 2, 1, 0)), tied("transpose", (2,) * 6, axes=(5, 4, 3, 2, 1, 0)))],
    "slice": [(tied("slice", SIX[1:], axis=0, start=0, stop=1), tied("slice", (2,) * 6, axis=1, start=0, stop=2))],
    "expand": [(tied("expand", SIX[1:], shape=(2,) * 5), tied("expand", SIX, shape=(2,) * 6))],
    "pad": [(tied("pad", SIX[1:], amounts=(1, 1) * 5), tied("pad", SIX, amounts=(1, 1) * 6))],
    "take": [(tied("take", (32767, 1), axis=0, indices=(5, 0)), tied("take", (32768, 1), axis=0, indices=(5, 0)))],
    "resize_bilinear": [(tied("resize_bilinear", (1, 2, 2, 1), size=(3, 3)), tied("resize_bilinear", (2, 2, 2, 1), size=(3, 3)))],
    "resize_nearest": [
        (tied("resize_nearest", (1, 2, 2, 1), size=(3, 3)), tied("resize_nearest", (2, 2, 2, 1), size=(3, 3))),
        (tied("resize_nearest", (1, 1, 2, 1), size=(1, 32767)), tied("resize_nearest", (1, 1, 2, 1), size=(1, 32768))),
    ],
    "matmul": [(two("matmul", (3, 2, 4, 5), (5, 6), scale=0.2), two("matmul", (3, 1, 4, 5), (2, 5, 6), scale=0.2))],
    "layer_norm": [
        (layer_norm((1, 32768)), layer_norm((1, 32769))),
        (layer_norm((1, 16384), dtype="i16"), layer_norm((1, 16385), dtype="i16")),
    ],
    "rms_norm": [
        (norm("rms_norm", (1, 32768)), norm("rms_norm", (1, 32769))),
        (norm("rms_norm", (1, 16384), dtype="i16"), norm("rms_norm", (1, 16385), dtype="i16")),
    ],
    "group_norm": [
        (norm("group_norm", (1, 2, 32768), channels=2, groups=2), norm("group_norm", (1, 2, 32769), channels=2, groups=2)),
        (norm("group_norm", (1, 1, 16384), channels=1, groups=1, dtype="i16"), norm("group_norm", (1, 1, 16385), channels=1, groups=1, dtype="i16")),
    ],
    "softmax": [
        (one("softmax", (1, 65535), y=(1 / 256, -128)), one("softmax", (1, 65536), y=(1 / 256, -128))),
        (one("softmax", (2, 3), y=(1 / 256, -128)), one("softmax", (2, 3), y=(1 / 256, -128), axis=0)),
    ],
    "log_softmax": [
        (one("log_softmax", (1, 2048), y=(0.1, 127)), one("log_softmax", (1, 2049), y=(0.1, 127))),
        (one("log_softmax", (2, 3), y=(0.1, 127)), one("log_softmax", (2, 3), y=(0.1, 127), axis=0)),
    ],
}


def refused(case: Case) -> bool:
    """Whether an operator has no kernel, or no meaning."""
    builder = Builder(np.random.default_rng(1))
    graph = builder.finish(case(builder))
    try:
        evaluate(graph, samples(graph, builder.rng))
    except Diagnostic:
        return True
    return not bids(graph[graph.results[0]], graph, TARGET)


@pytest.mark.parametrize("op", EDGES)
def test_limits_are_where_they_are_said_to_be(op: str) -> None:
    assert op_named(op).limits
    assert [(refused(inside), refused(outside)) for inside, outside in EDGES[op]] == [(False, True)] * len(EDGES[op])


@pytest.mark.parametrize("op", ["div", "batch_norm", "conv2d", "linear"])
def test_what_must_be_constant(op: str) -> None:
    """Once quantized: divisors, the parameters of norms, weights."""
    shapes = {"div": [(3,)] * 2, "batch_norm": [(1, 3), *[(3,)] * 4], "conv2d": [(1, 4, 4, 2), (3, 1, 1, 2), (3,)], "linear": [(2, 4), (3, 4), (3,)]}[op]
    graph = Graph("one", [Node(f"x{i}", "arg", (), f32(*shape), {"range": (-1.0, 1.0)}) for i, shape in enumerate(shapes)])
    graph.add(Node("y", op, tuple(node.name for node in graph), f32(*op_named(op).shape([node.type for node in graph], {}, ())), {"range": (-1.0, 1.0)}))
    graph.results = ("y",)
    with pytest.raises(Diagnostic, match=r"only divided by constants|no integer form|must be constants"):
        run_pipeline(graph, TARGET, "quantize")
