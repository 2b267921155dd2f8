"""Cycles of a run: what its blocks cost in the pipeline, and what happened beside it; by node, by function, by memory."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfc.backends.target import Target

from .counting import Counting, sums
from .decode import Decoded, decode
from .image import Image, Symbol
from .pipeline import block_cycles

NOT_CODE = "?"


@dataclass(frozen=True)
class Part:
    """What a node or function cost. `events` are counts by name; all but `calls`, of functions in it, cost cycles."""

    name: str
    instructions: int
    cycles: float
    events: dict[str, int]


@dataclass(frozen=True)
class Profile:
    """A run on the clock. The parts of `nodes` add up to `whole`, and so do those of `functions`.

    `data_misses` are counts by memory and symbol. Of a run that did not follow memory they are none, and what waiting for data costs
    is missing: `data_cycles`, which hardly depends on the input, can be taken from another run.
    """

    clock_hz: int
    error_percent: float
    whole: Part
    nodes: tuple[Part, ...]
    functions: tuple[Part, ...]
    data_misses: dict[str, dict[str, int]]
    data_cycles: float

    @property
    def cycles(self) -> float:
        return self.whole.cycles

    @property
    def ms(self) -> float:
        return self.milliseconds(self.cycles)

    @property
    def latency(self) -> dict[str, float | str]:
        """What a report says of it."""
        return {"cycles": round(self.cycles), "ms": round(self.ms, 4), "error_percent": self.error_percent, "source": "emulator"}

    def milliseconds(self, cycles: float) -> float:
        """At the target's clock."""
        return 1000 * cycles / self.clock_hz


class Clock:
    """Tells the cycles of what a `Counting` counted; each block is scheduled once."""

    def __init__(self, image: Image, target: Target) -> None:
        self.image, self.target = image, target
        self.code = sorted(image.code, key=lambda code: code.address)
        self.stretch = cache(self.decoded)
        self.cycles = cache(self.block)

    def decoded(self, index: int) -> tuple[tuple[Decoded, ...], list[int]]:
        """A stretch of code, and the addresses of its instructions."""
        instructions = decode(self.code[index])
        return instructions, [one.address for one in instructions]

    def instructions(self, address: int, size: int) -> tuple[Decoded, ...]:
        """Those of a block; none of code that the image does not know."""
        index = bisect_right(self.code, address, key=lambda code: code.address) - 1
        if index < 0 or address >= self.code[index].address + len(self.code[index].data):
            return ()
        instructions, addresses = self.stretch(index)
        first, last = (bisect_right(addresses, at - 1) for at in (address, address + size))
        return instructions[first:last]

    def block(self, address: int, size: int, taken: bool) -> float:
        """Static cycles; unknown code is taken for half-words of one cycle."""
        instructions = self.instructions(address, size)
        return block_cycles(instructions, self.target.pipeline, taken=taken) if instructions else size / 2

    def static_cycles(self, block: NDArray[Any]) -> float:
        """Of all times that a block ran, of which it was left by a branch `taken` times."""
        address, size, count, taken = (int(block[name]) for name in ("address", "size", "count", "taken"))
        return sum(times * self.cycles(address, size, went) for times, went in ((taken, True), (count - taken, False)) if times)

    def profile(self, counting: Counting) -> Profile:
        """Of the run that was counted last."""
        blocks, events, core = counting.blocks, counting.events, counting.core
        ran = np.flatnonzero(blocks["count"])
        blocks, events = blocks[ran], events[ran]
        static = np.array([self.static_cycles(block) for block in blocks])
        cycles = static + events @ core.penalties
        instructions = blocks["count"] * blocks["instructions"]
        functions = [*(function.name for function in self.image.functions), NOT_CODE]

        def parts(keys: NDArray[np.uint32], names: Sequence[str]) -> list[Part]:
            table = zip(names, *(sums(keys, numbers, len(names)).tolist() for numbers in (instructions, cycles, events)), strict=True)
            return [Part(name, count, spent, dict(zip(core.events, row, strict=True))) for name, count, spent, row in table]

        data = [name.endswith("_data_misses") for name in core.events]
        return Profile(
            clock_hz=self.target.clock_hz,
            error_percent=self.target.error_percent,
            whole=parts(np.zeros(len(ran), np.uint32), ["whole"])[0],
            nodes=tuple(parts(blocks["owner"], counting.tables.names)),
            functions=tuple(part for part in parts(blocks["function"], functions) if part.instructions),
            data_misses={memory.name: self.by_symbol(memory.base, core.fills[memory.name]) for memory in core.regions},
            data_cycles=float((events[:, data] @ core.penalties[data]).sum()),
        )

    def by_symbol(self, base: int, fills: NDArray[np.uint32]) -> dict[str, int]:
        """Filled lines by the symbol in which they end, the most first."""
        line = self.target.caches.line_bytes
        symbols = sorted((symbol for symbol in self.image.symbols.values() if symbol.size), key=lambda symbol: symbol.address)
        counts: dict[str, int] = {}
        for index in np.flatnonzero(fills).tolist():
            name = symbol_in(symbols, base + index * line, line)
            counts[name] = counts.get(name, 0) + int(fills[index])
        return dict(sorted(counts.items(), key=lambda item: -item[1]))


def symbol_in(symbols: Sequence[Symbol], start: int, size: int) -> str:
    """The last of the sorted symbols that a line overlaps."""
    index = bisect_right(symbols, start + size - 1, key=lambda symbol: symbol.address & ~1) - 1
    if index < 0 or symbols[index].address + symbols[index].size <= start:
        return NOT_CODE
    return symbols[index].name
