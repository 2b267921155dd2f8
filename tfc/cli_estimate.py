"""The verb about what was never compiled: latency, RAM and flash from the cost model."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tfc.cli_models import Objective
from tfc.cli_text import Json, Size, TargetName, console, errors, parse_shape, print_json, show

if TYPE_CHECKING:
    from tfc.estimator import Estimate
    from tfc.explain import Explanation


def estimate(
    model: Annotated[Path, typer.Argument(help="A .pt2 or .pt file, a .tfir of any stage, or a compiled folder.")],
    target: TargetName,
    shape: Annotated[list[str] | None, typer.Option(help="1,3,32,32: the shape of an input of a TorchScript trace; once for each input.")] = None,
    sparsity: Annotated[
        str | None,
        typer.Option(metavar="SPARSITY", help='"block=1x4,density=0.2" in place of the zeros of the weights, or a JSON or TOML file with one by layer.'),
    ] = None,
    ram: Size = None,
    flash: Size = None,
    reserve: Size = None,
    stack: Size = None,
    optimize: Annotated[Objective, typer.Option(help="What the choice between kernels minimises.")] = Objective.LATENCY,
    explain: Annotated[bool, typer.Option("--explain", help="For each layer: the bids, what the cycles go into, and when zeros pay.")] = False,
    as_json: Json = False,
) -> None:
    """Say what a model would take, without samples, trained weights, compiler or chip."""
    from tfc.options import Options
    from tfc.session import Session

    sizes = {name: value for name, value in (("ram", ram), ("flash", flash), ("reserve", reserve), ("stack", stack)) if value is not None}
    session = Session(target, Options(**sizes, optimize=optimize.value, toolchain="zig", rescue=False, times=False))
    prepared = session.prepared(model, shapes=[parse_shape(text) for text in shape] if shape else None)
    found = session.estimate(prepared, sparsity=sparsity)
    explanations = session.explain(prepared, found) if explain else []
    if as_json:
        return print_json({**found.as_json(), **({"explanations": [explained_json(one) for one in explanations]} if explain else {})})
    print_estimate(found)
    if explain:
        show([explained_row(one) for one in explanations], title="\nwhat takes the cycles, and the density below which blocks are faster than dense")
    return None


def print_estimate(found: Estimate) -> None:
    console.print(f"{found.model} for {found.target}, estimated", markup=False)
    console.print(f"RAM    {found.ram_bytes:>9,} of {found.ram_limit_bytes:,} bytes (arena {found.arena_bytes:,})")
    console.print(f"flash  {found.flash_bytes:>9,} of {found.flash_limit_bytes:,} bytes (code {found.code_bytes:,})")
    console.print(f"time   {found.ms:>9,.3f} ms ± {found.error_percent:g} % of the emulated chip ± {found.chip_error_percent:g} % ({found.cycles:,} cycles)")
    if not found.fits:
        console.print("it does not fit")
    for warning in found.warnings:
        errors.print(f"warning: {warning}", markup=False)
    show([{"name": node.name, "kernel": node.kernel, "cycles": node.cycles, "± %": node.error_percent, "flash": node.flash_bytes} for node in found.nodes])


def explained_row(one: Explanation) -> dict[str, Any]:
    bids = ", ".join(f"{kernel} {cycles:,}" for kernel, cycles in one.bids[:3])
    shares = ", ".join(f"{kind} {share:.0%}" for kind, share in sorted(one.shares.items(), key=lambda item: -item[1]) if share >= 0.05)
    blocks = ", ".join(f"{block} {'never' if density is None else f'{density:.0%}'}" for block, density in one.break_even.items())
    return {"name": one.node, "bids": bids, "cycles go into": shares, "zeros pay below": blocks}


def explained_json(one: Explanation) -> dict[str, Any]:
    return {"node": one.node, "bids": dict(one.bids), "shares": dict(one.shares), "break_even": dict(one.break_even)}
