"""Workers as processes of their own, on one storage: they may be killed at any time."""

import multiprocessing
import os
import signal
import threading
import time
from collections import Counter
from functools import partial
from pathlib import Path

import pytest
from optuna import Study
from optuna.trial import TrialState

from tfc.ir.diagnostic import Diagnostic
from tfc.nas import worker
from tfc.nas.front import all_found, front
from tfc.nas.search import open_study
from tfc.nas.storage import open_storage, sqlite_at

from . import synthetic

TRIALS = 16


def accounted(study: Study) -> Counter[TrialState]:
    """How many trials are in each state; each one that failed was given back, or began when there were enough."""
    trials = study.get_trials()
    again = {number for trial in trials for number in trial.system_attrs.get("retry_history", ())}
    for trial in trials:
        if trial.state == TrialState.FAIL:
            assert trial.number in again or sum(one.number < trial.number and one.state != TrialState.FAIL for one in trials) >= TRIALS
    return Counter(trial.state for trial in trials)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_four_workers_of_which_two_are_killed_do_every_trial(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    address = request.getfixturevalue("postgresql") if kind == "postgresql" else sqlite_at(tmp_path / "search.db")
    make = partial(synthetic.search, TRIALS, seconds=0.3)
    study = open_study(open_storage(address), "killed", make())
    context = multiprocessing.get_context("spawn")
    crew = [context.Process(target=worker.join, args=(make, address, "killed", 0.2)) for _ in range(4)]
    for process in crew:
        process.start()
    victims = crew[:2]
    while worker.ended(study) < TRIALS // 3:
        time.sleep(0.1)
    for process in victims:
        assert process.pid is not None
        os.kill(process.pid, signal.SIGKILL)
    for process in crew:
        process.join(120)
    assert [process.exitcode for process in crew] == [-signal.SIGKILL, -signal.SIGKILL, 0, 0]
    states = accounted(study)
    assert states[TrialState.COMPLETE] + states[TrialState.PRUNED] == TRIALS
    assert set(states) <= {TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL}
    assert front(all_found(study))


def test_a_search_on_several_processes_is_gone_on_with(tmp_path: Path) -> None:
    address, seen = sqlite_at(tmp_path / "search.db"), []
    for trials in (4, 8):
        study, _ = worker.run(
            partial(synthetic.search, trials), address, "s", workers=2, beat_seconds=0.5, progress=lambda study: seen.append(worker.ended(study))
        )
        assert worker.ended(study) == seen[-1] == trials


def test_workers_that_all_die_are_told(tmp_path: Path) -> None:
    with pytest.raises(Diagnostic, match=r"all workers have stopped after 0 of 4 trials, with exit codes 1, 1"):
        worker.run(partial(synthetic.search, 4, evaluate=broken, estimate=roomy), sqlite_at(tmp_path / "search.db"), "s", workers=2)


def broken(candidate: object) -> None:
    raise RuntimeError("no such device")


def roomy(candidate: object) -> synthetic.Costs:
    return synthetic.Costs(1.0, 1, 1)


def test_workers_begin_on_an_empty_database_together(postgresql: str) -> None:
    """Each would make the tables."""
    address, errors = postgresql.replace("/postgres", "/template1"), []

    def begin() -> None:
        try:
            open_study(open_storage(address), "s", synthetic.search(1))
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=begin) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
