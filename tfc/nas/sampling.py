"""How the next candidate is chosen: Optuna's samplers, made repeatable."""

from collections.abc import Callable, Sequence
from random import Random
from typing import Any, Protocol

from optuna import Study
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler, NSGAIISampler, TPESampler
from optuna.trial import FrozenTrial, TrialState

from tfc.nas.evolution import Children, ParetoSampler
from tfc.nas.genome import Genome, key_of
from tfc.nas.trials import EXCESS, KEY, excess, place

POPULATION = 12  # of NSGA-II
DRAWN = 12  # candidates before the first that is made of others
TRIES = 8  # to propose a candidate that is new


class Proposer(Protocol):
    """What `Repeatable` asks of a sampler; those of Optuna do more."""

    def sample_relative(self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]) -> dict[str, Any]: ...
    def after_trial(self, study: Study, trial: FrozenTrial, state: TrialState, values: Sequence[float] | None) -> None: ...


Make = Callable[[int, Sequence[FrozenTrial]], Proposer]  # of a seed and the trials that there are


def _pareto(seed: int, trials: Sequence[FrozenTrial]) -> Proposer:
    return ParetoSampler(seed, trials, DRAWN)


def _nsga2(seed: int, trials: Sequence[FrozenTrial]) -> Proposer:
    return NSGAIISampler(seed=seed, population_size=POPULATION, constraints_func=excess, child_generation_strategy=Children(seed))


def _tpe(seed: int, trials: Sequence[FrozenTrial]) -> Proposer:
    return TPESampler(seed=seed, n_startup_trials=DRAWN, multivariate=True, constant_liar=True, constraints_func=excess)


def _random(seed: int, trials: Sequence[FrozenTrial]) -> Proposer:
    return ParetoSampler(seed, (), 1)  # which draws as long as there are none


SAMPLERS: dict[str, Make] = {"pareto": _pareto, "nsga2": _nsga2, "tpe": _tpe, "random": _random}


class Repeatable(BaseSampler):
    """A sampler that starts afresh for each trial, seeded by how many trials count before it.

    So workers never draw the same numbers, and a search that one worker does is the same whether it is interrupted or not.
    The first candidates, and all of `random`, are drawn by the genome; what was tried already is proposed again only if nothing new is found.
    """

    def __init__(self, sampler: str, genome: Genome, seed: int) -> None:
        self.make, self.genome, self.seed = SAMPLERS[sampler], genome, seed

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        return {name: choices for name, choices in self.genome.distributions.items() if not choices.single()}

    def sample_relative(self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]) -> dict[str, Any]:
        trials = study.get_trials(deepcopy=False)
        before, tried = place(trial, trials), {one.user_attrs.get(KEY) for one in trials}
        params: dict[str, Any] = {}
        for attempt in range(TRIES):
            seed = Random(f"{self.seed} {before} {attempt}").getrandbits(32)
            sampler = self.make(seed, trials)
            drawn = self.genome.draw(Random(seed))
            params = drawn | sampler.sample_relative(study, trial, search_space)
            if key_of(self.genome.candidate(params)) not in tried:
                break
        return params

    def sample_independent(self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution) -> Any:
        raise AssertionError(f"{param_name} is no parameter of the genome")

    def after_trial(self, study: Study, trial: FrozenTrial, state: TrialState, values: Sequence[float] | None) -> None:
        if EXCESS in trial.user_attrs:
            self.make(0, ()).after_trial(study, trial, state, values)
