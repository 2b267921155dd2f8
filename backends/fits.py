"""What the work of kernels takes on a chip: rates that `tfc bench --fit` finds on the emulated one, and how far estimates were off there."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from tfc.ir.diagnostic import Diagnostic

FORMAT = 1
FIRMWARE, NODE = "firmware", "node"  # in the table of code
FOLDER = Path(__file__).with_name("fits")


@dataclass(frozen=True)
class Errors:
    """Of estimated cycles, in per cent of the emulated ones, on layers that the fit did not see; `mean` and `p95` are of absolute errors."""

    layers: int
    mean: float
    p95: float
    bias: float


@dataclass(frozen=True)
class Range:
    """What a kernel was fitted on: the widest window, most weights, and most elements of a result."""

    window: int
    weights: int
    results: int


@dataclass(frozen=True, eq=False)
class Fit:
    """`rates` are cycles for each unit of work, by its name in a bid, `code` bytes of the code of runtime files. The error statistics are those of
    each kernel, and of all under "". Rates named in `assumed` were not fitted: no layer needed them."""

    target: str
    rates: Mapping[str, float]
    code: Mapping[str, int] = field(default_factory=dict)
    errors: Mapping[str, Errors] = field(default_factory=dict)
    ranges: Mapping[str, Range] = field(default_factory=dict)
    assumed: tuple[str, ...] = ()


@cache
def load_fit(name: str) -> Fit:
    """The fit of that name, from `fits/NAME.json`."""
    path = FOLDER / f"{name}.json"
    try:
        return read_fit(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        there = ", ".join(sorted(item.stem for item in FOLDER.glob("*.json")))
        raise Diagnostic(f"there is no fit '{name}'", help=f"there are {there}; `tfc bench --fit` makes one") from None


def read_fit(table: dict[str, Any]) -> Fit:
    """The inverse of `as_json`."""
    if table.get("format") != FORMAT:
        raise Diagnostic(f"a fit of format {table.get('format')!r} cannot be read", help=f"this version reads format {FORMAT}")
    return Fit(
        target=table["target"],
        rates=table["rates"],
        code=table.get("code", {}),
        errors={name: Errors(**row) for name, row in table.get("errors", {}).items()},
        ranges={name: Range(**row) for name, row in table.get("ranges", {}).items()},
        assumed=tuple(table.get("assumed", ())),
    )


def save_fit(fit: Fit, path: Path) -> None:
    """Write a fit as JSON."""
    path.write_text(json.dumps({"format": FORMAT, **asdict(fit)}, indent=1) + "\n", encoding="utf-8")
