"""The benchmark page: the tables and the chart, and the command that remakes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

import jinja2

from . import tables
from .reference import references
from .results import Results


def page(results: Results, chart: str) -> str:
    """Markdown; `chart` is the file name of the chart, empty if there is none."""
    environment = jinja2.Environment(trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined, autoescape=False)
    environment.filters["table"] = table
    template = environment.from_string(files("tfc.bench").joinpath("page.md").read_text(encoding="utf-8"))
    text = template.render(
        target=results.target,
        command=results.command,
        chart=chart,
        source=references().source.replace("\n", " "),
        compared=tables.compared(results),
        break_even=tables.break_even(results),
        products=tables.products(results.samples),
        elements=tables.elements(results.samples),
        models=tables.models(results),
    )
    lines = [line.rstrip() for line in text.splitlines()]
    return "\n".join(line for line, before in zip(lines, ["", *lines], strict=False) if line or before) + "\n"


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows of equal keys; columns of figures stand at the right."""
    columns = [[row[key] for row in rows] for key in rows[0]]
    lines = [list(rows[0]), ["---:" if any(map(is_figure, column)) else "---" for column in columns]]
    lines += [[f"{value:,}" if isinstance(value, int) else value for value in row.values()] for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def is_figure(value: Any) -> bool:
    return isinstance(value, int) or (value[:1].isdigit() and not value[-1].isalpha()) or value[:2] in ("< ", "> ")
