"""What a kernel costs: the work that it does, scratch and flash. A target's fit tells the cycles of each unit of work, memory and branches included."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tfc.ir.int_rules import Call

from .formats import format_named
from .measures import once
from .target import Target

Work = dict[str, float]  # how much of what, by the names of rates; CYCLES are known without any
CYCLES = "cycles"
TABLE_BYTES = 1024


@dataclass(frozen=True)
class Cost:
    """Cycles of one run, bytes of scratch while it runs, bytes of constants in flash (the code of kernels is shared); `work` is what takes the cycles."""

    cycles: float = 0.0
    scratch: int = 0
    flash: int = 0
    work: Mapping[str, float] = field(default_factory=dict, compare=False, repr=False)

    def __add__(self, other: Cost) -> Cost:
        """One after the other: scratch is used again."""
        return Cost(self.cycles + other.cycles, max(self.scratch, other.scratch), self.flash + other.flash, added(self.work, other.work))


def cost(target: Target, work: Work, *, scratch: int = 0, flash: int = 0) -> Cost:
    """Of this work on this chip."""
    rates = target.fit.rates
    return Cost(sum(count if name == CYCLES else rates[name] * count for name, count in work.items()), scratch, flash, work)


def added(*parts: Mapping[str, float]) -> Work:
    """All work together."""
    total: Work = {}
    for part in parts:
        for name, count in part.items():
            total[name] = total.get(name, 0.0) + count
    return total


def of(prefix: str, **counts: float) -> Work:
    """Units of one kind: `prefix.name`, without those that there are none of."""
    return {f"{prefix}.{name}": count for name, count in counts.items() if count}


def elements(target: Target, kernel: str, count: int, *, rows: int = 0, flash: int = 0) -> Cost:
    """A kernel whose work is proportional to a number of elements and to the number of rows in which they lie: by fours, the rest of a row one by one."""
    rest = rows * (count // rows % 4) if rows else 0
    return cost(target, {kernel: 1.0} | of(kernel, element=count - rest, row=rows, rest=rest), flash=flash)


def weighted_flash(call: Call, form: str) -> int:
    """Weights in their format, bias and multipliers, an activation table."""
    w = call.graph.constant(call.node.operands[1])
    out = call.operands[1].shape[0]
    stored = 0 if w is None else once(format_named(form).size, w)
    return stored + 8 * out + (TABLE_BYTES if call.attr("activation") else 0)


def endings(call: Call, kernel: str, results: float, rows: float) -> Work:
    """What results take beyond the plain ending, where sums go through memory by so many rows."""
    there = {"activation": call.attr("activation"), "clamp": call.attr("clamp"), "residual": len(call.operands) > 3}
    return of(kernel, ended=rows * any(there.values()), **{name: results for name, is_there in there.items() if is_there})


def direct_endings(call: Call, kernel: str, results: float, rows: float) -> Work:
    """Of kernels that store sums only for residuals and int16. A table is made ready once: a clamp fills one, others come from flash."""
    looks_up = bool(call.attr("activation") or call.attr("clamp"))
    ready = of(kernel, table=1.0) if looks_up else {}
    if len(call.operands) > 3 or call.node.type.dtype == "i16":
        return of(kernel, sum=results) | endings(call, kernel, results, rows) | ready
    return of(kernel, looked_up=results) | ready if looks_up else {}
