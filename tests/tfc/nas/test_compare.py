"""SparseNAS beside random search with as many trials: more hypervolume, and a better best candidate."""

import optuna

from tfc.nas.candidates import Limits
from tfc.nas.compare import compare, hypervolume, within
from tfc.nas.front import Found
from tfc.nas.genome import Candidate

from . import synthetic


def test_what_is_found_is_better_than_at_random() -> None:
    pareto, random, uniform = compare(synthetic.search(60), 5, optuna.storages.InMemoryStorage())
    assert pareto["hypervolume"] > max(random["hypervolume"], uniform["hypervolume"])
    assert int(random["behind"].removesuffix("/5")) >= 4
    assert pareto["top1 at 60 ms"] > random["top1 at 60 ms"]


def test_the_hypervolume_is_what_candidates_dominate() -> None:
    limits = Limits(100, 100, 10.0)
    one, other = Found(0, Candidate({}, {}), 50.0, 5.0, 50, 50), Found(1, Candidate({}, {}), 100.0, 5.0, 50, 50)
    assert hypervolume([one], limits) == 0.5**4
    assert hypervolume([one, other], limits) == 0.5**3
    assert hypervolume([], limits) == 0
    assert within([one, other], 5.0) == 100.0
    assert within([one, other], 4.9) == 0
