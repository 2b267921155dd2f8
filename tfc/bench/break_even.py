"""The density below which a sparse kernel is faster than the dense one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from .measure import Sample

Point = tuple[float, float]  # density and cycles


@dataclass(frozen=True)
class BreakEven:
    """Where the cycles are equal; `relation` is "=", or "<" and ">" where that lies below or above the densities that were measured."""

    layer: str
    kernel: str
    dense: str
    relation: str
    density: float


def break_evens(samples: Sequence[Sample]) -> list[BreakEven]:
    """For each sparse kernel and layer, against the fastest dense kernel there."""
    found = []
    for layer, kernel in dict.fromkeys((sample.layer, sample.kernel) for sample in samples if sample.block):
        dense = fastest_dense(samples, layer)
        if dense:
            points = [(sample.density, float(sample.cycles)) for sample in samples if (sample.layer, sample.kernel) == (layer, kernel)]
            found.append(BreakEven(layer, kernel, dense.kernel, *crossing(points, dense.cycles)))
    return found


def fastest_dense(samples: Sequence[Sample], layer: str) -> Sample | None:
    return min((sample for sample in samples if sample.layer == layer and not sample.block), key=lambda sample: sample.cycles, default=None)


def crossing(points: Sequence[Point], level: float) -> tuple[str, float]:
    """The density at which cycles first reach a level, on the lines between neighbours."""
    ordered = sorted(points)
    if ordered[0][1] > level:
        return "<", ordered[0][0]
    for (low, before), (high, after) in pairwise(ordered):
        if before <= level < after:
            return "=", low + (high - low) * (level - before) / (after - before)
    return ("=" if ordered[-1][1] == level else ">"), ordered[-1][0]
