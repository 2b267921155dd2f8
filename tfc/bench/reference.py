"""What dense CMSIS-NN takes for layers of the grid, and how our kernels compare."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from .measure import Sample


@dataclass(frozen=True)
class Reference:
    """A dense function on a layer; `cycles` are of the pipeline alone, `cycles_with_memory` also of caches and branches, where that is known."""

    layer: str
    function: str
    instructions: int
    cycles: int
    cycles_with_memory: int | None = None


@dataclass(frozen=True)
class References:
    """The figures, and where they come from."""

    source: str
    layers: tuple[Reference, ...]

    def of(self, layer: str) -> list[Reference]:
        return [reference for reference in self.layers if reference.layer == layer]


@cache
def references() -> References:
    data = tomllib.loads(files("tfc.bench").joinpath("cmsis_nn.toml").read_text(encoding="utf-8"))
    return References(data["source"].strip(), tuple(Reference(**row) for row in data["layers"]))


@dataclass(frozen=True)
class Comparison:
    """How many times fewer instructions and cycles a sample takes than a reference."""

    sample: Sample
    reference: Reference

    @property
    def instructions(self) -> float:
        return self.reference.instructions / self.sample.instructions

    @property
    def cycles(self) -> float:
        return self.reference.cycles / self.sample.cycles

    @property
    def cycles_with_memory(self) -> float | None:
        known = self.reference.cycles_with_memory
        return None if known is None else known / self.sample.cycles


def comparisons(samples: Sequence[Sample]) -> list[Comparison]:
    """Each sample with each reference of its layer."""
    return [Comparison(sample, reference) for sample in samples for reference in references().of(sample.layer)]
