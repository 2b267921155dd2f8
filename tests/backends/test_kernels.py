"""The table of kernels: complete, documented, and bidding what the emulator then counts."""

from pathlib import Path

import numpy as np
import pytest

from tfc.backends.c.lowering import LOWER
from tfc.backends.c.project import emit_project
from tfc.backends.cost import Cost
from tfc.backends.emulator.machine import Machine
from tfc.backends.kernels import KERNELS, bids
from tfc.backends.memory_map import RUNTIME
from tfc.backends.streams import BLOCKS
from tfc.backends.target import load_target
from tfc.backends.toolchain import build
from tfc.ir.graph import Graph
from tfc.passes.offers import choose

from .c import makers
from .c.graphs import Builder, bound_graphs, placed, samples

TARGET = load_target("stm32f746")
COMPOSED = {"concat_s8", "pad_s8"}  # of other kernels' calls
LOOPED = {name for name, kernel in KERNELS.items() if kernel.format.startswith("block")}  # the dense kernels, with the loops of another format
LOOPS = {"pairs", *(form.name for form in BLOCKS)}


def graph_of(case: makers.Case) -> Graph:
    builder = Builder(np.random.default_rng(5))
    return builder.finish(case(builder))


def pruned(case: makers.Case, density: float, block: tuple[int, int] = (2, 4)) -> Graph:
    """The graph with this share of its blocks of weights, of which none is zero."""
    graph = graph_of(case)
    symbol = graph["w"].attrs["data"]
    w = graph.tensors[symbol].reshape(graph["w"].type.shape[0], -1)
    keep = np.random.default_rng(6).random((w.shape[0] // block[0], w.shape[1] // block[1])) < density
    graph.tensors[symbol] = (np.where(w == 0, np.int8(1), w) * keep.repeat(block[0], axis=0).repeat(block[1], axis=1)).reshape(graph["w"].type.shape)
    return graph


def offers(graph: Graph) -> dict[str, Cost]:
    return bids(graph[graph.results[0]], graph, TARGET)


def test_every_op_has_a_kernel_and_a_rule() -> None:
    assert {op for kernel in KERNELS.values() for op in kernel.ops} == set(LOWER)


@pytest.mark.parametrize("name", sorted(set(KERNELS) - COMPOSED - LOOPED | LOOPS))
def test_a_kernel_is_a_file_of_its_name_with_four_lines_on_top(name: str) -> None:
    lines = (RUNTIME / "kernels" / f"tfc_{name}.c").read_text(encoding="utf-8").splitlines()
    top = lines.index(next(line for line in lines if line.endswith("*/"))) + 1
    assert lines[0].startswith("/* ")
    assert top >= 4
    assert name in LOOPS or not any(line.startswith("#if") for line in lines)


def test_kernels_are_documented() -> None:
    assert all(kernel.doc for kernel in KERNELS.values())


def test_costs_add_up_and_scratch_is_used_again() -> None:
    assert Cost(1.0, 10, 3) + Cost(2.0, 7, 4) == Cost(3.0, 10, 7)


def test_density_decides() -> None:
    case = makers.conv((8, 8, 64), 64, (3, 3), pad=(1, 1, 1, 1))
    dense, sparse = pruned(case, 1.0), pruned(case, 0.1)
    assert (best(dense), best(sparse)) == ("conv2d_s8", "conv2d_s8_sparse2x4")
    assert offers(sparse)["conv2d_s8_sparse2x4"].flash < offers(dense)["conv2d_s8"].flash / 4


def best(graph: Graph) -> str:
    return choose(graph, TARGET, "latency", None, None)[graph.results[0]].kernel


@pytest.mark.parametrize(("block", "density"), [((1, 1), 0.05), ((1, 1), 0.1), ((1, 2), 0.1), ((1, 2), 0.3), ((2, 4), 0.1), ((2, 4), 0.5)])
def test_weights_pruned_by_blocks_take_the_kernel_of_these_blocks(block: tuple[int, int], density: float) -> None:
    height, width = block
    assert best(pruned(makers.conv((8, 8, 32), 32, (3, 3), pad=(1, 1, 1, 1)), density, block)) == f"conv2d_s8_sparse{height}x{width}"
    assert best(pruned(makers.linear((64,), 128, 64), density, block)) == f"linear_s8_sparse{height}x{width}"


@pytest.mark.parametrize(("tokens", "inputs", "out"), [(64, 64, 96), (16, 64, 64), (1, 256, 100), (1, 320, 16), (3, 120, 40)])
def test_weights_without_zeros_are_dense(tokens: int, inputs: int, out: int) -> None:
    assert best(pruned(makers.linear((tokens,), inputs, out), 1.0)) == "linear_s8"


def test_a_pixelwise_convolution_is_a_linear() -> None:
    assert "linear_s8" in offers(graph_of(makers.conv((8, 8, 32), 32, (1, 1))))
    assert "linear_s8" not in offers(graph_of(makers.conv((8, 8, 32), 32, (1, 1), stride=(2, 2))))


@pytest.mark.parametrize(
    ("case", "density"),
    [
        (makers.conv((12, 12, 32), 32, (3, 3), pad=(1, 1, 1, 1), ending="table"), 1.0),
        (makers.conv((12, 12, 32), 32, (3, 3), pad=(1, 1, 1, 1)), 0.15),
        (makers.linear((64,), 64, 96), 0.3),
        (makers.linear((32,), 64, 32, types=("i8", "i16")), 0.3),
        (makers.linear((1,), 256, 100), 1.0),
        (makers.conv((12, 12, 7), 16, (3, 3), pad=(1, 1, 1, 1)), 1.0),
        (makers.two("add", (1, 12, 12, 16), (1, 12, 12, 16), types=("i16", "i8", "i16")), 1.0),
        (makers.two("add", (1, 12, 12, 16), (1, 12, 12, 16)), 1.0),
        (makers.two("mul", (1, 12, 12, 16), (1, 12, 12, 16), scale=0.01), 1.0),
        (makers.one("rescale", (1, 12, 12, 16), y=(0.011, 60)), 1.0),
        (makers.one("silu", (1, 16, 16, 16)), 1.0),
        (makers.one("softmax", (32, 64), y=(1 / 256, -128)), 1.0),
        (makers.one("mean", (1, 16, 16, 32), axes=(1, 2)), 1.0),
        (makers.tied("max_pool2d", (1, 16, 16, 32), window=(2, 2), stride=(2, 2)), 1.0),
        (makers.one("avg_pool2d", (1, 16, 16, 32), window=(2, 2), stride=(2, 2)), 1.0),
        (makers.layer_norm((64, 64), dtype="i16"), 1.0),
        (makers.attention((1, 64, 32), 2), 1.0),
        (makers.attention((1, 64, 32), 2, bias=(2, 64, 64)), 1.0),
        (makers.attention((1, 64, 32), 2, values=64, bias=(2, 64, 64), dtype="i16"), 1.0),
        (makers.attention((1, 16, 64), 1), 1.0),
        (makers.attention((1, 33, 30), 3), 1.0),
        (makers.attention((1, 8, 8, 32), 2, patch=(2, 2)), 1.0),
        (makers.two("matmul", (64, 32), (32, 64), scale=0.2), 1.0),
        (makers.two("matmul", (4, 16, 16), (4, 16, 16), scale=0.2), 1.0),
        (makers.two("matmul", (1, 64), (64, 33), scale=0.2), 1.0),
    ],
)
def test_bids_are_near_what_the_emulator_counts(case: makers.Case, density: float, tmp_path: Path) -> None:
    for name, cost, bound in bound_graphs(pruned(case, density) if density < 1 else graph_of(case), TARGET):
        if name == "conv2d_s8_grouped":
            continue
        assert cost.cycles == pytest.approx(counts(bound, tmp_path / name)[1], rel=0.15), name


def test_scratch_of_attention_grows_with_tokens_only() -> None:
    """12 bytes a key beside a head: values are never widened as a whole."""
    assert offers(graph_of(makers.attention((1, 256, 128), 4)))["attention_s8"].scratch <= 4096
    one, two = (offers(graph_of(makers.attention((1, tokens, 128), 4)))["attention_s8"].scratch for tokens in (512, 1024))
    assert two - one == 12 * 512


def counts(bound: Graph, folder: Path) -> tuple[int, float]:
    """Instructions and cycles of a run."""
    graph = placed(bound, [TARGET.pools[0].name])
    emit_project(graph, TARGET, folder)
    run = Machine(build(folder, TARGET), TARGET).run([x.tobytes() for x in samples(graph, np.random.default_rng(1))], timing="full")
    assert run.profile
    return run.instructions, run.profile.cycles


@pytest.mark.parametrize(
    ("kernel", "case", "limit"),
    [
        ("softmax_s8", makers.one("softmax", (64, 64), y=(1 / 256, -128)), 14),
        ("layer_norm_s8", makers.layer_norm((64, 64)), 14),
        ("layer_norm_s8", makers.layer_norm((64, 96)), 14),
        ("layer_norm_s16", makers.layer_norm((64, 96), dtype="i16"), 14),
    ],
)
def test_instructions_of_an_element(kernel: str, case: makers.Case, limit: int, tmp_path: Path) -> None:
    """With the start of the chip and all that surrounds a kernel."""
    graph = graph_of(case)
    bound = next(bound for name, _, bound in bound_graphs(graph, TARGET) if name == kernel)
    assert counts(bound, tmp_path)[0] / graph[graph.results[0]].type.size <= limit


@pytest.mark.parametrize(
    ("kernel", "case"),
    [
        ("conv2d_s8_few", makers.conv((16, 16, 3), 16, (3, 3), pad=(1, 1, 1, 1))),
        ("conv2d_s8_few", makers.conv((25, 10, 1), 32, (10, 4), stride=(2, 2), pad=(4, 1, 5, 1))),
        ("conv2d_s8_few", makers.conv((16, 16, 3), 8, (7, 7), stride=(2, 2), pad=(3, 3, 3, 3), ending="residual")),
        ("conv2d_s8_few", makers.conv((26, 26, 3), 16, (3, 3), stride=(2, 2), pad=(1, 1, 1, 1), ending="table")),
        ("conv2d_s8_depthwise3x3", makers.conv((14, 14, 32), 32, (3, 3), groups=32, pad=(1, 1, 1, 1))),
        ("conv2d_s8_depthwise3x3", makers.conv((14, 14, 32), 32, (3, 3), groups=32, stride=(2, 2), pad=(1, 1, 1, 1), ending="clamp")),
        ("conv2d_s8_depthwise_square", makers.conv((12, 12, 16), 16, (5, 5), groups=16, pad=(2, 2, 2, 2))),
        ("conv2d_s8_depthwise_square", makers.conv((12, 12, 16), 16, (7, 7), groups=16, pad=(3, 3, 3, 3), ending="table")),
        ("conv2d_s8_depthwise_square", makers.conv((12, 12, 16), 16, (5, 5), groups=16, stride=(2, 2), pad=(2, 2, 2, 2))),
        ("conv2d_s8_depthwise_square", makers.conv((16, 16, 16), 16, (5, 5), groups=16, stride=(2, 2), pad=(2, 2, 2, 2), ending="table")),
        ("conv2d_s8_depthwise_square", makers.conv((12, 12, 16), 16, (5, 5), groups=16, pad=(2, 2, 2, 2), ending="residual")),
    ],
)
def test_the_best_bid_is_near_what_the_emulator_counts(kernel: str, case: makers.Case, tmp_path: Path) -> None:
    graph = graph_of(case)
    assert best(graph) == kernel
    cost, bound = next((cost, bound) for name, cost, bound in bound_graphs(graph, TARGET) if name == kernel)
    assert cost.cycles == pytest.approx(counts(bound, tmp_path)[1], rel=0.15)
