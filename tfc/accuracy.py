"""How often a classifier is right, class by class."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tfc.ir.diagnostic import Diagnostic
from tfc.ir.graph import Tensor

LABELLED = 20  # classes up to which a chart has room for numbers


@dataclass(frozen=True)
class Accuracy:
    """How often each class (row) was taken for each (column), and the speed of finding out."""

    counts: Tensor
    images_per_second: float

    @property
    def samples(self) -> int:
        return int(self.counts.sum())

    @property
    def top1(self) -> float:
        """Per cent."""
        return float(100 * np.trace(self.counts) / self.samples)

    def by_class(self) -> list[dict[str, Any]]:
        """For each class its samples, how many of them and what share were right, and what the others were mostly taken for."""
        rows = []
        for number, row in enumerate(self.counts):
            wrong, samples, right = row.copy(), int(row.sum()), int(row[number])
            wrong[number] = 0
            rows.append(
                {
                    "class": number,
                    "samples": samples,
                    "right": right,
                    "top1": round(100 * right / samples, 2) if samples else None,
                    "mostly_taken_for": int(wrong.argmax()) if wrong.any() else None,
                }
            )
        return rows

    def as_json(self) -> dict[str, Any]:
        numbers = {"top1": self.top1, "samples": self.samples, "images_per_second": self.images_per_second}
        return {**numbers, "classes": self.by_class(), "confusion": self.counts.tolist()}

    def draw(self, path: Path) -> None:
        """The counts as a chart, shaded by their share of a row; equal counts give equal bytes."""
        from matplotlib.figure import Figure

        classes = len(self.counts)
        side = min(3 + 0.5 * classes, 12)
        figure = Figure(figsize=(side, side), layout="constrained")
        axes = figure.add_subplot()
        shares = self.counts / np.maximum(self.counts.sum(axis=1, keepdims=True), 1)
        axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
        if classes <= LABELLED:
            axes.set_xticks(range(classes))
            axes.set_yticks(range(classes))
            for row, column in np.argwhere(self.counts):
                colour = "white" if shares[row, column] > 0.5 else "black"
                axes.text(column, row, f"{self.counts[row, column]}", ha="center", va="center", color=colour, fontsize="small")
        axes.set(xlabel="taken for", ylabel="class", title=f"top-1 {self.top1:.2f} % of {self.samples:,} samples")
        try:
            figure.savefig(path, format="png", dpi=100, metadata={"Software": None})
        except OSError as error:
            raise Diagnostic(f"{path} cannot be written: {error.strerror}") from None
