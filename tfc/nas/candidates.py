"""What SparseNAS chooses among: a path through a supernet, and how sparse each of its layers is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

# Written out: workers that only wait for others need no torch.
Path = Mapping[str, int | float | str]  # a value for each choice of a space
Zeros = Mapping[str, tuple[tuple[int, int], float]]  # layer to (block, share of blocks that are zero), the form that `Pruner` takes


@dataclass(frozen=True)
class Candidate:
    """A path of a space, and how sparse some of its layers are; the others are dense."""

    path: Path
    sparsity: Zeros


class Costs(Protocol):
    """What an estimate says of a candidate on a chip."""

    @property
    def ms(self) -> float: ...
    @property
    def ram_bytes(self) -> int: ...
    @property
    def flash_bytes(self) -> int: ...


Estimator = Callable[[Candidate], Costs]


@dataclass(frozen=True)
class Limits:
    """What a candidate may cost at most."""

    ram_bytes: int
    flash_bytes: int
    ms: float = float("inf")

    def admit(self, costs: Costs) -> bool:
        return costs.ram_bytes <= self.ram_bytes and costs.flash_bytes <= self.flash_bytes and costs.ms <= self.ms
