"""A search that needs neither torch nor a compiler: costs and accuracies that behave like those of small networks."""

import math
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from tfc.nas.candidates import Candidate, Estimator, Limits, Path
from tfc.nas.genome import Genome
from tfc.nas.search import Search

SPEED = {(1, 1): 1.0, (1, 2): 0.8, (1, 4): 0.55, (2, 2): 0.55, (2, 4): 0.45}  # cycles for a MAC that is left, beside a dense one of 0.5
HARM = {(1, 1): 1.0, (1, 2): 1.1, (1, 4): 1.3, (2, 2): 1.35, (2, 4): 1.6}  # what zeros cost in such blocks


@dataclass(frozen=True)
class Costs:
    ms: float
    ram_bytes: int
    flash_bytes: int


@dataclass(frozen=True)
class Stages:
    """Stages of plain or expanding layers; a stage of fewer layers has the first of them."""

    stages: int = 4
    choices: Mapping[str, tuple[int | str, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        choices: dict[str, tuple[int | str, ...]] = {"side": (16, 24, 32)}
        for stage in range(self.stages):
            choices |= {f"{stage}.kind": ("plain", "wide"), f"{stage}.width": (8, 16, 24, 32), f"{stage}.depth": (1, 2, 3), f"{stage}.expansion": (2, 4)}
        object.__setattr__(self, "choices", choices)

    def canonical(self, path: Path) -> dict[str, int | float | str]:
        plain = [f"{stage}.expansion" for stage in range(self.stages) if path[f"{stage}.kind"] == "plain"]
        return {key: values[0] if key in plain else path[key] for key, values in self.choices.items()}

    def layers(self, path: Path) -> tuple[str, ...]:
        return tuple(f"{stage}.{path[f'{stage}.kind']}.{layer}" for stage in range(self.stages) for layer in range(int(path[f"{stage}.depth"])))


def layers_of(candidate: Candidate) -> list[tuple[str, int, int, float, float, float]]:
    """Name, weights, MACs, share of zeros, cycles for a MAC and harm of zeros of each layer."""
    found, path = [], candidate.path
    for name in Stages().layers(path):
        stage = int(name.split(".")[0])
        width = int(path[f"{stage}.width"]) << stage
        weights = 9 * width * width if path[f"{stage}.kind"] == "plain" else 2 * int(path[f"{stage}.expansion"]) * width * width
        block, zeros = candidate.sparsity.get(name, ((1, 1), 0.0))
        found.append((name, weights, weights * (int(path["side"]) >> stage) ** 2, zeros, SPEED[block] if zeros else 0.5, HARM[block]))
    return found


def estimate(candidate: Candidate) -> Costs:
    layers = layers_of(candidate)
    cycles = sum(macs * (1 - zeros) * speed for _, _, macs, zeros, speed, _ in layers)
    flash = sum(weights * (1 - zeros) * (1.25 if zeros else 1) for _, weights, _, zeros, _, _ in layers)
    widest = max(int(candidate.path[f"{stage}.width"]) << stage >> 2 * stage for stage in range(4))
    return Costs(cycles / 216e3, int(2 * widest * int(candidate.path["side"]) ** 2), int(flash) + 20_000)


def accuracy(candidate: Candidate) -> float:
    """Per cent: more for what is large, less for zeros; early and late layers bear fewer of them."""
    layers = layers_of(candidate)
    capacity = sum(math.log(weights) + math.log(macs) for _, weights, macs, _, _, _ in layers)
    harm = 0.0
    for index, (_, weights, _, zeros, _, block) in enumerate(layers):
        edge = 1 + 2 * abs(index / max(1, len(layers) - 1) - 0.5)
        harm += edge * block * zeros**4 * 8 / math.log(weights)
    return 97 - 60 * math.exp(-capacity / 60) - harm


IMAGES = 1000
LIMITS = Limits(ram_bytes=100_000, flash_bytes=400_000, ms=120.0)


def count(candidate: Candidate) -> Iterator[tuple[int, int]]:
    """Images seen and right answers, after a fifth of the images and after all."""
    for seen in (IMAGES // 5, IMAGES):
        yield seen, round(seen * accuracy(candidate) / 100)


@dataclass(frozen=True)
class Waiting:
    """An evaluation that waits, as for a device that trains."""

    seconds: float

    def __call__(self, candidate: Candidate) -> Iterator[tuple[int, int]]:
        if self.seconds:
            time.sleep(self.seconds)
        return count(candidate)


def search(
    trials: int,
    *,
    seconds: float = 0,
    seed: int = 0,
    sampler: str = "pareto",
    estimate: Estimator = estimate,
    evaluate: Callable[[Candidate], Iterator[tuple[int, int]]] | None = None,
) -> Search:
    return Search(Genome(Stages()), estimate, evaluate or Waiting(seconds), IMAGES, LIMITS, trials, seed, sampler)
