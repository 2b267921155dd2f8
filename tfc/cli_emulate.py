"""The verb about any program: how long it takes on the chip, and where."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from tfc.cli_text import Json, TargetName, console, print_json, show

LIMIT = 10**9
ANNOTATED = "10"  # blocks


class Emulate(TyperCommand):
    """A command whose --annotate may stand without its number."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        filled = []
        for arg, after in zip(args, [*args[1:], ""], strict=True):
            filled += [arg, ANNOTATED] if arg == "--annotate" and not after.isdigit() else [arg]
        return super().parse_args(ctx, filled)


def number(text: str) -> int | str:
    """A decimal or hexadecimal number of 32 bits; other words are symbols."""
    text = text.strip()
    if re.fullmatch(r"[A-Za-z_.$][\w.$]*", text):
        return text
    if not re.fullmatch(r"-?(\d+|0[xX][0-9a-fA-F]+)", text):
        raise typer.BadParameter(f"'{text}' is neither a number nor a symbol", param_hint="--args")
    value = int(text, 16) if "x" in text.lower() else int(text)
    if not -(1 << 31) <= value < 1 << 32:
        raise typer.BadParameter(f"{text} does not fit 32 bits", param_hint="--args")
    return value


def tell(text: str) -> None:
    """Pass on what the program writes."""
    print(text, end="", flush=True)


def emulate(
    elf: Annotated[Path, typer.Argument(help="A bare-metal program for a Cortex-M7, with its symbols.")],
    target: TargetName,
    entry: Annotated[str | None, typer.Option(metavar="SYMBOL", help="Call this function instead of starting from reset.")] = None,
    args: Annotated[str | None, typer.Option(metavar="16,0x40,table", help="Its arguments: numbers, and symbols for their addresses.")] = None,
    blocks: Annotated[int, typer.Option(min=0, metavar="N", help="Also the N blocks that took the most cycles.")] = 0,
    annotate: Annotated[int, typer.Option(min=0, metavar="[N]", help="Show how the instructions of the N hottest blocks issue; N is 10 if left out.")] = 0,
    trace_memory: Annotated[bool, typer.Option("--trace-memory", help="Also cache misses, by memory and symbol.")] = False,
    limit: Annotated[int, typer.Option(min=1, metavar="N", help="Give up after so many instructions.")] = LIMIT,
    as_json: Json = False,
) -> None:
    """Run a program on the emulated chip and say what each of its functions costs.

    It runs from reset until it exits by semihosting. With --entry one function is called, with memory as start-up code leaves it
    (data initialised, the rest zero, the FPU on), until it returns; the result is then r0.
    """
    from tfc import emulation
    from tfc.backends.emulator.hot import hot_blocks
    from tfc.backends.emulator.misses import misses_of
    from tfc.backends.emulator.program import Program, unheard
    from tfc.backends.target import load_target

    if args and entry is None:
        raise typer.BadParameter("arguments are those of a function: --entry SYMBOL", param_hint="--args")
    given = [number(text) for text in args.split(",")] if args else []
    program = Program(elf, load_target(target))
    say = unheard if as_json else tell
    if entry is None:
        execution = program.run(limit=limit, say=say)
    else:
        execution = program.call(entry, [program.address(one) if isinstance(one, str) else one for one in given], limit=limit, say=say)
    hot = hot_blocks(program.counting, program.clock, max(blocks, annotate))
    misses = misses_of(program.image, program.counting.core, execution.profile, execution.stack) if trace_memory else None
    if as_json:
        return print_json(emulation.as_json(execution, hot, annotate, misses))
    whole = execution.profile.cycles
    for title, rows in emulation.tables(execution, hot[:blocks], misses or []):
        show(emulation.with_share(rows, whole), title=title)
    for block in hot[:annotate]:
        console.print("", *emulation.annotation(block, whole), sep="\n", markup=False)
    console.print("", *emulation.summary(execution), sep="\n", markup=False)
    return None
