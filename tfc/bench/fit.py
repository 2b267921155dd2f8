"""Fit what the work of kernels takes: measure layers drawn at random on the emulated chip, solve for the rates, and say how far off they are on others."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path

import numpy as np
from scipy.optimize import lsq_linear

from tfc.backends.cost import CYCLES, Cost
from tfc.backends.fits import ALL, PRODUCTS, Code, Errors, Fit, Range
from tfc.backends.kernels import KERNELS
from tfc.backends.target import Target

from .code_sizes import code_sizes
from .grid import FORMS, Case, call_of, layer_graph, offered, takes
from .measure import Sample, measure
from .random_layers import Drawn, held_out, learning
from .results import Results, known_samples, save

INERTIA = 0.02  # what a rate that changes by its own size costs, as much as an estimate that is off by this share
Progress = Callable[[str, int], None]  # what is measured, of how many in all


@dataclass(frozen=True)
class Row:
    """A measurement, and what the kernel bids for it."""

    kernel: str
    cost: Cost
    cycles: float
    seen: Range


def fit_target(target: Target, samples: Path, progress: Progress) -> Fit:
    """Measure what `samples`, a file of an earlier fit, does not hold yet, and fit. Rates that no layer needs stay as they are."""
    learned, other = (cases_of(layers.values(), target) for layers in (learning(), held_out()))
    known = known_samples(samples)
    results = Results(target.name, "tfc bench --fit")
    with tempfile.TemporaryDirectory() as work:
        try:
            for case in (*learned, *other):
                progress(f"{case.kernel} {case.layer}", len(learned) + len(other))
                results.samples.append(measure(case, target, Path(work), known))
        finally:
            results.samples += [sample for key, sample in known.items() if key not in {one.key for one in results.samples}]
            save(results, samples)
    rows = [row_of(case, sample, target) for case, sample in zip((*learned, *other), results.samples, strict=False)]
    return fitted(target, rows[: len(learned)], rows[len(learned) :], code_sizes(learned, target))


def cases_of(layers: Iterable[Drawn], target: Target) -> list[Case]:
    """Each layer with every dense kernel that bids for it, and with two sparse ones."""
    found = []
    for one in layers:
        for kernel in offered(one.layer.name, target):
            form = KERNELS[kernel].format
            if form not in FORMS:
                found.append(Case(one.layer.name, kernel))
            elif form in one.forms and takes(case := Case(one.layer.name, kernel, one.density), target):
                found.append(case)
    return found


def row_of(case: Case, sample: Sample, target: Target) -> Row:
    call = call_of(layer_graph(case.layer, case.density, case.block))
    cost = KERNELS[case.kernel].bid(call, target)
    assert cost is not None
    weights = call.operands[1].shape if call.node.op == "conv2d" else (0,)
    return Row(case.kernel, cost, sample.cycles, Range(prod(weights[1:3]), sample.weights, sample.results))


def fitted(target: Target, learned: Sequence[Row], other: Sequence[Row], code: Code) -> Fit:
    """The rates that are best for some rows, and their errors on others."""
    rates, found = solve(learned, target.fit.rates), {row.kernel for row in learned}
    groups = {ALL: list(other), PRODUCTS: [row for row in other if row.seen.weights]}
    groups |= {name: [row for row in other if row.kernel == name] for name in sorted(found & {row.kernel for row in other})}
    errors = {name: errors_of(rows, rates) for name, rows in groups.items()}
    ranges = {name: widest([row.seen for row in (*learned, *other) if row.kernel == name]) for name in sorted(found)}
    assumed = tuple(name for name in rates if not any(name in row.cost.work for row in learned))
    return Fit(target.name, {name: float(f"{rate:.4g}") for name, rate in rates.items()}, code, errors, ranges, assumed)


def solve(rows: Sequence[Row], before: Mapping[str, float]) -> dict[str, float]:
    """The rates, none negative, by least squares of relative errors."""
    names = list(before)
    work = np.array([[row.cost.work.get(name, 0.0) for name in names] for row in rows])
    cycles = np.array([row.cycles for row in rows])
    known = np.array([row.cost.work.get(CYCLES, 0.0) for row in rows])
    old = np.array([before[name] for name in names])
    changes = np.vstack([work * old / cycles[:, None], INERTIA * np.eye(len(names))])  # of each rate, as a factor
    wanted = np.concatenate([(cycles - known) / cycles, np.full(len(names), INERTIA)])
    factors = lsq_linear(changes, wanted, (0, np.inf)).x
    return dict(zip(names, (old * factors).tolist(), strict=True))


def estimated(row: Row, rates: Mapping[str, float]) -> float:
    return sum(count if name == CYCLES else rates[name] * count for name, count in row.cost.work.items())


def errors_of(rows: Sequence[Row], rates: Mapping[str, float]) -> Errors:
    off = np.array([100 * (estimated(row, rates) / row.cycles - 1) for row in rows])
    mean, p95, bias = (round(float(value), 2) for value in (np.abs(off).mean(), np.percentile(np.abs(off), 95), off.mean()))
    return Errors(len(rows), mean, p95, bias)


def widest(seen: Sequence[Range]) -> Range:
    return Range(*(max(getattr(one, name) for one in seen) for name in ("window", "weights", "results")))
