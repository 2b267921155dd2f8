"""Verbs about tfc itself: passes on text, and lists of what there is."""

from __future__ import annotations

import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from tfc.cli_text import Check, Json, TargetName, console, errors, print_json, show
from tfc.ir.diagnostic import Diagnostic


def opt(
    file: Annotated[str, typer.Argument(help="A .tfir file, its tensors beside it; - is standard input.")],
    passes: Annotated[str, typer.Option(help='A pipeline: "a,b{k=v}". `tfc passes` lists them.')] = "",
    target: TargetName = "stm32f746",
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Write text and tensors there instead of text to stdout.")] = None,
    print_after: Annotated[str | None, typer.Option(help="Print the graph after this pass, or after `all`, to stderr.")] = None,
    times: Annotated[bool, typer.Option("--time", help="Print how long each pass took, to stderr.")] = False,
    check: Check = False,
) -> None:
    """Run passes on the text of a graph."""
    from tfc.backends.target import load_target
    from tfc.checking import Checking
    from tfc.ir.text import parse_graph, print_graph
    from tfc.ir.verify import verify as verify_graph
    from tfc.ir.weights import load_graph, save_graph
    from tfc.passes.pipeline import Pass, parse_pipeline, run_pipeline

    pipeline = parse_pipeline(passes)
    if print_after not in (None, "all", *(step.name for step in pipeline)):
        raise Diagnostic(f"'{print_after}' is not in this pipeline", help=f"its passes: {', '.join(str(step) for step in pipeline)}")
    graph = parse_graph(sys.stdin.read()) if file == "-" else load_graph(Path(file))
    verify_graph(graph)
    checking = Checking() if check else None
    if checking:
        checking.start(graph)
    started = time.perf_counter()

    def after(step: Pass, result: Any) -> None:
        nonlocal started
        if times:
            errors.print(f"{step}: {time.perf_counter() - started:.3f} s, {len(result)} nodes", markup=False)
        if print_after in ("all", step.name):
            errors.print(f"// after {step}\n{print_graph(result)}", markup=False)
        if checking:
            checking(step, result)
        started = time.perf_counter()

    graph = run_pipeline(graph, load_target(target), pipeline, hook=after)
    if checking:
        errors.print(checking.summary)
    if output:
        save_graph(graph, output)
    else:
        print(print_graph(graph), end="")


def described(items: list[dict[str, Any]], as_json: bool) -> None:
    print_json(items) if as_json else show(items)


def ops(
    name: Annotated[str | None, typer.Argument(help="Everything about one operator.")] = None,
    as_json: Json = False,
) -> None:
    """List the operators: in which types, what they compute, what is refused.

    Under int16 stand the operands that may be so, and the result if it may; all others are rescaled to int8 first.
    """
    from tfc.operators import operator, operators

    if name is not None:
        one = asdict(operator(name))
        print_json(one) if as_json else show_one(one)
        return
    everything = operators()
    if as_json:
        print_json([asdict(item) for item in everything])
        return
    alike: dict[tuple[str, ...], list[str]] = {}
    for item in everything:
        alike.setdefault((", ".join(item.dtypes), item.wide, item.does, item.limits), []).append(item.name)
    show([dict(zip(("name", "types", "int16", "does", "limits"), (", ".join(names), *row), strict=True)) for row, names in alike.items()], width=width())


def show_one(item: dict[str, Any]) -> None:
    """A line for each fact; lists wrap behind its name."""
    table = Table(box=None, pad_edge=False, show_header=False)
    for key, value in item.items():
        if value:
            text = "\n".join(f"{k}: {v}" for k, v in value.items()) if isinstance(value, dict) else value if isinstance(value, str) else ", ".join(value)
            table.add_row(key, escape(text))
    console.print(table, width=width(), soft_wrap=False)


def width() -> int:
    """Of tables whose cells are sentences."""
    return min(console.width, 120)


def passes(as_json: Json = False) -> None:
    """List the passes."""
    from tfc.passes.pipeline import PASSES, Pass

    described(
        [{"name": Pass(item).name, "options": ", ".join(Pass(item).options), "does": first_line(sys.modules[item.__module__].__doc__)} for item in PASSES],
        as_json,
    )


def kernels(as_json: Json = False) -> None:
    """List the kernels."""
    from tfc.backends.kernels import KERNELS

    described([{"name": name, "operators": ", ".join(kernel.ops), "does": first_line(kernel.doc)} for name, kernel in KERNELS.items()], as_json)


def targets(as_json: Json = False) -> None:
    """List the chips: clock, what a model may use, memories, and by how many per cent emulated cycles may be off."""
    from tfc.backends.target import load_target
    from tfc.backends.target import targets as names

    chips = [load_target(name) for name in names()]
    rows = [{"name": chip.name, "core": chip.core, "MHz": chip.clock_hz // 10**6, "RAM": chip.ram_bytes, "flash": chip.flash.size} for chip in chips]
    sizes = [{memory.name: memory.size for memory in chip.memories} for chip in chips]
    if as_json:
        print_json([{**row, "memories": size, "error_percent": chip.error_percent} for row, size, chip in zip(rows, sizes, chips, strict=True)])
    else:
        texts = [", ".join(f"{name} {size >> 10}K" for name, size in of.items()) for of in sizes]
        show([{**row, "memories": text, "cycles": f"±{chip.error_percent:g} %"} for row, text, chip in zip(rows, texts, chips, strict=True)])


def first_line(text: str | None) -> str:
    return (text or "").strip().splitlines()[0] if text else ""
