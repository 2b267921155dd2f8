"""SparseNAS on a synthetic space: what is proposed, what is kept, and what happens when it is interrupted."""

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from random import Random

import optuna
import pytest
from optuna.trial import TrialState

from tfc.ir.diagnostic import Diagnostic
from tfc.nas import worker
from tfc.nas.candidates import Candidate
from tfc.nas.front import all_found, front
from tfc.nas.genome import Genome, key_of
from tfc.nas.sampling import SAMPLERS
from tfc.nas.search import Search, accuracy, best_case, open_study
from tfc.nas.storage import open_storage, sqlite_at

from . import synthetic

SPACE = synthetic.Stages()


def search(trials: int, **changes: object) -> Search:
    return synthetic.search(trials=trials, **changes)  # type: ignore[arg-type]


def found(study: optuna.Study) -> list[tuple[int, str, float]]:
    return [(one.number, key_of(one.candidate), one.accuracy) for one in all_found(study)]


def run(wanted: Search) -> optuna.Study:
    study = open_study(optuna.storages.InMemoryStorage(), "s", wanted)
    worker.work(study, wanted)
    return study


def test_a_genome_knows_the_layers_of_every_path() -> None:
    genome, random = Genome(SPACE), Random(0)
    for _ in range(50):
        drawn = genome.draw(random)
        candidate = genome.candidate(drawn)
        assert set(drawn) == set(genome.distributions)
        assert set(candidate.sparsity) <= set(SPACE.layers(candidate.path)) <= set(genome.layers)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_one_seed_gives_one_search_and_another_seed_another(sampler: str) -> None:
    one = found(run(search(30, sampler=sampler)))
    assert found(run(search(30, sampler=sampler))) == one
    assert found(run(search(30, sampler=sampler, seed=1))) != one


def test_an_interrupted_search_goes_on_to_the_same_end() -> None:
    class Stopped:
        """The evaluation is interrupted now and then, once by an error."""

        calls = 0

        def __call__(self, candidate: Candidate) -> Iterator[tuple[int, int]]:
            self.calls += 1
            if self.calls % 5 == 0:
                raise KeyboardInterrupt if self.calls % 2 else RuntimeError("out of memory")
            return synthetic.count(candidate)

    storage, stopped, stops = optuna.storages.InMemoryStorage(), Stopped(), 0
    while True:
        wanted = search(40, evaluate=stopped)
        study = open_study(storage, "s", wanted)
        try:
            worker.work(study, wanted)
            break
        except (KeyboardInterrupt, RuntimeError):
            stops += 1
    assert stops >= 3
    assert worker.ended(study) == 40
    assert [one[1:] for one in found(study)] == [one[1:] for one in found(run(search(40)))]


def test_a_trial_without_a_beat_is_given_back_even_if_it_never_beat() -> None:
    wanted = search(5)
    study = open_study(optuna.storages.InMemoryStorage(), "s", wanted)
    study.ask()  # by a worker that dies at once
    worker.work(study, wanted, beat_seconds=0.02)
    states = [trial.state for trial in study.get_trials()]
    assert states.count(TrialState.FAIL) == 1
    assert worker.ended(study) == 5


def test_a_candidate_that_kills_its_workers_is_given_up() -> None:
    def evaluate(candidate: Candidate) -> Iterator[tuple[int, int]]:
        if next(calls) < 6:
            raise MemoryError
        return synthetic.count(candidate)

    calls, wanted, deaths = count(), search(12, evaluate=evaluate), 0
    study = open_study(optuna.storages.InMemoryStorage(), "s", wanted)
    while worker.ended(study) < 12:
        try:
            worker.work(study, wanted)
        except MemoryError:
            deaths += 1
    poisoned = [trial for trial in study.get_trials() if trial.state == TrialState.FAIL]
    assert deaths == len(poisoned) == 6
    assert len({trial.user_attrs["key"] for trial in poisoned}) == 1
    assert poisoned[0].user_attrs["key"] not in {key_of(one.candidate) for one in all_found(study)}


def test_every_candidate_reported_keeps_the_limits_and_none_is_evaluated_that_does_not() -> None:
    evaluated: list[str] = []

    def evaluate(candidate: Candidate) -> Iterator[tuple[int, int]]:
        evaluated.append(key_of(candidate))
        return synthetic.count(candidate)

    study = run(search(60, evaluate=evaluate))
    kept = all_found(study)
    assert len(evaluated) < 60
    assert len(set(evaluated)) == len(evaluated)
    assert {key_of(one.candidate) for one in kept} <= set(evaluated)
    assert all(synthetic.LIMITS.admit(synthetic.estimate(one.candidate)) for one in kept)


def test_what_does_not_compile_is_not_reported() -> None:
    def estimate(candidate: Candidate) -> synthetic.Costs:
        if candidate.path["side"] == 32:
            raise Diagnostic("no kernel takes it")
        return synthetic.estimate(candidate)

    study = run(search(40, estimate=estimate))
    assert any("no kernel takes it" in trial.user_attrs.get("error", "") for trial in study.get_trials())
    assert all(one.candidate.path["side"] != 32 for one in all_found(study))


def test_the_front_has_what_nothing_beats() -> None:
    kept = all_found(run(search(60)))
    best = front(kept)
    worth = [(-one.accuracy, one.ms, one.ram_bytes, one.flash_bytes) for one in kept]
    for one in kept:
        mine = (-one.accuracy, one.ms, one.ram_bytes, one.flash_bytes)
        beaten = any(all(a <= b for a, b in zip(other, mine, strict=True)) and other != mine for other in worth)
        assert (one in best) == (not beaten)
    assert best == sorted(best, key=lambda one: (-one.accuracy, one.ms))


def test_an_evaluation_ends_when_the_best_that_costs_no_more_is_out_of_reach() -> None:
    seen: list[int] = []

    def counts(share: float) -> Iterator[tuple[int, int]]:
        for n in (500, 1000, 5000):
            seen.append(n)
            yield n, round(share * n)

    assert accuracy(counts(0.9), 5000, bar=91.0) == 90.0
    assert seen == [500, 1000, 5000]
    with pytest.raises(optuna.TrialPruned):
        accuracy(counts(0.5), 5000, bar=91.0)
    assert seen[3:] == [500]


def test_the_best_case_holds() -> None:
    """Of 1,000 draws of 300 images of 2,000, hardly one promises less than all images give."""
    random, answers = Random(0), [True] * 1800 + [False] * 200
    broken = sum(best_case(300, sum(random.sample(answers, 300)), 2000) < 90 for _ in range(1000))
    assert broken <= 5
    assert best_case(2000, 1800, 2000) == 90


def test_a_study_about_something_else_is_refused(tmp_path: Path) -> None:
    storage = open_storage(sqlite_at(tmp_path / "search.db"))
    open_study(storage, "s", search(5))
    open_study(storage, "s", search(50))  # more trials are welcome
    with pytest.raises(Diagnostic, match="seed was 0, is 1"):
        open_study(storage, "s", search(5, seed=1))


@pytest.mark.parametrize("address", ["mysql://x", "no address", "postgresql://nobody:secret@127.0.0.1:1/none"])
def test_storages_that_cannot_be_used_are_refused(address: str) -> None:
    with pytest.raises(Diagnostic) as error:
        open_storage(address)
    assert "secret" not in str(error.value)
