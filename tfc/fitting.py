"""From a schedule to firmware inside the budget."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tfc.backends.target import Target
from tfc.folder import Golden, build_firmware, emptied, write_folder
from tfc.ir.graph import Graph
from tfc.options import Options
from tfc.passes.offers import flash_bid, forced
from tfc.passes.pipeline import Hook, choosing_passes, run_pipeline
from tfc.report import make_report

ATTEMPTS = 6


def build_within(
    folder: Path, scheduled: Graph, target: Target, golden: Golden, options: Options, noise: dict[str, float], hook: Hook | None
) -> tuple[Graph, dict[str, Any]]:
    """Place, write and link a quantized graph; the placed graph and its report."""

    def linked(placed: Graph, ram: int) -> dict[str, Any]:
        write_folder(emptied(folder), placed, target, golden, options)
        sizes = build_firmware(folder, placed, target, options)
        return make_report(placed, target, options.budget(target), sizes, noise, forced(placed, target, options.optimize, ram))

    return fitted(scheduled, target, options, linked, hook)


def fitted(
    scheduled: Graph, target: Target, options: Options, measured: Callable[[Graph, int], dict[str, Any]], hook: Hook | None = None
) -> tuple[Graph, dict[str, Any]]:
    """A placed graph, and what is measured of it.

    What code, gaps between buffers and static data take is known only then: a graph that is too large is placed again with kernels
    chosen inside what these leave, until it fits or nothing smaller is left to choose. `measured` is also told the RAM for the arena.
    """
    budget = options.budget(target)
    ram, flash = budget.ram - budget.reserve - options.stack, budget.flash
    placed, report = scheduled, dict[str, Any]()
    for _ in range(ATTEMPTS):
        chosen = run_pipeline(scheduled, target, choosing_passes(options.optimize, max(ram, 0), max(flash, 0)), hook=hook)
        if chosen == placed:
            break
        placed, report = chosen, measured(chosen, ram)
        if report["fits"]:
            break
        ram -= beyond(report["ram"], report["ram"]["lower_bound_bytes"], ram)
        flash -= beyond(report["flash"], flash_bid(placed, target), flash)
    return placed, report


def beyond(memory: dict[str, int], chosen: int, room: int) -> int:
    """By how much room for a choice must shrink so that the same total, which is too much, would be out of the question."""
    over = memory["total_bytes"] - memory["limit_bytes"]
    return room - chosen + over if over > 0 else 0
