"""Where a program spends its time: its hottest blocks, and when each of their instructions issues."""

from dataclasses import dataclass

import numpy as np

from .counting import Counting
from .issue import Issued
from .pipeline import schedule
from .profile import Clock


@dataclass(frozen=True)
class HotBlock:
    """Straight code. `cycles` are those of all executions, `events` what of them the pipeline did not cause."""

    where: str
    executions: int
    instructions: int
    cycles: float
    events: dict[str, int]
    code: tuple[Issued, ...]

    @property
    def cycles_each(self) -> float:
        """On average."""
        return self.cycles / self.executions


def hot_blocks(counting: Counting, clock: Clock, count: int) -> list[HotBlock]:
    """The blocks that took the most cycles of the run that was counted last. One that ran for several nodes is one."""
    penalties, ran = counting.core.penalties, np.flatnonzero(counting.blocks["count"])
    spent: dict[tuple[int, int], float] = {}
    rows: dict[tuple[int, int], list[int]] = {}
    for row in ran.tolist():
        block = counting.blocks[row]
        key = int(block["address"]), int(block["size"])
        spent[key] = spent.get(key, 0.0) + clock.static_cycles(block) + float(counting.events[row] @ penalties)
        rows.setdefault(key, []).append(row)
    hottest = sorted(spent, key=lambda key: (-spent[key], key))[:count]
    return [hot_block(counting, clock, key, rows[key], spent[key]) for key in hottest]


def hot_block(counting: Counting, clock: Clock, key: tuple[int, int], rows: list[int], cycles: float) -> HotBlock:
    """Of several records of the same code."""
    instructions = clock.instructions(*key)
    events = counting.events[rows].sum(axis=0).tolist()
    return HotBlock(
        where=clock.image.where(key[0]),
        executions=int(counting.blocks["count"][rows].sum()),
        instructions=len(instructions),
        cycles=cycles,
        events={name: int(events[index]) for index, name in enumerate(counting.core.events) if events[index]},
        code=tuple(schedule(instructions, clock.target.pipeline)),
    )
