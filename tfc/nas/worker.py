"""A worker of a search: any number of them, on any number of machines, share one storage."""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
import time
from collections import Counter
from collections.abc import Callable

import optuna
from optuna import Study, Trial
from optuna.exceptions import UpdateFinishedTrialError
from optuna.trial import TrialState

from tfc.ir.diagnostic import Diagnostic
from tfc.nas.liveness import BEAT_SECONDS, Watch, beating, give_back
from tfc.nas.search import Search, judge, open_study
from tfc.nas.storage import open_storage
from tfc.nas.trials import place

POLL_SECONDS = 0.5
ENDED = (TrialState.COMPLETE, TrialState.PRUNED)


def ended(study: Study) -> int:
    """How many trials have come to their end; failed ones were given back."""
    return len(study.get_trials(deepcopy=False, states=ENDED))


def work(study: Study, search: Search, *, beat_seconds: float = BEAT_SECONDS, progress: Callable[[], None] = lambda: None) -> None:
    """Do trials until the study has as many as the search wants; at the end wait for those of others, which may die."""
    watch = Watch(study, beat_seconds)
    watch.settle()
    while True:
        watch.give_back()
        states = Counter(trial.state for trial in study.get_trials(deepcopy=False))
        done = sum(states[state] for state in ENDED)
        if not states[TrialState.WAITING] and done + states[TrialState.RUNNING] >= search.trials:
            if done >= search.trials:
                return
            time.sleep(POLL_SECONDS)
            continue
        attempt(study, search, study.ask(), beat_seconds)
        progress()


def attempt(study: Study, search: Search, trial: Trial, beat_seconds: float) -> None:
    """Do one trial; whatever stops this worker gives it back."""
    trials = study.get_trials(deepcopy=False)
    if place(trials[trial.number], trials) >= search.trials:  # several workers began the last one
        study.tell(trial, state=TrialState.FAIL)
        return
    try:
        with beating(trial, beat_seconds):
            try:
                values, state = judge(search, trial, trials), TrialState.COMPLETE
            except optuna.TrialPruned:
                values, state = None, TrialState.PRUNED
    except BaseException:
        give_back(study, study.get_trials()[trial.number])
        raise
    with contextlib.suppress(ValueError, UpdateFinishedTrialError):  # this worker was taken for dead, and another has the trial
        study.tell(trial, values, state)


def run(
    make: Callable[[], Search],
    address: str,
    name: str,
    *,
    workers: int = 1,
    beat_seconds: float = BEAT_SECONDS,
    progress: Callable[[Study], None] = lambda study: None,
) -> tuple[Study, Search]:
    """Search with so many processes on this machine, beside those of others; `make` is pickled where there are several."""
    search = make()
    study = open_study(open_storage(address), name, search)
    if workers == 1:
        work(study, search, beat_seconds=beat_seconds, progress=lambda: progress(study))
        return study, search
    context = multiprocessing.get_context("spawn")
    crew = [context.Process(target=join, args=(make, address, name, beat_seconds)) for _ in range(workers)]
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)  # nobody stays behind
    for process in crew:
        process.start()
    try:
        while any(process.is_alive() for process in crew):
            progress(study)
            time.sleep(POLL_SECONDS)
    except BaseException:
        for process in crew:
            process.terminate()
        raise
    finally:
        for process in crew:
            process.join()
        signal.signal(signal.SIGTERM, before)
    progress(study)
    if ended(study) < search.trials:
        codes = ", ".join(str(process.exitcode) for process in crew)
        raise Diagnostic(f"all workers have stopped after {ended(study)} of {search.trials} trials, with exit codes {codes}", help="the same command goes on")
    return study, search


def join(make: Callable[[], Search], address: str, name: str, beat_seconds: float = BEAT_SECONDS) -> None:
    """Be one process of several."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a machine that is taken away is an interruption too
    with contextlib.suppress(KeyboardInterrupt):
        search = make()
        work(open_study(open_storage(address), name, search), search, beat_seconds=beat_seconds)
