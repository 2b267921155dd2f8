"""Run a bench: measure what is asked for, keep what was measured, write the page."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tfc.backends.target import Target
from tfc.ir.diagnostic import Diagnostic

from .grid import Case
from .measure import measure
from .models import measure_model
from .page import page
from .results import Results, known_samples, save

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Files:
    """Where a bench is written: three files of one name, in a folder; or beside a page that is named."""

    page: Path

    @staticmethod
    def at(output: Path) -> Files:
        return Files(output if output.suffix == ".md" else output / "bench.md")

    @property
    def data(self) -> Path:
        return self.page.with_suffix(".json")

    @property
    def chart(self) -> Path:
        return self.page.with_suffix(".png")


def run(
    results: Results,
    cases: Sequence[Case],
    models: Sequence[Path],
    target: Target,
    files: Files | None = None,
    *,
    progress: Progress = lambda step: None,
) -> None:
    """Fill in the results, and write them where there are files to write; what these already hold is not measured again.

    When this is interrupted, the samples that there are stay in the data file, and the next run goes on from them.
    """
    known = known_samples(files.data) if files else {}
    if files:
        prepare(files.page.parent)
    try:
        with tempfile.TemporaryDirectory() as folder:
            work = Path(folder)
            for case in cases:
                progress(f"{case.kernel} {case.layer}")
                results.samples.append(measure(case, target, work, known))
            for model in models:
                progress(model.name)
                results.models.append(measure_model(model, target.name, work))
    except BaseException:
        if files and results.samples:
            merged = known | {sample.key: sample for sample in results.samples}
            save(Results(results.target, results.command, list(merged.values()), results.models), files.data)
        raise
    if files:
        write(results, files)


def prepare(folder: Path) -> None:
    """A folder to write to."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Diagnostic(f"{folder} is no folder: {error.strerror}", help="another one with -o") from None


def write(results: Results, files: Files) -> None:
    """Data, chart and page. Without samples there is nothing to draw."""
    from .chart import draw  # matplotlib is slow to load

    save(results, files.data)
    if results.samples:
        draw(results.samples, files.chart, f"Kernels on the emulated {results.target}")
    files.page.write_text(page(results, files.chart.name if results.samples else ""), encoding="utf-8", newline="\n")
