"""Verbs of the search for networks: super, train, sparse, tune, and chain, which is all of them."""

from __future__ import annotations

import os
import shlex
import sys
import tempfile
from contextlib import nullcontext, redirect_stdout
from dataclasses import replace
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from tfc.cli_text import Json, Size, console, errors, print_json, show, table_of
from tfc.ir.diagnostic import Diagnostic

if TYPE_CHECKING:  # torch and Optuna are loaded by the verbs that need them
    from optuna import Study

    from tfc.nas.results import Results
    from tfc.nas.steps import Steps

app = typer.Typer(help="Search for networks: SuperNAS, SparseNAS, and the training between and behind them.", no_args_is_help=True, rich_markup_mode=None)
SHOWN = 5  # candidates beside the progress


class Sampler(StrEnum):
    PARETO = "pareto"
    NSGA2 = "nsga2"
    TPE = "tpe"
    RANDOM = "random"


Source = Annotated[str, typer.Argument(metavar="SPACE", help="digits, cifar10, a description (.toml) named like one of them, or a folder of `tfc nas`.")]
Folder = Annotated[Path, typer.Argument(help="The folder that `tfc nas train` wrote.")]
Target = Annotated[str, typer.Option("--target", help="The chip; `tfc targets` lists them.")]
Ms = Annotated[float | None, typer.Option("--ms", min=0.001, help="The longest time of an inference, milliseconds.")]
Data = Annotated[Path | None, typer.Option(help="The images of the space, where they do not come with it.")]
Device = Annotated[str, typer.Option(help="cpu or cuda.")]
Seed = Annotated[int, typer.Option(min=0, help="Of everything random.")]
Output = Annotated[Path, typer.Option("-o", "--output", help="The folder of the search.")]
Trials = Annotated[int, typer.Option(min=1, help="How many candidates.")]
Workers = Annotated[int, typer.Option(min=1, help="Processes on this machine; the same command on others adds theirs.")]
Storage = Annotated[str | None, typer.Option(help="postgresql://USER@HOST/DATABASE, which machines share; default: search.db in the folder.")]
Supernets = Annotated[int, typer.Option(min=1, help="How many supernets are judged.")]
Members = Annotated[int, typer.Option(min=2, help="How many networks of each.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Tell what it would take on this machine, and do nothing.")]


def steps_of(source: str, target: str, ram: int | None, flash: int | None, ms: float | None, **others: Any) -> Steps:
    """The limits are those of the chip where none are given; more than it has is an error."""
    from tfc.backends.target import load_target
    from tfc.nas.candidates import Limits
    from tfc.nas.steps import Steps
    from tfc.options import Options

    budget = Options(ram=ram, flash=flash).budget(load_target(target))
    return Steps(source, target, Limits(budget.ram, budget.flash, ms or float("inf")), **others)


