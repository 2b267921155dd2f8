"""`python -m tfc.nas.compare DIR`: SparseNAS beside random search and beside one share of zeros for all layers, as many trials each."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean
from typing import Annotated, Any

import numpy as np
import optuna
import typer
from optuna._hypervolume import compute_hypervolume  # what optuna.visualization draws over the trials
from rich.progress import track

from tfc.cli_nas import Target, Trials, steps_of
from tfc.cli_text import Json, Size, console, errors, print_json, show
from tfc.nas import worker
from tfc.nas.candidates import Candidate, Limits
from tfc.nas.front import Found, all_found
from tfc.nas.genome import Genome, key_of
from tfc.nas.search import DIRECTIONS, Search, open_study

WAYS = ("pareto", "random", "uniform")
SHARES = (0.25, 0.5, 0.75, 1.0)  # of the latency limit at which accuracies are compared


def ways(search: Search, seed: int) -> dict[str, Search]:
    """The search, and those that it is compared with."""
    seeded = replace(search, seed=seed)
    others = replace(seeded, sampler="random"), replace(seeded, genome=Genome(search.genome.space, uniform=True))
    return dict(zip(WAYS, (seeded, *others), strict=True))


def found_by(search: Search) -> list[Found]:
    """What one worker finds."""
    study = open_study(optuna.storages.InMemoryStorage(), "compared", search)
    worker.work(study, search)
    return all_found(study)


def hypervolume(found: Sequence[Found], limits: Limits) -> float:
    """The share of the space between the limits, no accuracy and no costs that the candidates dominate, 0…1."""
    if not found:
        return 0.0
    losses = [(1 - one.accuracy / 100, one.ms / limits.ms, one.ram_bytes / limits.ram_bytes, one.flash_bytes / limits.flash_bytes) for one in found]
    return float(compute_hypervolume(np.array(losses), np.ones(4)))


def within(found: Sequence[Found], ms: float) -> float:
    """The best accuracy in per cent at this latency, 0 where nothing is as fast."""
    return max((one.accuracy for one in found if one.ms <= ms), default=0.0)


@dataclass
class Remembered:
    """The three ways ask for many equal candidates."""

    work: Callable[[Candidate], Any]

    def __post_init__(self) -> None:
        self.known: dict[str, Any] = {}

    def __call__(self, candidate: Candidate) -> Any:
        key = key_of(candidate)
        if key not in self.known:
            answer = self.work(candidate)
            self.known[key] = list(answer) if isinstance(answer, Iterable) else answer
        return self.known[key]


def compare(search: Search, seeds: int, track: Callable[[range], Iterable[int]] = iter) -> list[dict[str, Any]]:
    """A row for each way: mean hypervolume, in how many seeds SparseNAS has more, and mean best accuracies at shares of the latency limit."""
    search = replace(search, estimate=Remembered(search.estimate), evaluate=Remembered(search.evaluate))
    runs = [{way: found_by(one) for way, one in ways(search, seed).items()} for seed in track(range(seeds))]
    volumes = {way: [hypervolume(run[way], search.limits) for run in runs] for way in WAYS}
    rows = []
    for way in WAYS:
        behind = sum(mine > theirs for mine, theirs in zip(volumes[WAYS[0]], volumes[way], strict=True))
        row = {"name": way, "hypervolume": round(fmean(volumes[way]), 4), "behind": f"{behind} of {seeds}"}
        rows.append(row | {f"at {share:g} of the latency": round(fmean(within(run[way], share * search.limits.ms) for run in runs), 2) for share in SHARES})
    return rows


def main(
    folder: Annotated[Path, typer.Argument(help="The folder that `tfc nas train` wrote.")],
    ms: Annotated[float, typer.Option("--ms", help="The longest time of an inference, milliseconds.")],
    ram: Size = None,
    flash: Size = None,
    target: Target = "stm32f746",
    trials: Trials = 60,
    seeds: Annotated[int, typer.Option(min=1, help="How many searches of each way.")] = 5,
    as_json: Json = False,
) -> None:
    """Compare three ways to search in a trained supernet."""
    search = steps_of(str(folder), target, ram, flash, ms).search(trials, WAYS[0], tuple(DIRECTIONS))
    rows = compare(search, seeds, lambda numbers: track(numbers, "seeds", console=errors, transient=True, disable=not sys.stderr.isatty()))
    if as_json:
        return print_json(rows)
    show(rows)
    return console.print("hypervolume between no costs, all right and the limits; `behind`: in how many searches `pareto` has more")


if __name__ == "__main__":
    typer.run(main)
