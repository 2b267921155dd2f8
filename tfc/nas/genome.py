"""A candidate written as parameters of a trial: each choice of the space, and for each layer a block with a share of zeros."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from random import Random
from typing import Protocol

from optuna.distributions import CategoricalDistribution

from tfc.nas.candidates import Candidate, Path

Params = dict[str, int | float | str]
Block = tuple[int, int]

DENSE = "dense"
BLOCKS = ((1, 1), (1, 2), (1, 4), (2, 2), (2, 4))
SHARES = (0.5, 0.6, 0.7, 0.8, 0.9)  # below half, no kernel gains by zeros


class Paths(Protocol):
    """What a genome asks of a space; see `Space`."""

    @property
    def choices(self) -> Mapping[str, Sequence[int | float | str]]: ...
    def canonical(self, path: Path, /) -> dict[str, int | float | str]: ...
    def layers(self, path: Path, /) -> tuple[str, ...]: ...


def gene(block: Block, level: int) -> str:
    """`2x4 0.8`: a block and a share by its place in SHARES; `dense` below the first."""
    return DENSE if level < 0 else f"{block[0]}x{block[1]} {SHARES[min(level, len(SHARES) - 1)]:g}"


SPARSE = {gene(block, level): (block, SHARES[level]) for block in BLOCKS for level in range(len(SHARES))}


@dataclass(frozen=True)
class Genome:
    """Parameters are named `path.KEY` and `zeros.LAYER`, the same for all candidates; those that a path does not use are ignored.

    With `uniform` all layers share one parameter: what a search gains by choosing for each layer is seen beside that.
    """

    space: Paths
    uniform: bool = False

    @cached_property
    def layers(self) -> tuple[str, ...]:
        """The layers of the largest paths with each kind of stage; smaller paths have a part of them. `*` is all of them."""
        if self.uniform:
            return ("*",)
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
        zeros = {layer: params[f"zeros.{'*' if self.uniform else layer}"] for layer in self.space.layers(path)}
        return Candidate(path, {layer: SPARSE[str(value)] for layer, value in zeros.items() if value != DENSE})

    def draw(self, random: Random) -> Params:
        """A random path with one block and one share of zeros for all layers.

        Layers drawn each by itself would give networks of much the same share as a whole.
        """
        path: Params = {f"path.{key}": random.choice(values) for key, values in self.space.choices.items()}
        level, block = random.randrange(-1, len(SHARES)), random.choice(BLOCKS)
        return path | {f"zeros.{layer}": gene(block, level) for layer in self.layers}


def moved(value: str, by: int, block: Block | None = None) -> str:
    """What is a step of shares up or down, in another block if one is given."""
    old, share = SPARSE.get(value, (BLOCKS[0], None))
    return gene(block or old, (SHARES.index(share) if share else -1) + by)


def key_of(candidate: Candidate) -> str:
    """Equal for equal candidates."""
    return repr((list(candidate.path.items()), list(candidate.sparsity.items())))
