"""What would make a model fit that does not: other options and other chips, each planned."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from tfc.backends.formats import stored_bytes
from tfc.backends.target import Target, load_target, targets
from tfc.fitting import fitted
from tfc.ir.graph import Graph
from tfc.options import Options
from tfc.passes.plan_memory import make_plan
from tfc.report import Sizes, totals


def ways_to_fit(scheduled: Graph, placed: Graph, target: Target, options: Options, report: dict[str, Any]) -> list[dict[str, Any]]:
    """For each way that was tried the options as the command line takes them, and what the firmware takes with them; of the larger chips only the
    smallest that is large enough. Memory is planned; code and static data are taken to be those of the build that is reported on.
    """
    linked = Linked(report, stored(placed))
    found = []
    for words, changed in other_options(target, options, report):
        found.append(tried(words, scheduled, target, changed, linked))
    for chip in larger(target):
        way = tried(f"--target {chip.name}", scheduled, chip, replace(options, ram=None, flash=None), linked)
        if way["fits"]:
            return [*found, way]
    return found


@dataclass(frozen=True)
class Linked:
    """The report of a build, and the bytes of its constants as they are stored, before the linker adds what else is read only."""

    report: dict[str, Any]
    stored: int

    def sizes(self, placed: Graph, stack: int) -> Sizes:
        """Those of other firmware for the same model."""
        ram, flash = self.report["ram"], self.report["flash"]
        return Sizes(stack, ram["static_bytes"], flash["code_bytes"], flash["weights_bytes"] + stored(placed) - self.stored)


def stored(graph: Graph) -> int:
    return sum(stored_bytes(graph, node) for node in graph.of_op("const"))


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


def tried(words: str, scheduled: Graph, target: Target, options: Options, linked: Linked) -> dict[str, Any]:
    def planned(placed: Graph, _: int) -> dict[str, Any]:
        return totals(make_plan(placed, target), options.budget(target), linked.sizes(placed, options.stack))

    report = fitted(scheduled, target, options, planned)[1]
    return {"options": words, "fits": report["fits"], "ram_bytes": report["ram"]["total_bytes"], "flash_bytes": report["flash"]["total_bytes"]}
