"""SparseNAS: paths, blocks and shares of zeros together; what becomes of one candidate, and the study that remembers them."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import optuna
from optuna import Study, Trial
from optuna.storages import BaseStorage
from optuna.trial import FrozenTrial, TrialState

from tfc.ir.diagnostic import Diagnostic
from tfc.nas.candidates import Candidate, Costs, Estimator, Limits
from tfc.nas.genome import Genome, key_of
from tfc.nas.sampling import Repeatable
from tfc.nas.trials import ERROR, EXCESS, KEY, RECORD, fits

DIRECTIONS = {"accuracy": "maximize", "ms": "minimize", "ram_bytes": "minimize", "flash_bytes": "minimize"}
COSTS = tuple(DIRECTIONS)[1:]
SEARCH = "search"  # user attribute of the study
SAMPLER = "pareto"
HOPELESS = 1e12  # the costs of what does not compile
DEVIATIONS = 3  # by which the accuracy of all images may lie above that of some


@dataclass(frozen=True)
class Search:
    """What is searched, and how; each worker makes its own, equal to those of the others.

    `evaluate` yields (images seen, right answers) of a candidate as it goes, the last time for all `images`. `facts` are what must be
    equal wherever a worker runs (space, weights, target …), as text by name.
    """

    genome: Genome
    estimate: Estimator
    evaluate: Callable[[Candidate], Iterable[tuple[int, int]]]
    images: int
    limits: Limits
    trials: int
    seed: int = 0
    sampler: str = SAMPLER
    objectives: tuple[str, ...] = tuple(DIRECTIONS)
    facts: Mapping[str, str] = field(default_factory=dict)

    @property
    def identity(self) -> dict[str, str]:
        """What one study cannot mix."""
        own = {"limits": str(self.limits), "objectives": ", ".join(self.objectives), "sampler": self.sampler, "seed": str(self.seed)}
        return {**self.facts, **own}


def open_study(storage: BaseStorage, name: str, search: Search) -> Study:
    """The study of this name, new or to be gone on with; a Diagnostic if it is about something else."""
    sampler = Repeatable(search.sampler, search.genome, search.seed)
    directions = [DIRECTIONS[objective] for objective in search.objectives]
    study = optuna.create_study(storage=storage, study_name=name, sampler=sampler, directions=directions, load_if_exists=True)
    if SEARCH not in study.user_attrs:
        study.set_user_attr(SEARCH, search.identity)
    theirs, ours = study.user_attrs[SEARCH], search.identity
    if differing := [f"{fact} was {theirs.get(fact)}, is {value}" for fact, value in ours.items() if theirs.get(fact) != value]:
        raise Diagnostic(f"the search '{name}' is about something else: {'; '.join(differing)}", help="--study NAME begins another one")
    return study


def judge(search: Search, trial: Trial, trials: Sequence[FrozenTrial]) -> Sequence[float]:
    """The objectives of a trial's candidate; TrialPruned where, beside the other trials, all images would not make it worth keeping.

    What does not compile, or not into the limits, is not evaluated: its accuracy is 0, and it yields to every candidate that fits.
    """
    params = {name: trial.suggest_categorical(name, choices.choices) for name, choices in search.genome.distributions.items()}
    candidate = search.genome.candidate(params)  # type: ignore[arg-type]
    key = key_of(candidate)
    trial.set_user_attr(KEY, key)
    ended = [one for one in trials if one.state == TrialState.COMPLETE]
    if twin := next((one for one in ended if one.user_attrs.get(KEY) == key), None):
        for name in (EXCESS, RECORD, ERROR):
            if name in twin.user_attrs:
                trial.set_user_attr(name, twin.user_attrs[name])
        return list(twin.values)
    try:
        costs = search.estimate(candidate)
    except Diagnostic as error:
        trial.set_user_attr(ERROR, str(error))
        trial.set_user_attr(EXCESS, [1.0] * len(COSTS))
        return [0.0 if objective == "accuracy" else HOPELESS for objective in search.objectives]
    record: dict[str, Any] = {"path": dict(candidate.path), "sparsity": dict(candidate.sparsity), "accuracy": 0.0}
    record |= {cost: getattr(costs, cost) for cost in COSTS}
    over = excess_of(costs, search.limits)
    if max(over) <= 0:
        rivals = [one.user_attrs[RECORD] for one in ended if fits(one)]
        compared = [cost for cost in COSTS if cost in search.objectives]
        bar = max((one["accuracy"] for one in rivals if all(one[cost] <= record[cost] for cost in compared)), default=0.0)
        record["accuracy"] = accuracy(search.evaluate(candidate), search.images, bar)
    trial.set_user_attr(EXCESS, over)
    trial.set_user_attr(RECORD, json.loads(json.dumps(record)))  # as the storage gives it back
    return [record[objective] for objective in search.objectives]


def excess_of(costs: Costs, limits: Limits) -> list[float]:
    """By which share each limit is exceeded; at most 0 where it is kept."""
    return [
        costs.ram_bytes / limits.ram_bytes - 1,
        costs.flash_bytes / limits.flash_bytes - 1,
        costs.ms / limits.ms - 1 if math.isfinite(limits.ms) else -1.0,
    ]


def accuracy(counts: Iterable[tuple[int, int]], images: int, bar: float) -> float:
    """Per cent of right answers; TrialPruned as soon as `bar`, what a candidate reaches that costs no more, is out of reach."""
    percent = 0.0
    for seen, right in counts:
        percent = 100 * right / seen
        if seen < images and best_case(seen, right, images) < bar:
            raise optuna.TrialPruned(f"{percent:.2f} % of {seen} images")
    return percent


def best_case(seen: int, right: int, images: int) -> float:
    """The accuracy in per cent that all images can hardly exceed: three standard deviations of a draw without replacement."""
    likely = (right + 1) / (seen + 2)  # never certain
    deviation = math.sqrt(likely * (1 - likely) / seen * (1 - seen / images))
    return min(100 * (right / seen + DEVIATIONS * deviation), 100 * (right + images - seen) / images)
