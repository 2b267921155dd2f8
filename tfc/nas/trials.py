"""What is remembered of a trial, in its user attributes."""

from __future__ import annotations

from collections.abc import Sequence

from optuna import Study
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState

KEY = "key"  # equal for equal candidates
RECORD = "candidate"  # path, sparsity, accuracy and costs
EXCESS = "excess"  # by which share each limit is exceeded; at most 0 where it is kept
ERROR = "error"  # why the candidate does not compile
BEAT = "beat"  # changes while a worker is at it


def excess(trial: FrozenTrial) -> Sequence[float]:
    """By which share a trial's candidate exceeds each limit."""
    return [float(share) for share in trial.user_attrs[EXCESS]]


def fits(trial: FrozenTrial) -> bool:
    """Whether a trial has a candidate inside the limits, with its accuracy."""
    return trial.state == TrialState.COMPLETE and RECORD in trial.user_attrs and max(excess(trial)) <= 0


def losses(trial: FrozenTrial, study: Study) -> tuple[float, ...]:
    """The objectives of a complete trial, less is better."""
    return tuple(value if way == StudyDirection.MINIMIZE else -value for value, way in zip(trial.values, study.directions, strict=True))


def place(trial: FrozenTrial, trials: Sequence[FrozenTrial]) -> int:
    """How many trials before this one count: those that failed were given back."""
    return sum(one.number < trial.number and one.state != TrialState.FAIL for one in trials)


def unbeaten(losses: Sequence[Sequence[float]]) -> list[bool]:
    """Which of these no other one beats in one objective without being worse in another."""

    def beats(one: Sequence[float], other: Sequence[float]) -> bool:
        return one != other and all(a <= b for a, b in zip(one, other, strict=True))

    return [not any(beats(other, one) for other in losses) for one in losses]
