"""New candidates from the best ones: moves that keep a network of a piece."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

from optuna import Study
from optuna.distributions import BaseDistribution, CategoricalDistribution
from optuna.trial import FrozenTrial, TrialState

from tfc.nas.genome import BLOCKS, moved
from tfc.nas.trials import RECORD, excess, fits, losses, unbeaten

FEWEST = 4  # parents
ACCURATE = 0.5  # of parents are the most accurate of three, others any of the front
SHIFT, OTHER_BLOCK = 0.3, 0.25  # of children are sparser or denser as a whole, or in other blocks; of the rest, single layers
CHOICES, LAYERS = 2, 3  # changed in a child, on average


class Children:
    """A child has each choice of its path from one of two parents and the zeros of the first, then steps to the values beside.

    Optuna's own mutation draws a gene anew among all values. With one gene for each layer that is blind to what matters most,
    how sparse a network is as a whole: random search is better then.
    """

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)

    def __call__(self, study: Study, search_space: dict[str, BaseDistribution], parent_population: list[FrozenTrial]) -> dict[str, Any]:
        random = self.random
        one, other = (self._parent(parent_population).params for _ in range(2))
        choices = [name for name in search_space if name.startswith("path.")]
        zeros = [name for name in search_space if not name.startswith("path.")]
        child = {name: random.choice((one, other))[name] for name in choices} | {name: one[name] for name in zeros}
        for name in choices:
            if random.random() * len(choices) < CHOICES:
                child[name] = self._beside(search_space[name], child[name])
        kind, by, block = random.random(), random.choice((-1, 1)), random.choice(BLOCKS)
        if kind < SHIFT:
            return child | {name: moved(child[name], by) for name in zeros}
        if kind < SHIFT + OTHER_BLOCK:
            return child | {name: moved(child[name], 0, block) for name in zeros}
        for name in zeros:
            if random.random() * len(zeros) < LAYERS:
                child[name] = moved(child[name], random.choice((-1, 0, 1)), random.choice((None, *BLOCKS)))
        return child

    def _parent(self, parents: list[FrozenTrial]) -> FrozenTrial:
        drawn = [self.random.choice(parents) for _ in range(3)]
        return max(drawn, key=accuracy) if self.random.random() < ACCURATE else drawn[0]

    def _beside(self, distribution: BaseDistribution, value: Any) -> Any:
        assert isinstance(distribution, CategoricalDistribution)
        index = distribution.choices.index(value) + self.random.choice((-1, 1))
        return distribution.choices[max(0, min(index, len(distribution.choices) - 1))]


def accuracy(trial: FrozenTrial) -> float:
    return float(trial.user_attrs.get(RECORD, {}).get("accuracy", 0.0))


class ParetoSampler:
    """Children of the front that is found so far, whoever finds it: no generations that workers would wait for.

    (Giel, "Expected runtimes of a simple multi-objective evolutionary algorithm", CEC 2003; with crossover.)
    """

    def __init__(self, seed: int, trials: Sequence[FrozenTrial], first: int) -> None:
        """`trials` are those that there are; the first complete ones are left to be drawn."""
        self.children, self.first = Children(seed), first
        self.complete = [one for one in trials if one.state == TrialState.COMPLETE]

    def sample_relative(self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]) -> dict[str, Any]:
        if len(self.complete) < self.first:
            return {}
        fitting = [one for one in self.complete if fits(one)]
        parents = [one for one, best in zip(fitting, unbeaten([losses(one, study) for one in fitting]), strict=True) if best]
        if len(fitting) < FEWEST:  # what exceeds the limits least leads to where they are kept
            parents = sorted(self.complete, key=lambda one: sum(max(0.0, share) for share in excess(one)))[:FEWEST]
        return self.children(study, search_space, parents)

    def after_trial(self, study: Study, trial: FrozenTrial, state: TrialState, values: Sequence[float] | None) -> None:
        """It keeps nothing of a trial."""
