"""What comparing the roads found, and what quantization costs where."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tfc.ir.diagnostic import Diagnostic
from tfc.ir.graph import Graph


@dataclass(frozen=True)
class Verdict:
    """Which samples differ from the evaluator, by road; and how far the integers are from the float model.

    `golden` are the samples for which the compiled graph itself no longer gives the outputs that were noted before its kernels were
    chosen; None where others than the golden samples were compared.
    """

    samples: int
    differing: Mapping[str, Sequence[int]]
    golden: Sequence[int] | None
    mean_abs_error: float
    cosine: float
    top1_agreement: float

    @property
    def mismatches(self) -> dict[str, int]:
        """How many samples differ, by road."""
        return {road: len(samples) for road, samples in self.differing.items()}

    def error(self, *, searched: bool) -> Diagnostic | None:
        """What to raise; `searched` says that the first difference is known."""
        if any(self.differing.values()):
            return Diagnostic("the roads differ: this is an error of tfc", help=None if searched else "run with --find: it names the first node that differs")
        if self.golden:
            message = f"{len(self.golden)} samples differ from golden/outputs.npz, though the roads agree: a pass changed a bit"
            return Diagnostic(message, help="tfc compile --check names the pass")
        return None

    def as_json(self) -> dict[str, Any]:
        distance = {"mean_abs_error": self.mean_abs_error, "cosine": self.cosine, "top1_agreement": self.top1_agreement}
        golden = None if self.golden is None else len(self.golden)
        return {"samples": self.samples, "mismatches": self.mismatches, "golden_mismatches": golden, "float": distance}


def noisiest(graph: Graph, report: Mapping[str, Any], count: int) -> list[dict[str, Any]]:
    """The nodes farthest from the float model, by signal-to-noise ratio in decibels.

    `inputs_db` is the lowest ratio of what a node reads: a node far below it loses something itself.
    """
    ratios = {row["name"]: row["snr_db"] for row in report["nodes"] if row["snr_db"] is not None}
    rows = []
    for row in sorted((row for row in report["nodes"] if row["name"] in ratios), key=lambda row: ratios[row["name"]])[:count]:
        read = [ratios[name] for name in graph[row["name"]].operands if name in ratios]
        rows.append({"name": row["name"], "op": row["op"], "snr_db": row["snr_db"], "inputs_db": min(read, default=None), "source": row["source"]})
    return rows
