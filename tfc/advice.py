"""What would make a model fit that does not: other options and other chips, each tried."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tfc.backends.target import Target, load_target, targets
from tfc.fitting import build_within
from tfc.folder import Golden
from tfc.ir.graph import Graph
from tfc.options import Options


def ways_to_fit(scheduled: Graph, target: Target, golden: Golden, options: Options, report: dict[str, Any]) -> list[dict[str, Any]]:
    """For each way that was tried the options as the command line takes them, and what the firmware takes with them; of the larger chips only the
    smallest that is large enough."""
    found = []
    for words, changed in other_options(target, options, report):
        found.append(tried(words, scheduled, target, golden, changed))
    for chip in larger(target):
        way = tried(f"--target {chip.name}", scheduled, chip, golden, replace(options, ram=None, flash=None))
        if way["fits"]:
            return [*found, way]
    return found


def other_options(target: Target, options: Options, report: dict[str, Any]) -> Iterator[tuple[str, Options]]:
    """Another objective for each memory that is short; budgets of what this build takes, if the chip has as much; a smaller reserve."""
    taken = {memory: report[memory]["total_bytes"] for memory in ("ram", "flash")}
    short = [memory for memory in taken if taken[memory] > report[memory]["limit_bytes"]]
    for objective in short:
        if options.optimize != objective:
            yield f"--optimize {objective}", replace(options, optimize=objective)
    if taken["ram"] <= target.ram_bytes and taken["flash"] <= target.flash.size:
        budgets = {memory: taken[memory] for memory in short}
        yield " ".join(f"--{memory} {bytes}" for memory, bytes in budgets.items()), replace(options, **budgets)
    reserve = options.reserve + report["ram"]["limit_bytes"] - taken["ram"]
    if short == ["ram"] and reserve >= 0:
        yield f"--reserve {reserve}", replace(options, reserve=reserve)


def larger(target: Target) -> list[Target]:
    """The chips with more of a memory and not less of the other, the smallest first."""
    chips = [load_target(name) for name in targets()]
    sizes = {chip.name: (chip.ram_bytes, chip.flash.size) for chip in chips}
    here = target.ram_bytes, target.flash.size
    more = [chip for chip in chips if sizes[chip.name] != here and all(size >= own for size, own in zip(sizes[chip.name], here, strict=True))]
    return sorted(more, key=lambda chip: sizes[chip.name])


def tried(words: str, scheduled: Graph, target: Target, golden: Golden, options: Options) -> dict[str, Any]:
    with TemporaryDirectory() as folder:
        report = build_within(Path(folder) / "tried", scheduled, target, golden, options, {}, None)
    return {"options": words, "fits": report["fits"], "ram_bytes": report["ram"]["total_bytes"], "flash_bytes": report["flash"]["total_bytes"]}
