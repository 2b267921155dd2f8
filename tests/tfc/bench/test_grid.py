"""The grid: every kernel, exact densities, always the same constants."""

import numpy as np
import pytest

from tfc.backends.formats import matrix
from tfc.backends.kernels import KERNELS
from tfc.backends.streams import BLOCKS, Blocks
from tfc.backends.target import load_target
from tfc.bench.grid import DENSITIES, LAYERS, QUICK_DENSITIES, Case, cases, layer_graph, placed_graph
from tfc.ir.diagnostic import Diagnostic

TARGET = load_target("stm32f746")


@pytest.mark.parametrize("quick", [False, True])
def test_every_kernel_is_measured(quick: bool) -> None:
    assert {case.kernel for case in cases(TARGET, quick=quick)} == set(KERNELS)


def test_sparse_kernels_run_at_every_density_and_others_once() -> None:
    found = cases(TARGET, layers=["linear_64x192_96"])
    assert {case.density for case in found if case.kernel == "linear_s8_sparse1x4"} == set(DENSITIES)
    assert [case for case in found if not case.is_sparse] == [Case("linear_64x192_96", "linear_s8")]


def test_a_sparse_kernel_brings_the_dense_one() -> None:
    found = cases(TARGET, kernels=["*sparse2x4"], layers=["conv3x3_8x8*"], densities=QUICK_DENSITIES)
    assert [case.kernel for case in found] == ["conv2d_s8", *["conv2d_s8_sparse2x4"] * 3]
    assert [case.kernel for case in cases(TARGET, kernels=["linear_s8"], layers=["linear_1x320*"])] == ["linear_s8"]


def test_what_a_kernel_refuses_is_left_out() -> None:
    """Sums of 576 weights are too large for two columns in a word."""
    found = [case.density for case in cases(TARGET, layers=["conv3x3_16x16x64_64"]) if case.kernel == "conv2d_s8_sparse1x1"]
    assert 1.0 not in found
    assert 0.1 in found


@pytest.mark.parametrize(("given", "message"), [({"kernels": ["x*"]}, "no kernel matches"), ({"layers": ["x*"]}, "no layer matches")])
def test_patterns_that_stand_for_nothing_are_refused(given: dict[str, list[str]], message: str) -> None:
    with pytest.raises(Diagnostic, match=message):
        cases(TARGET, **given)


def test_nothing_left_is_refused() -> None:
    with pytest.raises(Diagnostic, match="nothing is left"):
        cases(TARGET, kernels=["add_s8"], layers=["linear_*"])


@pytest.mark.parametrize("form", BLOCKS, ids=lambda form: form.name)
@pytest.mark.parametrize("density", [0.05, 0.25, 1.0])
def test_densities_are_exact(form: Blocks, density: float) -> None:
    graph = layer_graph("conv3x3_8x8x32_32", density, (form.height, form.width))
    weights = matrix(graph.constant("w"))
    blocks = round(density * weights.size / (form.height * form.width))
    assert form.count(weights) == blocks
    assert np.count_nonzero(weights) == blocks * form.height * form.width


def test_constants_are_always_the_same_and_others_for_another_density() -> None:
    case = Case("linear_16x64_64", "linear_s8_sparse1x2", 0.25)
    assert placed_graph(case, TARGET) == placed_graph(case, TARGET)
    weights = [layer_graph("linear_16x64_64", density, (1, 2)).constant("w") for density in (0.25, 0.26)]
    assert not np.array_equal(*weights)


def test_a_density_keeps_one_block_at_least() -> None:
    assert np.count_nonzero(layer_graph("linear_16x64_64", 1e-6, (2, 4)).constant("w")) == 8


def test_layers_have_names_of_their_own_that_tell_their_size() -> None:
    assert all(any(part[0].isdigit() for part in name.split("_")) for name in LAYERS)
