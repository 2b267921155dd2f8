"""A candidate written as parameters of a trial: each choice of the space, and for each layer a block with a share of zeros."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from random import Random
from typing import Protocol

from optuna.distributions import CategoricalDistribution

from tfc.nas.candidates import Candidate, Path

Params = dict[str, int | float | str]

DENSE = "dense"
BLOCKS = ((1, 1), (1, 2), (1, 4), (2, 2), (2, 4))
SHARES = (0.5, 0.6, 0.7, 0.8, 0.9)  # below half, no kernel gains by zeros
NEAR = 1  # steps of SHARES by which layers of a drawn candidate lie apart from each other


class Paths(Protocol):
    """What a genome asks of a space; see `Space`."""

    @property
    def choices(self) -> Mapping[str, Sequence[int | float | str]]: ...
    def canonical(self, path: Path, /) -> dict[str, int | float | str]: ...
    def layers(self, path: Path, /) -> tuple[str, ...]: ...


def gene(block: tuple[int, int], share: float) -> str:
    """`2x4 0.8`"""
    return f"{block[0]}x{block[1]} {share:g}"


SPARSE = {gene(block, share): (block, share) for block in BLOCKS for share in SHARES}


@dataclass(frozen=True)
class Genome:
    """Parameters are named `path.KEY` and `zeros.LAYER`, the same for all candidates; those that a path does not use are ignored."""

    space: Paths

    @cached_property
    def layers(self) -> tuple[str, ...]:
        """The layers of the largest paths with each kind of stage; smaller paths have a part of them."""
        top = {key: values[-1] for key, values in self.space.choices.items()}
        kinds = [{key: value} for key, values in self.space.choices.items() for value in values if isinstance(value, str)]
        return tuple(dict.fromkeys(layer for kind in kinds or [{}] for layer in self.space.layers(top | kind)))

    @cached_property
    def distributions(self) -> dict[str, CategoricalDistribution]:
        """What each parameter may be."""
        choices = {f"path.{key}": CategoricalDistribution(tuple(values)) for key, values in self.space.choices.items()}
        return choices | {f"zeros.{layer}": CategoricalDistribution((DENSE, *SPARSE)) for layer in self.layers}

    def candidate(self, params: Mapping[str, int | float | str]) -> Candidate:
        """What the parameters say; parameters that it does not use make no difference."""
        path = self.space.canonical({key: params[f"path.{key}"] for key in self.space.choices})
        zeros = {layer: params[f"zeros.{layer}"] for layer in self.space.layers(path)}
        return Candidate(path, {layer: SPARSE[str(value)] for layer, value in zeros.items() if value != DENSE})

    def draw(self, random: Random) -> Params:
        """A random path with one block and about one share of zeros for all layers.

        Layers drawn each by itself would give networks of much the same share as a whole.
        """
        path: Params = {f"path.{key}": random.choice(values) for key, values in self.space.choices.items()}
        level, block = random.randrange(-1, len(SHARES)), random.choice(BLOCKS)
        return path | {f"zeros.{layer}": _near(level, block, random) for layer in self.layers}

    def uniform(self, path: Path, block: tuple[int, int], share: float) -> Params:
        """One share of zeros for all layers; 0 is dense."""
        value = gene(block, share) if share else DENSE
        return {f"path.{key}": path[key] for key in self.space.choices} | {f"zeros.{layer}": value for layer in self.layers}


def _near(level: int, block: tuple[int, int], random: Random) -> str:
    level = min(level + random.randint(-NEAR, NEAR), len(SHARES) - 1)
    return DENSE if level < 0 else gene(block, SHARES[level])


def key_of(candidate: Candidate) -> str:
    """Equal for equal candidates."""
    return repr((list(candidate.path.items()), list(candidate.sparsity.items())))
