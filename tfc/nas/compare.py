"""What SparseNAS gains beside random search, and beside one share of zeros for all layers: as many trials each, by several seeds."""

import argparse
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
from optuna._hypervolume import compute_hypervolume  # what optuna.visualization draws over the trials
from optuna.storages import BaseStorage

from tfc.nas import worker
from tfc.nas.candidates import Candidate, Limits
from tfc.nas.front import Found, all_found
from tfc.nas.genome import Genome, key_of
from tfc.nas.search import Search, open_study
from tfc.nas.steps import Steps
from tfc.nas.storage import open_storage, sqlite_at

WAYS = ("pareto", "random", "uniform")
SHARES = (0.25, 0.5, 1.0)  # of the latency limit at which accuracies are compared


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tfc.nas.compare", description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument("folder", type=Path, help="that `tfc nas train` wrote; it keeps the trials, and the same command goes on")
    parser.add_argument("--target", default="stm32f746")
    parser.add_argument("--ms", type=float, required=True, help="limit of latency")
    parser.add_argument("--ram", type=int, required=True, help="limit in bytes")
    parser.add_argument("--flash", type=int, required=True, help="limit in bytes")
    parser.add_argument("--trials", type=int, default=60)
    parser.add_argument("--seeds", type=int, default=5)
    options = parser.parse_args()
    limits = Limits(options.ram, options.flash, options.ms)
    search = Steps(str(options.folder), options.target, limits).search(options.trials, WAYS[0])
    for row in compare(search, options.seeds, open_storage(sqlite_at(options.folder / "compare.db"))):
        print("  ".join(f"{key} {value}" for key, value in row.items()))


def compare(search: Search, seeds: int, storage: BaseStorage) -> list[dict[str, Any]]:
    """A row for each way: its mean hypervolume, in how many seeds the first way has more, and its mean best accuracy at shares of the latency limit."""
    search = replace(search, estimate=Remembered(search.estimate), evaluate=Remembered(search.evaluate))
    runs = [{way: found_by(each, storage, f"{way} {seed}") for way, each in ways(replace(search, seed=seed)).items()} for seed in range(seeds)]
    volumes = {way: [hypervolume(run[way], search.limits) for run in runs] for way in WAYS}
    rows = []
    for way in WAYS:
        behind = sum(mine > theirs for mine, theirs in zip(volumes[WAYS[0]], volumes[way], strict=True))
        row = {"way": way, "hypervolume": round(fmean(volumes[way]), 4), "behind": f"{behind}/{seeds}"}
        for share in SHARES:
            row[f"top1 at {share * search.limits.ms:g} ms"] = round(fmean(within(run[way], share * search.limits.ms) for run in runs), 2)
        rows.append(row)
    return rows


def ways(search: Search) -> dict[str, Search]:
    """The search, and those that it is compared with."""
    return dict(zip(WAYS, (search, replace(search, sampler="random"), replace(search, genome=Genome(search.genome.space, uniform=True))), strict=True))


def found_by(search: Search, storage: BaseStorage, name: str) -> list[Found]:
    """What one worker finds."""
    study = open_study(storage, name, search)
    worker.work(study, search)
    return all_found(study)


def hypervolume(found: Sequence[Found], limits: Limits) -> float:
    """The share that the candidates dominate of what lies between no costs at full accuracy and the limits at none, 0…1."""
    if not found:
        return 0.0
    losses = [(1 - one.accuracy / 100, one.ms / limits.ms, one.ram_bytes / limits.ram_bytes, one.flash_bytes / limits.flash_bytes) for one in found]
    return float(compute_hypervolume(np.array(losses), np.ones(4)))


def within(found: Sequence[Found], ms: float) -> float:
    """The best accuracy in per cent at this latency, 0 where nothing is as fast."""
    return max((one.accuracy for one in found if one.ms <= ms), default=0.0)


@dataclass
class Remembered:
    """Several searches ask for equal candidates."""

    work: Callable[[Candidate], Any]
    known: dict[str, Any] = field(default_factory=dict)

    def __call__(self, candidate: Candidate) -> Any:
        key = key_of(candidate)
        if key not in self.known:
            answer = self.work(candidate)
            self.known[key] = list(answer) if isinstance(answer, Iterable) else answer
        return self.known[key]


if __name__ == "__main__":
    main()
