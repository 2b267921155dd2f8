"""Rows for readers: figures rounded, layers in the order of the grid."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .measure import Sample
from .results import Results

Row = dict[str, Any]


def per_cent(share: float) -> str:
    return f"{100 * share:.3g} %"


def products(samples: Sequence[Sample]) -> list[Row]:
    """A row for each sample of a layer that multiplies."""
    return [
        {
            "layer": one.layer,
            "kernel": one.kernel,
            "density": per_cent(one.asked_density) if one.block else "",
            "instructions": one.instructions,
            "cycles": one.cycles,
            "cycles per non-zero MAC": f"{one.cycles_per_nonzero_mac:.2f}",
            "stored bytes": one.stored_bytes,
            "scratch bytes": one.scratch_bytes,
        }
        for one in samples
        if one.nonzero_macs
    ]


def elements(samples: Sequence[Sample]) -> list[Row]:
    """A row for each sample of a layer that does not."""
    return [
        {
            "layer": one.layer,
            "kernel": one.kernel,
            "instructions": one.instructions,
            "cycles": one.cycles,
            "cycles per result": f"{one.cycles / one.results:.2f}",
        }
        for one in samples
        if not one.nonzero_macs
    ]


def break_even(results: Results) -> list[Row]:
    """A row for each sparse kernel, a column for each layer."""
    found = results.break_evens
    layers = list(dict.fromkeys(one.layer for one in found))
    rows = []
    for kernel in dict.fromkeys(one.kernel for one in found):
        cells = {one.layer: f"{one.relation} {per_cent(one.density)}".removeprefix("= ") for one in found if one.kernel == kernel}
        rows.append({"kernel": kernel, **{layer: cells.get(layer, "") for layer in layers}})
    return rows


def compared(results: Results) -> list[tuple[str, list[Row]]]:
    """For each layer that CMSIS-NN has figures for: a row for each sample, two or three columns for each function of CMSIS-NN."""
    tables: dict[str, dict[Sample, Row]] = {}
    for one in results.comparisons:
        sample, name = one.sample, one.reference.function
        row = tables.setdefault(sample.layer, {}).setdefault(sample, marked(sample))
        row[f"{name}: × instructions"] = f"{one.instructions:.1f}"
        row[f"{name}: × cycles"] = f"{one.cycles:.1f}"
        if one.cycles_with_memory is not None:
            row[f"{name}: × cycles with memory"] = f"{one.cycles_with_memory:.1f}"
    return [(layer, list(rows.values())) for layer, rows in tables.items()]


def marked(sample: Sample) -> Row:
    """What a sample costs, in millions and per weight."""
    row = {
        "kernel": sample.kernel,
        "density": per_cent(sample.asked_density) if sample.block else "",
        "M instructions": f"{sample.instructions / 1e6:.3f}",
        "M cycles": f"{sample.cycles / 1e6:.3f}",
    }
    if sample.nonzero_macs:
        row["cycles per non-zero MAC"] = f"{sample.cycles_per_nonzero_mac:.2f}"
        row["bytes per non-zero weight"] = f"{sample.bytes_per_nonzero_weight:.2f}" if sample.weights else ""
    return row


def models(results: Results) -> list[Row]:
    return [
        {
            "model": one.model,
            "target": one.target,
            "instructions": one.instructions,
            "cycles": one.cycles,
            "ms": f"{one.ms:.3f} ± {one.error_percent:g} %",
            "RAM bytes": one.ram_bytes,
            "flash bytes": one.flash_bytes,
            "MACs": one.macs,
            "non-zero MACs": one.nonzero_macs,
            "cycles per non-zero MAC": f"{one.cycles / max(one.nonzero_macs, 1):.2f}",
        }
        for one in results.models
    ]
