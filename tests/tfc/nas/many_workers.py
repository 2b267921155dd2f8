"""`python -m tests.tfc.nas.many_workers postgresql://…`: does the storage keep many workers waiting? Their evaluations only sleep.

Workers are threads, so that a small machine has the memory for them; the storage sees as many connections as of processes.
"""

import argparse
import time
from concurrent.futures import ThreadPoolExecutor

from optuna.trial import TrialState

from tfc.nas import worker
from tfc.nas.search import open_study
from tfc.nas.storage import open_storage

from . import synthetic


def per_minute(address: str, trials: int, workers: int, seconds: float) -> float:
    """Trials that end in a minute; an error if one is not accounted for."""
    storage, search, name = open_storage(address), synthetic.search(trials, seconds=seconds), f"{workers} workers, {time.time()}"
    started = time.monotonic()
    with ThreadPoolExecutor(workers) as pool:
        for done in [pool.submit(worker.work, open_study(storage, name, search), search) for _ in range(workers)]:
            done.result()
    taken = time.monotonic() - started
    states = [trial.state for trial in open_study(storage, name, search).get_trials(deepcopy=False)]
    assert states.count(TrialState.COMPLETE) + states.count(TrialState.PRUNED) == trials
    assert set(states) <= {TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL}
    return 60 * trials / taken


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("address")
    parser.add_argument("--trials", type=int, default=1000)
    parser.add_argument("--workers", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=10, help="that an evaluation sleeps")
    options = parser.parse_args()
    one = per_minute(options.address, 6, 1, options.seconds)
    many = per_minute(options.address, options.trials, options.workers, options.seconds)
    print(f"one worker {one:.1f} trials a minute, {options.workers} workers {many:.1f}: {many / one:.1f} times")


if __name__ == "__main__":
    main()
