"""The verb that tries random networks."""

from __future__ import annotations

import secrets
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from tfc.cli_text import Json, console, errors, print_json, show
from tfc.ir.diagnostic import Diagnostic


def fuzz(
    seconds: Annotated[float | None, typer.Option(min=0, help="How long to go on; default: a minute, or until --graphs are tried.")] = None,
    graphs: Annotated[int | None, typer.Option(min=1, help="How many networks.")] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="The number of the first network; default: one at random, which is printed.")] = None,
    target: Annotated[list[str] | None, typer.Option("--target", help="A chip, or several; default: stm32f746 and stm32h743 by turns.")] = None,
    output: Annotated[Path, typer.Option("-o", "--output", help="Where a failing network is written, made small.")] = Path("build/fuzz"),
    as_json: Json = False,
) -> None:
    """Compare evaluator, host and emulated chip on random networks, through all passes and for each objective; and the bytes that each node writes
    with those that are planned for it.

    A network that fails in any step is made small and written as a .tfir file; as a case in tests/roads/cases a test replays it.
    """
    from tfc.fuzz.campaign import Campaign
    from tfc.fuzz.settings import TARGETS, settings
    from tfc.fuzz.trial import Trial

    ways = settings(target or TARGETS)
    first = secrets.randbelow(1 << 31) if seed is None else seed
    if seconds is None and graphs is None:
        seconds = 60
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name, "project")
        folder.mkdir()
        campaign = Campaign(Trial(folder, Path(name, "objects")), first, ways)
        columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
        with Progress(*columns, console=errors, transient=True, disable=not sys.stderr.isatty()) as bar:
            task = bar.add_task("0 networks", total=None)
            found = campaign.run(
                seconds=seconds,
                networks=graphs,
                progress=lambda: bar.update(task, description=f"{campaign.networks:,} networks, {campaign.ops.total():,} operators"),
            )
    path = found and found.save(output)
    if as_json:
        failure = found and {"kind": found.failure.kind, "message": found.failure.message, "file": str(path)}
        print_json({"seed": first, "networks": campaign.networks, "operators": dict(campaign.ops.most_common()), "failure": failure})
    else:
        if campaign.ops:
            show([{"name": op, "times": times} for op, times in campaign.ops.most_common()])
        console.print(f"from seed {first} on, the roads agree on {campaign.summary}")
    if found:
        what = f"{found.failure.kind} fails with {found.setting}: {found.failure.message}"
        raise Diagnostic(f"{path}: {what}", help="copy it and its .npz to tests/roads/cases when it is mended: a test replays them")
