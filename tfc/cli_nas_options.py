"""The options that verbs of `tfc nas` share."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tfc.ir.diagnostic import Diagnostic

if TYPE_CHECKING:  # torch is loaded by the verbs that need it
    from tfc.nas.candidates import Limits
    from tfc.nas.steps import Steps


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


def limits_of(target: str, ram: int | None, flash: int | None, ms: float | None) -> Limits:
    """Those of the chip where none are given; more than it has is an error."""
    from tfc.backends.target import load_target
    from tfc.nas.candidates import Limits
    from tfc.options import Options

    budget = Options(ram=ram, flash=flash).budget(load_target(target))
    return Limits(budget.ram, budget.flash, ms or float("inf"))


def steps_in(source: str, **others: Any) -> Steps:
    """The steps of a search; a Diagnostic where what they need is not installed."""
    try:
        from tfc.nas.steps import Steps
    except ModuleNotFoundError as error:
        raise Diagnostic(f"the search needs {error.name}, which is not installed", help="pip install 'tfc[search]'") from None
    return Steps(source, **others)
