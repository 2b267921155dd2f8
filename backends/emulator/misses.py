"""What the caches missed: for each memory, whose lines had to be filled."""

from dataclasses import dataclass

import numpy as np

from .core import CoreState
from .image import Image
from .profile import NOT_CODE, Profile, symbol_in

HEAP_STARTS = ("end", "_end", "__end__", "__heap_start", "__HeapBase", "_sheap")


@dataclass(frozen=True)
class Misses:
    """Lines of one memory that were filled for one symbol, and the cycles that they took. Instructions are by function."""

    memory: str
    kind: str
    symbol: str
    count: int
    cycles: float


def misses_of(image: Image, core: CoreState, profile: Profile, stack: range) -> list[Misses]:
    """Of the run that was counted last, the most first. A line counts for the last symbol that it overlaps."""
    fill = {memory.name: memory.line_fill_cycles for memory in core.regions}
    symbols = sorted((symbol for symbol in image.symbols.values() if symbol.size), key=lambda symbol: symbol.address)
    counts: dict[tuple[str, str, str], int] = {}
    for memory in core.regions:
        for part in profile.functions:
            counts[memory.name, "instruction", part.name] = part.events[f"{memory.name}_instruction_misses"]
        fills = core.fills[memory.name]
        line = memory.size // len(fills)
        for index in np.flatnonzero(fills).tolist():
            start = memory.base + index * line
            name = symbol_in(symbols, start, line)
            key = memory.name, "data", name if name != NOT_CODE else place_of(image, start, line, stack)
            counts[key] = counts.get(key, 0) + int(fills[index])
    found = [Misses(*key, count, count * fill[key[0]]) for key, count in counts.items() if count]
    return sorted(found, key=lambda one: (-one.cycles, one.memory, one.kind, one.symbol))


def place_of(image: Image, start: int, size: int, stack: range) -> str:
    """A line of no symbol: of the stack, or behind where the heap begins."""
    if start < stack.stop and start + size > stack.start:
        return "stack"
    heap = next((image.symbols[name].address for name in HEAP_STARTS if name in image.symbols), None)
    return "heap" if heap is not None and heap <= start < stack.start else "unknown"
