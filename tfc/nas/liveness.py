"""Trials of workers that died are given back, so that another worker does them."""

from __future__ import annotations

import itertools
import math
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from optuna import Study, Trial
from optuna.exceptions import StorageInternalError, UpdateFinishedTrialError
from optuna.storages import RetryHeartbeatStaleTrialCallback
from optuna.trial import FrozenTrial, TrialState

from tfc.nas.trials import BEAT

BEAT_SECONDS = 5.0
PATIENCE = 6  # beats that may be missed
RETRIES = 5  # of a candidate that takes one worker after the other with it


@contextmanager
def beating(trial: Trial, seconds: float) -> Iterator[None]:
    """While inside, the trial's beat changes every so many seconds."""
    stop = threading.Event()

    def beat() -> None:
        for count in itertools.count():
            if stop.wait(seconds):
                return
            try:
                trial.set_user_attr(BEAT, count)
            except UpdateFinishedTrialError:  # somebody took it for lost
                return
            except StorageInternalError:  # away for the moment
                continue

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


class Watch:
    """Which trials no longer beat, by this process's own clock: clocks of machines may differ.

    Optuna's heartbeats would not see a worker that died between the start of a trial and its first beat, and SQL storages alone have them.
    """

    def __init__(self, study: Study, seconds: float) -> None:
        self.study, self.seconds, self.looked = study, seconds, -math.inf
        self.seen: dict[int, tuple[object, float]] = {}  # trial to its last beat and when that was seen first
        self.alive = False  # whether a beat was seen to change

    def give_back(self) -> None:
        """Give back what was silent for too long; looks once a beat."""
        before, now = self.seen, time.monotonic()
        if now - self.looked < self.seconds:
            return
        self.seen, self.looked = {}, now
        for trial in self.study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
            beat = trial.user_attrs.get(BEAT)
            last, since = before.get(trial.number, (beat, now))
            self.alive |= beat != last
            self.seen[trial.number] = (beat, since if beat == last else now)
            if beat == last and now - since > PATIENCE * self.seconds:
                give_back(self.study, trial)

    def settle(self) -> None:
        """Before the first trial: if all that is running is silent, wait until it is given back, so that a search goes on where it was."""
        self.give_back()
        while self.seen and not self.alive:
            time.sleep(self.seconds / 2)
            self.give_back()


def give_back(study: Study, trial: FrozenTrial) -> None:
    """End a trial as failed and queue its candidate again, unless that has cost several workers."""
    try:
        study.tell(trial.number, state=TrialState.FAIL)
    except (ValueError, UpdateFinishedTrialError):  # it has ended after all, or somebody else was faster
        return
    RetryHeartbeatStaleTrialCallback(RETRIES)(study, trial)
