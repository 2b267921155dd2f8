"""What is made of samples: break-even, factors, chart, page; on samples whose figures are plain."""

import pytest

from tfc.bench import tables
from tfc.bench.break_even import break_evens, crossing
from tfc.bench.chart import chart
from tfc.bench.grid import LAYERS
from tfc.bench.page import page
from tfc.bench.reference import comparisons, references
from tfc.bench.results import LIMIT, Results

from .synthetic import sample

DENSE = sample(80_000)
SPARSE = [sample(10_000 + round(100_000 * density), density, "2x4") for density in (1.0, 0.5, 0.1)]  # 80,000 at 70 %
SLOW = [sample(90_000 + round(100_000 * density), density, "1x1") for density in (0.5, 0.1)]
FAST = [sample(round(50_000 * density), density, "2x2") for density in (1.0, 0.5)]
RESULTS = Results("stm32f746", "tfc bench -o docs", [DENSE, *SPARSE, *SLOW, *FAST, sample(5_000, layer="add_1x16x16x64", kernel="add_s8")])


def test_break_even_lies_where_the_lines_cross() -> None:
    found = {one.kernel: (one.relation, one.density) for one in break_evens(RESULTS.samples)}
    assert found["conv2d_s8_sparse2x4"] == ("=", pytest.approx(0.7))
    assert found["conv2d_s8_sparse1x1"] == ("<", 0.1)
    assert found["conv2d_s8_sparse2x2"] == (">", 1.0)
    assert {one.dense for one in break_evens(RESULTS.samples)} == {"conv2d_s8"}


@pytest.mark.parametrize(("level", "expected"), [(30, ("=", 0.2)), (40, ("=", 0.3)), (99, ("=", 0.89)), (100, ("=", 0.9)), (101, (">", 0.9)), (29, ("<", 0.2))])
def test_crossings_at_and_beyond_the_ends(level: float, expected: tuple[str, float]) -> None:
    relation, density = crossing([(0.9, 100), (0.2, 30), (0.4, 50)], level)
    assert (relation, density) == (expected[0], pytest.approx(expected[1]))


def test_without_a_dense_sample_nothing_breaks_even() -> None:
    assert break_evens(SPARSE) == []


def test_the_fastest_dense_kernel_counts() -> None:
    slower = sample(200_000, kernel="conv2d_s8_grouped")
    assert break_evens([slower, DENSE, *SPARSE]) == break_evens([DENSE, *SPARSE])


def test_factors_are_those_of_the_reference() -> None:
    one = next(one for one in comparisons(SPARSE) if one.sample.density == 0.5)
    assert one.instructions == 16_615_000 / 120_000
    assert one.cycles == 11_990_000 / 60_000
    assert one.cycles_with_memory is None


def test_references_stand_for_layers_of_the_grid_and_say_where_they_come_from() -> None:
    assert {reference.layer for reference in references().layers} <= LAYERS.keys()
    assert "99f736a6" in references().source
    assert [reference.function for reference in references().of("linear_64x192_96")] == ["fully connected", "1×1 convolution"]
    assert all(reference.cycles < reference.instructions for reference in references().layers)


def test_the_chart_has_lines_for_kernels_dense_and_limit() -> None:
    panel, bars = chart(RESULTS.samples, "kernels").axes
    lines = dict(zip(["2x4", "1x1", "2x2", "dense", "limit"], panel.lines, strict=True))
    assert lines["2x4"].get_xydata().tolist() == [[10, 2.0], [50, 1.2], [100, 1.1]]
    assert [tuple(point) for point in lines["dense"].get_xydata()] == [(10, pytest.approx(8.0)), (100, pytest.approx(0.8))]
    assert set(lines["limit"].get_ydata()) == {LIMIT} == {0.5}
    assert [bar.get_width() for bar in bars.patches] == [0.5]


def test_the_page_says_how_it_is_made_and_what_was_measured() -> None:
    text = page(RESULTS, "bench.png")
    assert "```console\ntfc bench -o docs\n```" in text
    assert "![" in text
    assert "(bench.png)" in text
    assert "| conv2d_s8_sparse2x4 | 70 % |" in text
    assert "| conv2d_s8_sparse2x2 | > 100 % |" in text
    assert "| conv2d_s8_sparse2x4 | 50 % | 0.120 | 0.060 | 1.20 | 1.60 | 138.5 | 199.8 |" in text
    assert "## Models" not in text
    assert "![" not in page(RESULTS, "")


def test_figures_per_weight_count_what_is_not_zero() -> None:
    row = tables.marked(SPARSE[1])
    assert (row["cycles per non-zero MAC"], row["bytes per non-zero weight"]) == ("1.20", "1.60")
