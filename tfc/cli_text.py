"""What the command line reads and prints."""

from __future__ import annotations

import json
import re
import sys
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

errors = Console(stderr=True, highlight=False, soft_wrap=True)
console = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else 240)  # a pipe has no width to wrap at

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout and nothing else.")]
Check = Annotated[bool, typer.Option("--check", help="Evaluate the graph after each integer pass; name the pass that changes a bit.")]
TargetName = Annotated[str, typer.Option("--target", help="The chip; `tfc targets` lists them.")]


def parse_size(text: str) -> int:
    """`300K`, `1M` or plain bytes."""
    match = re.fullmatch(r"(\d+)([KkMm]?)", text)
    if match is None:
        raise typer.BadParameter(f"'{text}' is not a size: bytes, or 300K, or 1M")
    return int(match[1]) * {"": 1, "k": 1 << 10, "m": 1 << 20}[match[2].lower()]


def parse_shape(text: str) -> tuple[int, ...]:
    """`1,3,32,32`"""
    if re.fullmatch(r"[1-9]\d{0,8}(,[1-9]\d{0,8})*", text) is None:
        raise typer.BadParameter(f"'{text}' is not a shape: positive numbers, as in 1,3,32,32")
    return tuple(int(n) for n in text.split(","))


Size = Annotated[int | None, typer.Option(parser=parse_size, metavar="SIZE")]


def print_json(value: Any) -> None:
    print(json.dumps(value, indent=1))


def table_of(rows: list[dict[str, Any]], title: str = "", width: int | None = None) -> Table:
    """Rows of equal keys; numbers to the right. `width` is that of sentences that wrap."""
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for key, value in rows[0].items():
        table.add_column(key, justify="right" if isinstance(value, int | float) else "left", no_wrap=key == "name" and width is None)
    for row in rows:
        table.add_row(*(f"{value:,}" if isinstance(value, int) else escape(str(value)) for value in row.values()))
    return table


def show(rows: list[dict[str, Any]], title: str = "", width: int | None = None) -> None:
    """Print a table."""
    console.print(table_of(rows, title, width), width=width, soft_wrap=width is None)
