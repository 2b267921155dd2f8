"""What whole compiled models cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from tfc.compiled import Compiled, load
from tfc.ir.diagnostic import Diagnostic


@dataclass(frozen=True)
class ModelCost:
    """One inference on the first golden sample, and the memory of the firmware."""

    model: str
    target: str
    instructions: int
    cycles: int
    ms: float
    error_percent: float
    ram_bytes: int
    flash_bytes: int
    macs: int
    nonzero_macs: int


def bundled() -> list[Path]:
    """The models of the zoo that come with the package."""
    return sorted(Path(str(files("tfc.zoo"))).glob("*.pt2"))


def check_models(models: Sequence[Path]) -> None:
    """Each is there, before any work."""
    for model in models:
        if not (model.is_file() or (model / "report.json").is_file()):
            raise Diagnostic(f"{model} is neither a model nor a compiled folder", help="a .pt2 or .pt file, or what `tfc compile` wrote")


def measure_model(model: Path, target: str, work: Path) -> ModelCost:
    """Of a compiled folder; or of a model file, which is compiled for the target, with random calibration: time and memory hardly know it."""
    if model.is_dir():
        return cost_of(load(model))
    from tfc.compiler import compile  # brings torch, which kernels do without

    return cost_of(compile(model, target=target, calib="random", output=work / model.stem))


def cost_of(compiled: Compiled) -> ModelCost:
    report = compiled.report
    _, run = compiled.emulate([x[0] for x in compiled.golden("inputs")], timing="full")
    assert run.profile is not None
    return ModelCost(
        model=report["model"],
        target=report["target"],
        instructions=run.instructions,
        cycles=round(run.profile.cycles),
        ms=round(run.profile.ms, 3),
        error_percent=run.profile.error_percent,
        ram_bytes=report["ram"]["total_bytes"],
        flash_bytes=report["flash"]["total_bytes"],
        macs=sum(node["macs"] for node in report["nodes"]),
        nonzero_macs=sum(node["nonzero_macs"] for node in report["nodes"]),
    )
