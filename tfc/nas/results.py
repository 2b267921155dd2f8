"""What a search leaves in its folder: its front as JSON, as a picture and as a page."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from optuna import Study

from tfc.ir.diagnostic import Diagnostic
from tfc.nas.candidates import Candidate
from tfc.nas.front import Found, all_found, candidate_from, front
from tfc.nas.front_chart import draw, write_page
from tfc.nas.search import Search

FRONT, PICTURE, PAGE = "front.json", "front.png", "front.html"


@dataclass(frozen=True)
class Results:
    """The front, the winner first, and what front.json has."""

    front: list[Found]
    json: dict[str, Any]


def write_results(study: Study, search: Search, folder: Path, target: str) -> Results:
    """Write the three files. A Diagnostic if no candidate keeps the limits."""
    kept = all_found(study)
    best = front(kept, search.objectives)
    states = Counter(trial.state.name.lower() for trial in study.get_trials(deepcopy=False))
    if not best:
        raise Diagnostic(f"none of {states['complete']} candidates keeps the limits", help="wider limits, or more --trials")
    limits = {name: limit if math.isfinite(limit) else None for name, limit in asdict(search.limits).items()}
    found = {"format": 1, "target": target, "limits": limits, "trials": dict(sorted(states.items())), "front": [asdict(one) for one in best]}
    (folder / FRONT).write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    title = f"{len(kept)} of {states['complete'] + states['pruned']} candidates fit {target}"
    draw(kept, best, folder / PICTURE, title)
    write_page(kept, best, folder / PAGE, title)
    return Results(best, found)


def read_results(folder: Path) -> dict[str, Any]:
    """front.json of a folder; a Diagnostic says how to make it."""
    path = folder / FRONT
    if not path.is_file():
        raise Diagnostic(f"{path} is missing: no search has ended there", help=f"tfc nas sparse {folder}")
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def candidate_of(results: Mapping[str, Any], number: int | None = None) -> tuple[int, Candidate]:
    """A candidate of a front by its number, by default the winner."""
    found: dict[int, Any] = {one["number"]: one["candidate"] for one in results["front"]}
    number = next(iter(found)) if number is None else number
    if number not in found:
        raise Diagnostic(f"the front has no candidate {number}", help=f"it has {', '.join(map(str, sorted(found)))}")
    return number, candidate_from(found[number])
