"""The verb about speed: kernels and models, measured on the emulated chip."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress

from tfc.backends.target import Target
from tfc.cli_text import Json, console, errors, print_json, show


def parse_densities(text: str) -> list[float]:
    """`0.1,0.25`"""
    try:
        found = [float(part) for part in text.split(",")]
    except ValueError:
        found = [0.0]
    if not all(0 < density <= 1 for density in found):
        raise typer.BadParameter(f"'{text}' is no list of densities: numbers above 0 up to 1, as in 0.1,0.25", param_hint="--density")
    return sorted(set(found), reverse=True)


def bench(
    models: Annotated[list[Path] | None, typer.Argument(help="Compiled folders, or model files; alone, no kernels are measured.")] = None,
    kernel: Annotated[list[str] | None, typer.Option(metavar="PATTERN", help="Only kernels like 'conv2d_s8_sparse*'; repeatable.")] = None,
    layer: Annotated[list[str] | None, typer.Option(metavar="PATTERN", help="Only on layers like 'linear_*'; repeatable.")] = None,
    density: Annotated[str | None, typer.Option(metavar="0.1,0.25", help="The shares of blocks of weights that are kept.")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Small layers and three densities.")] = False,
    target: Annotated[str, typer.Option("--target", help="The chip; `tfc targets` lists them.")] = "stm32f746",
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="Write bench.json, bench.png and bench.md to this folder, or a page PATH.md and the two beside it.")
    ] = None,
    fit: Annotated[
        Path | None, typer.Option(metavar="FILE.json", help="Measure layers drawn at random instead, and write what the work of kernels takes; with -o.")
    ] = None,
    from_log: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Compare with what the self-test of `tfc compile --times` printed for the one folder; --fit fits to it.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Measure kernels and models on the emulated chip.

    Without any choice: all kernels on a grid of layers and densities, and the bundled models. A sparse kernel comes with the dense one
    that it is compared with. What -o has written before is measured again only where kernels, weights or chip have changed.
    """
    from tfc.backends.target import load_target
    from tfc.bench import tables
    from tfc.bench.grid import DENSITIES, QUICK_DENSITIES, cases
    from tfc.bench.models import bundled, check_models
    from tfc.bench.results import Results
    from tfc.bench.run import Files, run

    chip = load_target(target)
    if from_log:
        if not models or len(models) != 1:
            raise typer.BadParameter("a log is of one compiled folder", param_hint="MODELS")
        return compare_log(models[0], from_log, fit, as_json)
    if fit:
        if not output or output.suffix == ".md":
            raise typer.BadParameter("samples are kept in a folder", param_hint="-o")
        return fit_rates(chip, fit, output, as_json)
    chosen = bool(kernel or layer or density or quick)
    folders = models or ([] if chosen else bundled())
    check_models(folders)
    densities = parse_densities(density) if density else QUICK_DENSITIES if quick else DENSITIES
    grid = cases(chip, kernels=kernel or ["*"], layers=layer or ["*"], densities=densities, quick=quick) if chosen or not models else []
    results = Results(target, shlex.join(["tfc", *sys.argv[1:]]))
    files = Files.at(output) if output else None
    with Progress(console=errors, transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task("", total=len(grid) + len(folders))
        run(results, grid, folders, chip, files, progress=lambda step: bar.update(task, description=step, advance=1))
    if as_json:
        return print_json(results.as_json())
    titled = [("kernels that multiply", tables.products(results.samples)), ("other kernels", tables.elements(results.samples))]
    titled += [(f"beside CMSIS-NN: {name}", rows) for name, rows in tables.compared(results)]
    titled += [("break-even density", tables.break_even(results)), ("models", tables.models(results))]
    for title, rows in titled:
        if rows:
            show(rows, title=f"\n{title}")
    if files:
        console.print(f"\n{files.page}", markup=False)
    return None


def fit_rates(chip: Target, file: Path, folder: Path, as_json: bool) -> None:
    """`tfc bench --fit`."""
    from tfc.backends.fits import save_fit
    from tfc.bench.fit import fit_target
    from tfc.bench.run import prepare

    prepare(folder)
    with Progress(console=errors, transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task("")
        found = fit_target(chip, folder / f"{chip.name}.json", lambda step, total: bar.update(task, description=step, total=total, advance=1))
    save_fit(found, file)
    rows = [{"kernel": name, "layers": one.layers, "mean %": one.mean, "95 % below": one.p95, "bias %": one.bias} for name, one in found.errors.items()]
    if as_json:
        return print_json({"file": str(file), "errors": {name: vars(one) for name, one in found.errors.items()}})
    show(rows, title="\nerrors on layers that the fit did not see")
    console.print(f"\n{file}", markup=False)
    return None


def compare_log(folder: Path, log: Path, fit: Path | None, as_json: bool) -> None:
    """`tfc bench --from-log`."""
    from tfc.backends.fits import ALL, save_fit
    from tfc.bench.board import read_log, refitted
    from tfc.bench.fit import errors_of
    from tfc.compiled import load

    compiled = load(folder)
    timed = read_log(log, compiled)
    before = errors_of([one.row for one in timed], compiled.target.fit.rates)
    after = refitted(compiled.target.fit, compiled.target.name, timed)
    if fit:
        save_fit(after, fit)
    model, board = (sum(cycles) for cycles in zip(*((one.row.cost.cycles, one.row.cycles) for one in timed), strict=True))
    whole = {"model": round(model), "board": round(board), "off_percent": round(100 * (model / board - 1), 1)}
    if as_json:
        return print_json({"nodes": [one.as_json() for one in timed], "total": whole, "before": vars(before), "refitted": vars(after.errors[ALL])})
    show([one.as_json() for one in timed], title="\ncycles")
    console.print(
        f"\nmodel {model:,.0f}, board {board:,.0f} cycles: {whole['off_percent']:+g} %; nodes off by {before.mean:g} %, refitted {after.errors[ALL].mean:g} %"
    )
    if fit:
        console.print(f"{fit}", markup=False)
    return None
