"""What a real board printed, beside the model: the self-test of `tfc compile --times` prints the cycles of each node."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import prod
from pathlib import Path
from typing import Any

from tfc.backends.fits import ALL, WEIGHTED, Fit, Range
from tfc.backends.kernels import KERNELS
from tfc.compiled import Compiled
from tfc.ir.diagnostic import Diagnostic
from tfc.ir.int_rules import Call

from .fit import Row, errors_of, solve

LINE = re.compile(r"tfc node (\d+) cycles (\d+)")


@dataclass(frozen=True)
class Timed:
    """A node, and the cycles that a board took for it."""

    name: str
    row: Row

    def as_json(self) -> dict[str, Any]:
        model, board = round(self.row.cost.cycles), round(self.row.cycles)
        return {"name": self.name, "kernel": self.row.kernel, "model": model, "board": board, "off_percent": round(100 * (model / board - 1), 1)}


def log_lines(cycles: Iterable[tuple[int, float]]) -> str:
    """Nodes by their number, in the form that a board prints."""
    return "".join(f"tfc node {node} cycles {round(count)}\n" for node, count in cycles)


def read_log(path: Path, compiled: Compiled) -> list[Timed]:
    """The nodes of a compiled folder as a log of its self-test timed them; other lines of the log do not count, of a node the last does."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise Diagnostic(f"{path}: {error.strerror}") from None
    cycles = {int(node): int(count) for node, count in LINE.findall(text)}
    scheduled = dict(compiled.scheduled())
    if not cycles:
        raise Diagnostic(f"{path} has no line 'tfc node … cycles …'", help="flash what `tfc compile --times` built, and keep what its self-test prints")
    if unknown := set(cycles) - set(scheduled):
        raise Diagnostic(f"{path} times node {min(unknown)}, which {compiled.folder} has not", help="the log of another model")
    if any(count <= 0 for count in cycles.values()):
        raise Diagnostic(f"{path} has nodes of no cycles", help="the cycle counter of the core did not count")
    return [Timed(scheduled[index].name, row_of(compiled, index, count)) for index, count in cycles.items()]


def row_of(compiled: Compiled, index: int, cycles: int) -> Row:
    graph, node = compiled.graph, dict(compiled.scheduled())[index]
    call = Call(node, tuple(graph[name].type for name in node.operands), graph)
    kernel = str(node.attrs["kernel"])
    cost = KERNELS[kernel].bid(call, compiled.target)
    if cost is None:
        raise Diagnostic(f"{kernel} bids nothing for %{node.name}", help="compile the model again: this folder is of another version")
    weights = call.operands[1].shape if node.op in WEIGHTED else (0,)
    return Row(kernel, cost, cycles, Range(prod(weights[1:-1]), prod(weights), node.type.size))


def refitted(before: Fit, target: str, timed: Sequence[Timed]) -> Fit:
    """The fit that is nearest to another one and to these nodes; its errors are those on them."""
    rows = [one.row for one in timed]
    rates = solve(rows, before.rates)
    errors = {name: errors_of([row for row in rows if name in (ALL, row.kernel)], rates) for name in (ALL, *sorted({row.kernel for row in rows}))}
    return replace(before, target=target, rates={name: float(f"{rate:.4g}") for name, rate in rates.items()}, errors={**before.errors, **errors})
