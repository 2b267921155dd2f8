"""What a search has found: candidates that fit, the Pareto front of them, and the winner."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from optuna import Study

from tfc.nas.candidates import Candidate
from tfc.nas.search import COSTS, DIRECTIONS
from tfc.nas.trials import KEY, RECORD, fits, unbeaten


@dataclass(frozen=True)
class Found:
    """A candidate that compiles and keeps all limits; accuracy in per cent, with inherited weights."""

    number: int
    candidate: Candidate
    accuracy: float
    ms: float
    ram_bytes: int
    flash_bytes: int

    @property
    def zeros(self) -> str:
        """`80-90 % in 2x4, 1x4`: the least and the largest share, and the blocks, the most frequent first."""
        sparse = list(self.candidate.sparsity.values())
        if not sparse:
            return "none"
        shares = sorted({f"{100 * share:.0f}" for _, share in sparse})
        blocks = [f"{rows}x{columns}" for (rows, columns), _ in sparse]
        return f"{'-'.join(dict.fromkeys((shares[0], shares[-1])))} % in {', '.join(sorted(set(blocks), key=lambda block: -blocks.count(block)))}"


def rows(found: Sequence[Found]) -> list[dict[str, Any]]:
    """A table; of paths only the choices in which these candidates differ."""
    differing = [key for key in (found[0].candidate.path if found else ()) if len({one.candidate.path[key] for one in found}) > 1]
    return [
        {
            "name": one.number,
            "accuracy": f"{one.accuracy:.2f}",
            "ms": f"{one.ms:.2f}",
            "ram": one.ram_bytes,
            "flash": one.flash_bytes,
            "zeros": one.zeros,
            "path": " ".join(f"{key}={one.candidate.path[key]}" for key in differing),
        }
        for one in found
    ]


def all_found(study: Study) -> list[Found]:
    """Every candidate that fits, once, in the order of the trials."""
    kept = {trial.user_attrs[KEY]: trial for trial in reversed(study.get_trials(deepcopy=False)) if fits(trial)}
    return [_found(trial.number, trial.user_attrs[RECORD]) for trial in reversed(kept.values())]


def _found(number: int, record: dict[str, Any]) -> Found:
    return Found(number, candidate_from(record), record["accuracy"], *(record[cost] for cost in COSTS))


def candidate_from(record: Mapping[str, Any]) -> Candidate:
    """A candidate as JSON has it."""
    sparsity = {layer: ((int(rows), int(columns)), float(share)) for layer, ((rows, columns), share) in record["sparsity"].items()}
    return Candidate(record["path"], sparsity)


def front(found: Sequence[Found], objectives: Sequence[str] = tuple(DIRECTIONS)) -> list[Found]:
    """Those that no other one beats in one objective without being worse in another; the most accurate first."""

    losses = [[-one.accuracy if objective == "accuracy" else getattr(one, objective) for objective in objectives] for one in found]
    kept = [one for one, best in zip(found, unbeaten(losses), strict=True) if best]
    return sorted(kept, key=rank)


def rank(one: Found) -> tuple[float, ...]:
    """The winner has the least: the most accurate, of equal ones the fastest, then the smallest."""
    return -one.accuracy, one.ms, one.flash_bytes, one.ram_bytes, one.number