@app.command("super")
def choose(
    source: Source,
    target: Target = "stm32f746",
    ram: Size = None,
    flash: Size = None,
    ms: Ms = None,
    supernets: Supernets = 8,
    members: Members = 16,
    seed: Seed = 0,
    output: Output = Path("build/nas"),
    as_json: Json = False,
) -> None:
    """Choose a supernet in a space: the one of whose random networks the best that fit promise most.

    Writes space.toml, the supernet that `tfc nas train` takes, and supernets.png, the distributions.
    """
    from tfc.nas.distributions import draw
    from tfc.nas.steps import SPACE

    steps = steps_of(source, target, ram, flash, ms, seed=seed)
    with Progress(console=errors, transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task("supernets", total=supernets)
        ranked = steps.choose_supernet(supernets, members, lambda: bar.update(task, advance=1))
    if not any(judged.share for judged, _ in ranked):
        raise Diagnostic("no network of any supernet keeps the limits", help="wider limits, a space of smaller networks, or more --members")
    output.mkdir(parents=True, exist_ok=True)
    (output / SPACE).write_text(ranked[0][0].space.text(), encoding="utf-8")
    draw(ranked, steps.limits, output / "supernets.png")
    rows = [{"name": place, "score": round(score, 3), "fits_percent": round(100 * judged.share)} for place, (judged, score) in enumerate(ranked, 1)]
    if as_json:
        return print_json({"space": str(output / SPACE), "supernets": rows})
    show(rows)
    return console.print(f"{output / SPACE}: the first of them", markup=False)


@app.command()
def train(
    source: Source,
    output: Output = Path("build/nas"),
    epochs: Annotated[int | None, typer.Option(min=1, help="Passes over the train set; default: the preset's.")] = None,
    data: Data = None,
    device: Device = "cpu",
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Train a supernet, whose paths share their weights; an interrupted training is gone on with. `torchrun` gives it several processes."""
    from tfc.nas import distributed
    from tfc.nas.steps import SUPERNET, Steps

    with distributed.workers(device) as own:
        steps = Steps(source, data=data, device=own, seed=seed)
        recipe = steps.preset().supernet
        with redirect_stdout(sys.stderr):
            top1 = steps.train_supernet(replace(recipe, epochs=epochs or recipe.epochs, seed=seed), output)
        if distributed.rank():
            return
    if as_json:
        return print_json({"supernet": str(output / SUPERNET), "top1": top1})
    console.print(f"{output / SUPERNET}: {'was trained already' if top1 is None else f'its largest path knows {top1:.2f} % of the validation images'}")


@app.command()
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
    from tfc.nas.search import DIRECTIONS

    objectives = tuple(objective or DIRECTIONS)
    if unknown := [name for name in objectives if name not in DIRECTIONS]:
        raise typer.BadParameter(f"'{unknown[0]}' is none of {', '.join(DIRECTIONS)}", param_hint="--objective")
    steps = steps_of(str(folder), target, ram, flash, ms, data=data, device=device, seed=seed)
    if dry_run:
        return tell_workload(steps, 0, trials, workers, as_json)
    found = searched(steps, folder, trials, sampler, objectives, workers, storage, study)
    if as_json:
        return print_json(found.json)
    show([one.row() for one in found.front])
    console.print(f"{folder / 'front.html'} shows them", markup=False)
    return tell_next("tune", folder)


def searched(steps: Steps, folder: Path, trials: int, sampler: str, objectives: tuple[str, ...], workers: int, storage: str | None, name: str) -> Results:
    """Run SparseNAS and write what it finds; on a terminal the best so far are shown."""
    from tfc.nas import worker
    from tfc.nas.results import write_results
    from tfc.nas.storage import sqlite_at

    threads = max(1, (os.cpu_count() or 1) // workers)
    make = partial(replace(steps, threads=threads).search, trials, sampler, objectives)
    bar = Progress(TextColumn("candidates"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    task = bar.add_task("", total=trials)
    with Live(bar, console=errors, transient=True, auto_refresh=False) if sys.stderr.isatty() else nullcontext() as live:

        def progress(study: Study) -> None:
            from tfc.nas.front import all_found, front

            if live:
                bar.update(task, completed=worker.ended(study))
                best = front(all_found(study), objectives)[:SHOWN]
                live.update(Group(bar, table_of([one.row() for one in best])) if best else bar, refresh=True)

        study, search = worker.run(make, storage or sqlite_at(folder / "search.db"), name, workers=workers, progress=progress)
    return write_results(study, search, folder, steps.target)


@app.command()
def tune(
    folder: Folder,
    candidate: Annotated[int | None, typer.Option(min=0, help="One of the front; default: the winner.")] = None,
    target: Target = "stm32f746",
    data: Data = None,
    device: Device = "cpu",
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Train a candidate to its end, pruned and then with roundings, and export it as a .pt2 that `tfc compile` takes."""
    from tfc.nas.results import candidate_of
    from tfc.nas.steps import Steps

    number, chosen = candidate_of(folder, candidate)
    with redirect_stdout(sys.stderr):
        winner = Steps(str(folder), target, data=data, device=device, seed=seed).tune(chosen, folder / f"candidate{number}")
    if as_json:
        return print_json({"candidate": number, "archive": str(winner.archive), "validation": winner.validation, "test": winner.test})
    console.print(f"{winner.archive}: {winner.validation:.2f} % of the validation images, {winner.test:.2f} % of the test images", markup=False)
    return console.print(shlex.join(["tfc", "compile", str(winner.archive), "--target", target]), markup=False)


@app.command()
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
    from tfc.compiler import compile as compile_model
    from tfc.nas.results import candidate_of
    from tfc.nas.search import DIRECTIONS
    from tfc.nas.steps import SPACE
    from tfc.options import Options

    steps = steps_of(source, target, ram, flash, ms, data=data, device=device, seed=seed)
    if dry_run:
        return tell_workload(steps, supernets * members, trials, workers, as_json)
    with redirect_stdout(sys.stderr):  # what steps print is not the result
        if not (output / SPACE).is_file():
            choose(source, target, ram, flash, ms, supernets, members, seed, output, False)
        inside = replace(steps, source=str(output))
        inside.train_supernet(replace(inside.preset().supernet, seed=seed), output)
        found = searched(inside, output, trials, Sampler.PARETO, tuple(DIRECTIONS), workers, None, "sparse")
        number, candidate = candidate_of(output)
        winner = inside.tune(candidate, output / f"candidate{number}")
        limits = Options(ram=ram, flash=flash)
        compiled = compile_model(winner.archive, target=target, output=output / "model", options=limits)
        verdict = compiled.verify(1)
    best = {"candidate": number, "validation": winner.validation, "test": winner.test, "folder": str(compiled.folder), "fits": compiled.fits}
    if as_json:
        print_json({**best, "mismatches": verdict.mismatches, **found.json})
    else:
        show([one.row() for one in found.front])
        console.print(f"{compiled.folder}: candidate {number}, {winner.test:.2f} % of the test images; {verdict.mismatches}", markup=False)
    if error := verdict.error(searched=False):
        raise error


def tell_next(verb: str, folder: Path) -> None:
    console.print(shlex.join(["tfc", "nas", verb, str(folder)]), markup=False)


def tell_workload(steps: Steps, estimates: int, trials: int, workers: int, as_json: bool) -> None:
    """What the steps would take here."""
    from tfc.nas.workload import workload

    with tempfile.TemporaryDirectory() as folder:
        rows = workload(steps, Path(folder), estimates=estimates, trials=trials, workers=workers)
    if as_json:
        return print_json({"steps": rows})
    return show(rows)
