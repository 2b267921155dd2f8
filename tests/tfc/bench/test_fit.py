"""Rates from measurements: those that made them are found again, and the errors are those of layers that were not seen."""

import numpy as np
import pytest

from tfc.backends.cost import CYCLES, Cost
from tfc.backends.fits import ALL, PRODUCTS, Range, load_fit, read_fit, save_fit
from tfc.backends.kernels import KERNELS
from tfc.backends.target import load_target
from tfc.bench.fit import Row, cases_of, errors_of, estimated, row_of, solve
from tfc.bench.grid import Case, call_of, layer_graph, placed_graph
from tfc.bench.measure import measure
from tfc.bench.random_layers import held_out, learning
from tfc.ir.diagnostic import Diagnostic

TARGET = load_target("stm32f746")


def bids(layers, count: int = 200) -> list[Row]:
    """Rows without measurements."""
    rows = []
    for case in cases_of(list(layers)[:count], TARGET):
        cost = KERNELS[case.kernel].bid(call_of(layer_graph(case.layer, case.density, case.block)), TARGET)
        rows.append(Row(case.kernel, cost, cost.cycles, Range(1, 1, 1)))
    return rows


def test_rates_that_made_the_measurements_are_found_again() -> None:
    rows = bids(learning().values(), 60)
    rates = dict(TARGET.fit.rates)
    truth = rates | {"pairs.mac": 1.3 * rates["pairs.mac"], "strips": 2 * rates["strips"]}
    measured = [Row(row.kernel, row.cost, estimated(row, truth), row.seen) for row in rows]
    found = solve(measured, rates)
    assert found["pairs.mac"] == pytest.approx(truth["pairs.mac"], rel=0.02)
    assert errors_of(measured, found).mean < 0.5 < errors_of(measured, rates).mean


def test_no_rate_is_negative_and_what_nobody_needs_stays() -> None:
    noisy = np.random.default_rng(0)
    rows = [Row(row.kernel, row.cost, row.cycles * noisy.uniform(0.5, 1.5), row.seen) for row in bids(learning().values(), 40)]
    found = solve(rows, TARGET.fit.rates)
    assert min(found.values()) >= 0
    assert found["resize_bilinear_s8.row"] == pytest.approx(TARGET.fit.rates["resize_bilinear_s8.row"])


def test_cycles_that_are_known_are_not_fitted() -> None:
    rows = [Row("", Cost(work={CYCLES: 1000.0, "strips": count}), 1000.0 + 700 * count, Range(1, 1, 1)) for count in (1.0, 2.0, 5.0)]
    assert solve(rows, {"strips": 500.0})["strips"] == pytest.approx(700, rel=0.01)


def test_layers_that_show_the_errors_were_not_learned_from() -> None:
    assert not set(learning()) & set(held_out())
    weighted = [case for case in cases_of(held_out().values(), TARGET) if call_of(layer_graph(case.layer, case.density, case.block)).node.op != "attention"]
    assert len({(case.layer, case.kernel) for case in weighted}) >= 150


def test_a_fit_survives_its_file(tmp_path) -> None:
    save_fit(TARGET.fit, tmp_path / "fit.json")
    again = read_fit(__import__("json").loads((tmp_path / "fit.json").read_text()))
    assert vars(again) == vars(TARGET.fit)
    with pytest.raises(Diagnostic, match="there is no fit 'z80'"):
        load_fit("z80")
    with pytest.raises(Diagnostic, match="of format 99"):
        read_fit({"format": 99})


@pytest.mark.parametrize("target", ["stm32f746", "stm32h743"])
def test_the_errors_of_the_fits_are_those_that_were_promised(target: str) -> None:
    """On layers that the fit never saw: mean absolute error at most 6 %, of those with weights 95 % at most 15 %."""
    fit = load_fit(target)
    assert fit.target == target
    assert fit.errors[ALL].mean <= 6
    assert fit.errors[PRODUCTS].layers >= 150
    assert fit.errors[PRODUCTS].mean <= 6
    assert fit.errors[PRODUCTS].p95 <= 15


def test_a_stored_fit_is_what_the_emulator_says(tmp_path) -> None:
    """Layers of several kinds, measured anew."""
    weighted = [case for case in cases_of(held_out().values(), TARGET) if case.kernel.startswith(("conv2d", "linear"))]
    rows = [row_of(case, measure(case, TARGET, tmp_path, {}), TARGET) for case in weighted[::30]]
    assert len(rows) >= 10
    assert errors_of(rows, TARGET.fit.rates).mean < 8


def test_a_random_layer_is_planned_like_one_of_the_grid() -> None:
    name = next(iter(learning()))
    case = Case(name, "conv2d_s8")
    assert placed_graph(case, TARGET)[placed_graph(case, TARGET).results[0]].attrs["kernel"] == "conv2d_s8"
