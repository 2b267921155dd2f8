"""Curves of trainings as PNG."""

import csv
from collections.abc import Mapping
from pathlib import Path

from matplotlib.figure import Figure


def draw(metrics: Mapping[str, Path], out: Path) -> None:
    """Loss and validation top-1 over the epochs of each training, one after the other; `metrics` maps names to the CSV files.

    FileNotFoundError if a training has left none.
    """
    figure = Figure(figsize=(9, 6), layout="constrained")
    loss, top1 = figure.subplots(2, 1, sharex=True)
    loss.set_ylabel("training loss")
    top1.set_ylabel("validation top-1, %")
    top1.set_xlabel("epoch")
    begun = 0
    for name, path in metrics.items():
        with path.open(newline="") as file:
            rows = [{key: float(value) for key, value in row.items()} for row in csv.DictReader(file)]
        epochs = [begun + row["epoch"] for row in rows]
        loss.plot(epochs, [row["loss"] for row in rows], marker=".", label=name)
        top1.plot(epochs, [row["top1"] for row in rows], marker=".", label=f"{name}: {rows[-1]['top1']:.2f} %")
        begun += len(rows)
    for axes in (loss, top1):
        axes.grid(alpha=0.3)
        axes.legend()
    figure.savefig(out, dpi=120)
