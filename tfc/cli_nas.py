"""Verbs of the search for networks: super, train, tune."""

from __future__ import annotations

import shlex
import sys
from contextlib import redirect_stdout
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress

from tfc.cli_nas_options import Data, Device, Folder, Members, Ms, Output, Seed, Source, Supernets, Target, limits_of, steps_in
from tfc.cli_text import Json, Size, console, errors, print_json, show
from tfc.ir.diagnostic import Diagnostic


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
    steps = steps_in(source, target=target, limits=limits_of(target, ram, flash, ms), seed=seed)
    from tfc.nas.distributions import draw
    from tfc.nas.steps import SPACE

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

    with distributed.workers(device) as own:
        steps = steps_in(source, data=data, device=own, seed=seed)
        recipe = steps.preset().supernet
        with redirect_stdout(sys.stderr):
            top1 = steps.train_supernet(replace(recipe, epochs=epochs or recipe.epochs, seed=seed), output)
        if distributed.rank():
            return
    if as_json:
        return print_json({"supernet": str(output / "supernet"), "top1": top1})
    console.print(f"{output / 'supernet'}: {'was trained already' if top1 is None else f'its largest path knows {top1:.2f} % of the validation images'}")


def tune(
    folder: Folder,
    candidate: Annotated[int | None, typer.Option(min=0, help="One of the front; default: the winner.")] = None,
    data: Data = None,
    device: Device = "cpu",
    seed: Seed = 0,
    as_json: Json = False,
) -> None:
    """Train a candidate to its end, pruned and then with roundings, and export it as a .pt2 that `tfc compile` takes."""
    steps = steps_in(str(folder), data=data, device=device, seed=seed)
    from tfc.nas.results import candidate_of, read_results

    results = read_results(folder)
    number, chosen = candidate_of(results, candidate)
    with redirect_stdout(sys.stderr):
        winner = steps.tune(chosen, folder / f"candidate{number}")
    if as_json:
        return print_json({"candidate": number, "archive": str(winner.archive), "validation": winner.validation, "test": winner.test})
    console.print(f"{winner.archive}: {winner.validation:.2f} % of the validation images, {winner.test:.2f} % of the test images", markup=False)
    limits = [f"--ram={results['limits']['ram_bytes']}", f"--flash={results['limits']['flash_bytes']}"]
    return console.print(shlex.join(["tfc", "compile", str(winner.archive), f"--target={results['target']}", *limits]), markup=False)
