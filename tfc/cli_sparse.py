"""Verbs of the search for networks: sparse, and chain, which is all of them."""

from __future__ import annotations

import os
import shlex
import sys
import tempfile
from contextlib import nullcontext, redirect_stdout
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from tfc import cli_nas
from tfc.cli_nas_options import (
    Data,
    Device,
    DryRun,
    Folder,
    Members,
    Ms,
    Output,
    Sampler,
    Seed,
    Source,
    Storage,
    Supernets,
    Target,
    Trials,
    Workers,
    limits_of,
    steps_in,
)
from tfc.cli_text import Json, Size, console, errors, print_json, show, table_of
from tfc.ir.diagnostic import Diagnostic

if TYPE_CHECKING:  # torch and Optuna are loaded by the verbs that need them
    from optuna import Study

    from tfc.nas.results import Results
    from tfc.nas.steps import Steps

SHOWN = 5  # candidates beside the progress


def sparse(
    folder: Folder,
    target: Target = "stm32f746",
    ram: Size = None,
    flash: Size = None,
    ms: Ms = None,
    trials: Trials = 200,
    objective: Annotated[list[str] | None, typer.Option(help="accuracy, ms, ram_bytes or flash_bytes; repeatable; default: all of them.")] = None,
    sampler: Annotated[Sampler, typer.Option(help="How candidates are proposed.")] = Sampler.PARETO,
    workers: Workers = 1,
    storage: Storage = None,
    study: Annotated[str, typer.Option(help="The search's name in the storage.")] = "sparse",
    data: Data = None,
    device: Device = "cpu",
    seed: Seed = 0,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Search path, blocks and zeros of each layer together, with weights that the supernet lends, pruned and rounded.

    Every candidate is planned by the compiler first; one that does not keep the limits is not evaluated. Workers may die at any time;
    the same command goes on. Writes front.json, front.png and front.html.
    """
    steps = steps_in(str(folder), target=target, limits=limits_of(target, ram, flash, ms), data=data, device=device, seed=seed)
    from tfc.nas.front import rows
    from tfc.nas.search import DIRECTIONS

    objectives = tuple(objective or DIRECTIONS)
    if unknown := [name for name in objectives if name not in DIRECTIONS]:
        raise typer.BadParameter(f"'{unknown[0]}' is none of {', '.join(DIRECTIONS)}", param_hint="--objective")
    if dry_run:
        return tell_workload(steps, 0, trials, workers, as_json)
    found = searched(steps, folder, trials, sampler, objectives, workers, storage, study)
    if as_json:
        return print_json(found.json)
    show(rows(found.front))
    return console.print(f"{folder / 'front.html'} shows them\n{shlex.join(['tfc', 'nas', 'tune', str(folder)])}", markup=False)


def searched(steps: Steps, folder: Path, trials: int, sampler: str, objectives: tuple[str, ...], workers: int, storage: str | None, name: str) -> Results:
    """Run SparseNAS and write what it finds; on a terminal the best so far are shown."""
    from tfc.nas import worker
    from tfc.nas.front import all_found, front, rows
    from tfc.nas.results import write_results
    from tfc.nas.storage import sqlite_at

    threads = max(1, (os.cpu_count() or 1) // workers)
    make = partial(replace(steps, threads=threads).search, trials, sampler, objectives)
    bar = Progress(TextColumn("candidates"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    task = bar.add_task("", total=trials)
    with Live(bar, console=errors, transient=True, auto_refresh=False) if sys.stderr.isatty() else nullcontext() as live:

        def progress(study: Study) -> None:
            if live:
                bar.update(task, completed=worker.ended(study))
                best = front(all_found(study), objectives)[:SHOWN]
                lines = [{key: value for key, value in row.items() if key != "path"} for row in rows(best)]
                live.update(Group(bar, table_of(lines)) if lines else bar, refresh=True)

        study, search = worker.run(make, storage or sqlite_at(folder / "search.db"), name, workers=workers, progress=progress)
    return write_results(study, search, folder, steps.target)


def chain(
    source: Source,
    target: Target = "stm32f746",
    ram: Size = None,
    flash: Size = None,
    ms: Ms = None,
    supernets: Supernets = 4,
    members: Members = 8,
    trials: Trials = 40,
    workers: Workers = 1,
    data: Data = None,
    device: Device = "cpu",
    seed: Seed = 0,
    output: Output = Path("build/nas"),
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Choose a supernet, train it, search in it, tune the winner, compile it and verify it on the emulated chip.

    What is finished in the folder is not repeated.
    """
    steps = steps_in(source, target=target, limits=limits_of(target, ram, flash, ms), data=data, device=device, seed=seed)
    from tfc.compiler import compile as compile_model
    from tfc.nas.front import rows
    from tfc.nas.results import candidate_of
    from tfc.nas.search import DIRECTIONS
    from tfc.nas.steps import SPACE
    from tfc.options import Options

    if dry_run:
        return tell_workload(steps, supernets * members, trials, workers, as_json)
    with redirect_stdout(sys.stderr):  # what steps print is not the result
        if not (output / SPACE).is_file():
            cli_nas.choose(source, target, ram, flash, ms, supernets, members, seed, output, False)
        inside = replace(steps, source=str(output))
        if inside.preset().space.name != steps.preset().space.name:
            raise Diagnostic(f"{output} is a search in {inside.preset().space.name}", help="another folder: -o DIR")
        inside.train_supernet(replace(inside.preset().supernet, seed=seed), output)
        found = searched(inside, output, trials, Sampler.PARETO, tuple(DIRECTIONS), workers, None, "sparse")
        number, candidate = candidate_of(found.json)
        winner = inside.tune(candidate, output / f"candidate{number}")
        limits = Options(ram=ram, flash=flash)
        compiled = compile_model(winner.archive, target=target, output=output / "model", options=limits)
        verdict = compiled.verify(1)
    best = {"candidate": number, "validation": winner.validation, "test": winner.test, "folder": str(compiled.folder), "fits": compiled.fits}
    if as_json:
        print_json({**best, "mismatches": verdict.mismatches, **found.json})
    else:
        show(rows(found.front))
        console.print(f"{compiled.folder}: candidate {number}, {winner.test:.2f} % of the test images; {verdict.mismatches}", markup=False)
    if error := verdict.error(searched=False):
        raise error


def tell_workload(steps: Steps, estimates: int, trials: int, workers: int, as_json: bool) -> None:
    """What the steps would take here."""
    from tfc.nas.workload import workload

    with tempfile.TemporaryDirectory() as folder, redirect_stdout(sys.stderr):
        rows = workload(steps, Path(folder), estimates=estimates, trials=trials, workers=workers)
    if as_json:
        return print_json({"steps": rows})
    return show([{**row, "operations": f"{row['operations']:.1e}"} for row in rows])
