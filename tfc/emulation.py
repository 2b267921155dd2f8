"""What an emulated program cost, as rows for tables and for JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise
from typing import Any

from tfc.backends.emulator.hot import HotBlock
from tfc.backends.emulator.misses import Misses
from tfc.backends.emulator.profile import Profile
from tfc.backends.emulator.program import Execution

Row = dict[str, Any]
MOST = 24  # symbols that a reader wants to see


def whole_numbers(parts: Sequence[float]) -> list[int]:
    """Each within one of its part, and their sum that of the parts, rounded."""
    return [round(after) - round(before) for before, after in pairwise(accumulate(parts, initial=0.0))]


def functions(profile: Profile) -> list[Row]:
    """A row each, the slowest first; together they are the whole."""
    parts = sorted(profile.functions, key=lambda part: (-part.cycles, part.name))
    cycles = whole_numbers([part.cycles for part in parts])
    return [
        {"name": part.name, "calls": part.events["calls"], "instructions": part.instructions, "cycles": spent}
        for part, spent in zip(parts, cycles, strict=True)
    ]


def totals(execution: Execution) -> Row:
    """The whole run."""
    profile, events = execution.profile, execution.profile.whole.events
    return {
        "instructions": profile.whole.instructions,
        "cycles": round(profile.cycles),
        "ms": round(profile.ms, 6),
        "error_percent": profile.error_percent,
        "instructions_per_cycle": round(profile.whole.instructions / max(profile.cycles, 1), 3),
        "mispredicts": events["mispredicts"],
        "instruction_misses": ending(events, "_instruction_misses"),
        "data_misses": ending(events, "_data_misses"),
        "unaligned_loads": events["unaligned_loads"],
        "stack_bytes": len(execution.stack),
        "result": execution.result,
    }


def ending(events: dict[str, int], end: str) -> int:
    """The sum over all memories."""
    return sum(count for name, count in events.items() if name.endswith(end))


def blocks(hot: Sequence[HotBlock]) -> list[Row]:
    return [
        {
            "name": block.where,
            "executions": block.executions,
            "instructions": block.executions * block.instructions,
            "cycles": round(block.cycles),
            "cycles_each": round(block.cycles_each, 2),
        }
        for block in hot
    ]


def code(block: HotBlock) -> list[Row]:
    """Its instructions: the cycle of issue from the block's start, the slot, and what was in the way."""
    return [
        {"address": one.instruction.address, "text": one.instruction.text, "cycle": one.cycle, "slot": one.slot, "reason": one.reason} for one in block.code
    ]


def memory(misses: Sequence[Misses]) -> list[Row]:
    return [{"memory": one.memory, "kind": one.kind, "name": one.symbol, "misses": one.count, "cycles": round(one.cycles)} for one in misses]


def by_memory(misses: Sequence[Misses]) -> list[Row]:
    """The sums of each memory."""
    keys = sorted({(one.memory, one.kind) for one in misses})
    return [row for key in keys for row in memory([Misses(*key, "", *sums([one for one in misses if (one.memory, one.kind) == key]))])]


def sums(misses: Sequence[Misses]) -> tuple[int, float]:
    return sum(one.count for one in misses), sum(one.cycles for one in misses)


def as_json(execution: Execution, hot: Sequence[HotBlock], annotated: int, misses: Sequence[Misses] | None) -> Row:
    """Everything that was asked for; the first blocks with their code."""
    row: Row = {**totals(execution), "output": execution.text, "functions": functions(execution.profile)}
    if hot:
        row["blocks"] = blocks(hot)
        for shown, block in zip(row["blocks"], hot[:annotated], strict=False):
            shown["code"] = code(block)
    return row if misses is None else {**row, "memory": memory(misses)}


def tables(execution: Execution, hot: Sequence[HotBlock], misses: Sequence[Misses]) -> Iterator[tuple[str, list[Row]]]:
    """Titles and rows for a reader, but for those without rows."""
    found = (
        ("by function", functions(execution.profile)),
        ("the hottest blocks", blocks(hot)),
        ("lines that the caches missed", by_memory(misses)),
        (f"for whom, the first {MOST}" if len(misses) > MOST else "for whom", memory(misses[:MOST])),
    )
    return ((f"\n{title}", rows) for title, rows in found if rows)


def with_share(rows: Sequence[Row], whole: float) -> list[Row]:
    """And what part of the whole the cycles are, for readers."""
    return [{**row, "share %": round(100 * row["cycles"] / max(whole, 1), 1)} for row in rows]


def summary(execution: Execution) -> Iterator[str]:
    """Lines for a reader."""
    row = totals(execution)
    error = f"± {row['error_percent']:g} %"
    yield f"result {row['result']} (0x{row['result'] & 0xFFFF_FFFF:08x})"
    yield (
        f"{row['instructions']:,} instructions, {row['cycles']:,} cycles {error}, {row['ms']:.4f} ms {error} at {execution.profile.clock_hz / 1e6:g} MHz, "
        f"{row['instructions_per_cycle']:.2f} instructions a cycle"
    )
    yield (
        f"{row['mispredicts']:,} mispredicted branches; {row['instruction_misses']:,} lines of instructions and {row['data_misses']:,} of data missed; "
        f"stack {row['stack_bytes']:,} bytes"
    )


def annotation(block: HotBlock, whole: float) -> Iterator[str]:
    """Lines for a reader: the block, what it cost, and each instruction in its cycle."""
    yield (
        f"{block.where}: {block.executions:,} times, {round(block.cycles):,} cycles ({100 * block.cycles / max(whole, 1):.1f} %), "
        f"{block.cycles_each:.2f} a time for {block.instructions} instructions"
    )
    costs = ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in block.events.items() if name != "calls")
    if costs:
        yield f"  beside the pipeline: {costs}"
    yield "  cycle  slot  address"
    for one in block.code:
        shown = f"{one.instruction.text:<40}; {one.reason}" if one.reason else one.instruction.text
        yield f"  {one.cycle:>5}  {one.slot:>4}  {one.instruction.address:08x}  {shown}"
