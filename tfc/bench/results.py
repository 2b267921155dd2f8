"""All figures of a bench, as JSON that a later bench reads back to measure only what has changed."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from tfc.ir.diagnostic import Diagnostic

from .break_even import BreakEven, break_evens
from .measure import Sample
from .models import ModelCost
from .reference import Comparison, comparisons

FORMAT = 1
LIMIT = 0.5  # cycles for a multiply-accumulate: an SMLAD, which is two of them, each cycle


@dataclass
class Results:
    """What was measured, and what follows from it."""

    target: str
    command: str
    samples: list[Sample] = field(default_factory=list)
    models: list[ModelCost] = field(default_factory=list)

    @property
    def break_evens(self) -> list[BreakEven]:
        return break_evens(self.samples)

    @property
    def comparisons(self) -> list[Comparison]:
        return comparisons(self.samples)

    def as_json(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "target": self.target,
            "command": self.command,
            "limit_cycles_per_mac": LIMIT,
            "samples": [asdict(sample) for sample in self.samples],
            "break_even": [asdict(one) for one in self.break_evens],
            "cmsis_nn": [comparison_row(one) for one in self.comparisons],
            "models": [asdict(model) for model in self.models],
        }


def comparison_row(one: Comparison) -> dict[str, Any]:
    """How many times fewer: `x_instructions`, `x_cycles`, `x_cycles_with_memory`."""
    ratios = {"x_instructions": one.instructions, "x_cycles": one.cycles, "x_cycles_with_memory": one.cycles_with_memory}
    names = {"layer": one.sample.layer, "kernel": one.sample.kernel, "density": one.sample.asked_density}
    return {**names, **asdict(one.reference), **{name: ratio and round(ratio, 3) for name, ratio in ratios.items()}}


def save(results: Results, path: Path) -> None:
    """A line for each row, so that versions can be compared."""
    parts = []
    for key, value in results.as_json().items():
        rows = ",\n".join(json.dumps(row, ensure_ascii=False) for row in value) if isinstance(value, list) else ""
        parts.append(f"{json.dumps(key)}: [\n{rows}\n]" if rows else f"{json.dumps(key)}: {json.dumps(value)}")
    path.write_text("{\n" + ",\n".join(parts) + "\n}\n", encoding="utf-8", newline="\n")


def known_samples(path: Path) -> dict[str, Sample]:
    """The samples of a file that `save` wrote, by key; none where there is no file."""
    if not path.exists():
        return {}
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
        if rows["format"] != FORMAT:
            return {}
        samples = [Sample(**{name.name: row[name.name] for name in fields(Sample)}) for row in rows["samples"]]
    except (ValueError, KeyError, TypeError):
        raise Diagnostic(f"{path} was not written by tfc bench", help="another folder with -o") from None
    return {sample.key: sample for sample in samples}
