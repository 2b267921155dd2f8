"""Children of two candidates, for NSGA-II: moves that keep a network of a piece."""

from random import Random
from typing import Any

from optuna import Study
from optuna.distributions import BaseDistribution, CategoricalDistribution
from optuna.trial import FrozenTrial

from tfc.nas.genome import BLOCKS, moved

WHOLE = 0.5  # of children have the zeros of one parent, others a mixture
SHIFT, OTHER_BLOCK = 0.3, 0.25  # of children are sparser or denser as a whole, or in other blocks; of the rest, single layers
CHOICES, LAYERS = 2, 3  # changed in a child, on average


class Children:
    """Each choice from one of two parents, then steps to the values beside.

    Optuna's own mutation draws a gene anew among all values. With one gene for each layer that is blind to what matters most,
    how sparse a network is as a whole: random search is better then (`tests/tfc/nas/test_sampling.py` compares).
    """

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)

    def __call__(self, study: Study, search_space: dict[str, BaseDistribution], parent_population: list[FrozenTrial]) -> dict[str, Any]:
        random = self.random
        one, other = random.choice(parent_population).params, random.choice(parent_population).params
        mixed = {name: random.choice((one, other))[name] for name in search_space}
        choices = [name for name in search_space if name.startswith("path.")]
        zeros = [name for name in search_space if not name.startswith("path.")]
        if random.random() < WHOLE:
            mixed |= {name: one[name] for name in zeros}
        for name in choices:
            if random.random() * len(choices) < CHOICES:
                mixed[name] = self._beside(search_space[name], mixed[name])
        kind = random.random()
        by, block = random.choice((-1, 1)), random.choice(BLOCKS)
        if kind < SHIFT:
            return mixed | {name: moved(mixed[name], by) for name in zeros}
        if kind < SHIFT + OTHER_BLOCK:
            return mixed | {name: moved(mixed[name], 0, block) for name in zeros}
        for name in zeros:
            if random.random() * len(zeros) < LAYERS:
                mixed[name] = moved(mixed[name], random.choice((-1, 0, 1)), random.choice((None, *BLOCKS)))
        return mixed

    def _beside(self, distribution: BaseDistribution, value: Any) -> Any:
        assert isinstance(distribution, CategoricalDistribution)
        index = distribution.choices.index(value) + self.random.choice((-1, 1))
        return distribution.choices[max(0, min(index, len(distribution.choices) - 1))]
