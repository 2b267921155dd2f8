"""Chips, and ways to choose kernels, RAM and rows: what a network is tried under."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from tfc.backends.target import Target, load_target
from tfc.ir.graph import Graph
from tfc.passes.lifetimes import live_bytes
from tfc.passes.pipeline import choosing_passes
from tfc.passes.rows import ROWS, is_rowwise
from tfc.passes.stream_rows import region_between, why_not

TARGETS = ("stm32f746", "stm32h743")  # of the first the memories touch, of the second they lie apart
SMALL_POOL = 4096  # bytes
REACH = 12  # nodes behind the first one, among which a region may end


@dataclass(frozen=True)
class Setting:
    """What kernels are chosen for, in which share of the RAM that the values take at once, whether maps are computed by rows
    wherever they can be, not only where that lowers the peak, and the chip."""

    objective: str
    ram_share: float | None = None
    rows: bool = False
    target: str = TARGETS[0]

    @property
    def chip(self) -> Target:
        """The target; of pools that lie apart the first one is so small that some networks take others too."""
        chip = load_target(self.target)
        if len(chip.spans) == 1:
            return chip
        first = replace(chip.pools[0], size=SMALL_POOL)
        return replace(chip, pools=(first, *chip.pools[1:]), memories=tuple(first if memory.name == first.name else memory for memory in chip.memories))

    def passes(self, scheduled: Graph) -> str:
        """The pipeline from a schedule to places."""
        ram = None if self.ram_share is None else int(self.ram_share * max(live_bytes(scheduled)))
        streams = [f"stream-rows{{first={first},last={last},rows={rows}}}" for first, last, rows in regions(scheduled)] if self.rows else []
        return ",".join([*streams, choosing_passes(self.objective, ram)])


WAYS = (Setting("latency"), Setting("ram", rows=True), Setting("flash"), Setting("latency", 0.6, rows=True))


def settings(targets: Sequence[str] = TARGETS) -> list[Setting]:
    """All ways on each chip."""
    return [replace(way, target=target) for target in targets for way in WAYS]


def regions(graph: Graph) -> Iterator[tuple[str, str, int]]:
    """Regions that share no node, each as long as it can be: first value, last value, and how many rows of it at a time."""
    names = [node.name for node in graph if node.op != "const"]
    done: set[str] = set()
    for index, first in enumerate(names):
        if first in done or not is_rowwise(graph, graph[first]):
            continue
        for last in reversed(names[index : index + REACH]):
            inside, height = region_between(graph, first, last), graph[last].type.shape[ROWS] if is_rowwise(graph, graph[last]) else 0
            if height > 1 and len(inside) > 1 and not done & set(inside) and why_not(graph, inside, last) is None:
                done |= set(inside)
                yield first, last, 1 + (index % (height - 1))
                break
