"""The command line."""

from __future__ import annotations

import json
import re
import sys
import time
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, NoReturn

import numpy as np
import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress, track
from rich.table import Table

from tfc.ir.diagnostic import Diagnostic

app = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
errors = Console(stderr=True, highlight=False, soft_wrap=True)
console = Console(highlight=False, soft_wrap=True)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout and nothing else.")]
TargetName = Annotated[str, typer.Option("--target", help="The chip; `tfc targets` lists them.")]


class Objective(StrEnum):
    LATENCY = "latency"
    RAM = "ram"
    FLASH = "flash"


class Road(StrEnum):
    EMULATOR = "emulator"
    HOST = "host"


def main() -> NoReturn:
    """Exit 0; 1 for a diagnostic, a mismatch or a model that does not fit; 2 for usage."""
    try:
        app()
    except Diagnostic as error:
        errors.print(f"error: {error}", markup=False)
        sys.exit(1)
    sys.exit(0)


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


def show(rows: list[dict[str, Any]], title: str = "") -> None:
    """Rows of equal keys as a table; numbers to the right."""
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for key, value in rows[0].items():
        table.add_column(key, justify="right" if isinstance(value, int | float) else "left", no_wrap=key == "name")
    for row in rows:
        table.add_row(*(f"{value:,}" if isinstance(value, int) else escape(str(value)) for value in row.values()))
    console.print(table)


@app.command()
def compile(
    model: Annotated[Path, typer.Argument(help="A file that torch.export.save (.pt2) or torch.jit.save (.pt) wrote.")],
    target: TargetName,
    shape: Annotated[list[str] | None, typer.Option(help="1,3,32,32: the shape of an input of a TorchScript trace; once for each input.")] = None,
    calib: Annotated[str | None, typer.Option(help="Samples of the input: a .npy, .npz, or a folder of images; or `random`.")] = None,
    output: Annotated[Path | None, typer.Option("-o", "--output", help="The folder to write; default: the model's name with .tfc.")] = None,
    ram: Size = None,
    flash: Size = None,
    reserve: Size = None,
    stack: Size = None,
    optimize: Annotated[Objective, typer.Option(help="What the choice between kernels minimises.")] = Objective.LATENCY,
    toolchain: Annotated[str, typer.Option(help="zig (comes with tfc) or gcc (arm-none-eabi-gcc).")] = "zig",
    rescue: Annotated[bool, typer.Option("--rescue", help="Search for channel scales and int16 values that quantization loses less with.")] = False,
    as_json: Json = False,
) -> None:
    """Compile a model into a folder: C project, firmware, report."""
    from tfc.compiler import STEPS
    from tfc.compiler import compile as compile_model
    from tfc.options import Options
    from tfc.report import explain_overflow

    sizes = {name: value for name, value in (("ram", ram), ("flash", flash), ("reserve", reserve), ("stack", stack)) if value is not None}
    with Progress(console=errors, transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task("", total=STEPS)
        options = Options(**sizes, optimize=optimize.value, toolchain=toolchain, rescue=rescue)
        shapes = [parse_shape(text) for text in shape] if shape else None
        done = compile_model(
            model,
            target=target,
            shapes=shapes,
            calib=calib,
            output=output,
            options=options,
            progress=lambda step: bar.update(task, description=step, advance=1),
        )
    report = done.report
    if as_json:
        print_json(report)
    else:
        memory, flash_use = report["ram"], report["flash"]
        optimal = "optimal" if memory["optimal"] else f"at least {memory['lower_bound_bytes']:,} are needed"
        console.print(f"{report['model']} for {report['target']}: {done.folder}")
        console.print(f"RAM    {memory['total_bytes']:>9,} of {memory['limit_bytes']:,} bytes (arena {memory['arena_bytes']:,}, {optimal})")
        console.print(f"flash  {flash_use['total_bytes']:>9,} of {flash_use['limit_bytes']:,} bytes (code {flash_use['code_bytes']:,})")
    if not done.fits:
        raise Diagnostic(
            f"{report['model']} does not fit {report['target']}\n{explain_overflow(done.graph, report)}",
            help="a smaller input or narrower layers; sparser weights save flash",
        )


@app.command()
def run(
    folder: Annotated[Path, typer.Argument(help="A folder that `tfc compile` wrote.")],
    input: Annotated[Path | None, typer.Option(help="One sample: .npy, .npz or a folder with an image; default: the first golden one.")] = None,
    on: Annotated[Road, typer.Option(help="Where it runs.")] = Road.EMULATOR,
    profile: Annotated[bool, typer.Option(help="Count for each node.")] = False,
    as_json: Json = False,
) -> None:
    """Run one inference and print the outputs and what they cost."""
    from tfc.compiled import load
    from tfc.data import quantize_inputs, read_inputs

    compiled = load(folder)
    samples = compiled.golden("inputs") if input is None else quantize_inputs(compiled.graph, read_inputs(input, compiled.graph))
    if on is Road.HOST:
        if profile:
            raise Diagnostic("only the emulator counts instructions", help="--on emulator")
        values = [y.reshape(-1).tolist() for y in compiled.to_float(compiled.host.run([x[0] for x in samples]))]
        return print_json({"outputs": values}) if as_json else print_outputs(compiled.graph.results, values)
    outputs, counted = compiled.emulate([x[0] for x in samples], watch=profile)
    values = [y.reshape(-1).tolist() for y in compiled.to_float(outputs)]
    by_name = {count.name: count.instructions for count in counted.nodes}
    nodes = [
        {"name": node.name, "kernel": node.attrs["kernel"], "instructions": by_name.get(f"tfc_node_{index}", 0), "cycles": None}
        for index, node in compiled.scheduled()
    ]
    result = {
        "outputs": values,
        "instructions": counted.instructions,
        "cycles": None,
        "ms": None,
        "stack_peak_bytes": counted.stack_peak_bytes,
        "arena_peak_bytes": sum(counted.arena_peak_bytes),
        **({"nodes": nodes} if profile else {}),
    }
    if as_json:
        return print_json(result)
    print_outputs(compiled.graph.results, values)
    if profile:
        show([{key: value for key, value in row.items() if key != "cycles"} for row in nodes])
    console.print(f"{counted.instructions:,} instructions, stack {counted.stack_peak_bytes:,} bytes, arena {sum(counted.arena_peak_bytes):,} bytes")
    return None


def print_outputs(names: tuple[str, ...], values: list[list[float]]) -> None:
    for name, numbers in zip(names, values, strict=True):
        text = np.array2string(np.array(numbers), precision=4, threshold=20)
        console.print(f"%{name} = {text}", markup=False)


@app.command()
def verify(
    folder: Annotated[Path, typer.Argument(help="A folder that `tfc compile` wrote.")],
    samples: Annotated[int | None, typer.Option(min=1, help="How many samples; default: all there are.")] = None,
    input: Annotated[Path | None, typer.Option(help="Other samples than the golden ones.")] = None,
    as_json: Json = False,
) -> None:
    """Compare evaluator, host and emulated chip, bit for bit, and the integers with the float model."""
    from tfc.compiled import load
    from tfc.data import quantize_inputs, read_inputs

    compiled = load(folder)
    inputs = None if input is None else quantize_inputs(compiled.graph, read_inputs(input, compiled.graph))
    started = time.perf_counter()
    verdict = compiled.verify(
        samples, inputs=inputs, track=lambda steps: track(steps, "verify", console=errors, transient=True, disable=not sys.stderr.isatty())
    )
    if as_json:
        print_json(verdict.as_json())
    else:
        roads = ", ".join(f"{count} differ on the {road}" for road, count in verdict.mismatches.items())
        console.print(f"{verdict.samples} samples in {time.perf_counter() - started:.1f} s: {roads}")
        console.print(f"float model: mean error {verdict.mean_abs_error:.4f}, cosine {verdict.cosine:.5f}, same first choice {verdict.top1_agreement:.1f} %")
    if any(verdict.mismatches.values()):
        raise Diagnostic("the roads differ: this is an error of tfc")


@app.command("eval")
def evaluate(
    folder: Annotated[Path, typer.Argument(help="A folder that `tfc compile` wrote.")],
    images: Annotated[Path, typer.Option(help="Samples: .npy, .npz or a folder of images.")],
    labels: Annotated[Path, typer.Option(help="A .npy of class numbers, one for each sample.")],
    as_json: Json = False,
) -> None:
    """Accuracy of a classifier, through the host backend."""
    from tfc.compiled import load
    from tfc.data import quantize_inputs, read_inputs, read_labels

    compiled = load(folder)
    samples = quantize_inputs(compiled.graph, read_inputs(images, compiled.graph))
    classes = read_labels(labels, len(samples[0]))
    with Progress(console=errors, transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task("eval", total=len(classes))
        accuracy = compiled.accuracy(samples, classes, progress=lambda done: bar.update(task, completed=done))
    if as_json:
        return print_json({"top1": accuracy.top1, "samples": accuracy.samples, "images_per_second": accuracy.images_per_second})
    show(accuracy.by_class())
    console.print(f"top-1 {accuracy.top1:.2f} % of {accuracy.samples:,} samples, {accuracy.images_per_second:,.0f} a second")
    return None


@app.command()
def opt(
    file: Annotated[str, typer.Argument(help="A .tfir file, its tensors beside it; - is standard input.")],
    passes: Annotated[str, typer.Option(help='A pipeline: "a,b{k=v}". `tfc passes` lists them.')] = "",
    target: TargetName = "stm32f746",
    output: Annotated[Path | None, typer.Option("-o", "--output", help="Write text and tensors there instead of text to stdout.")] = None,
    print_after: Annotated[str | None, typer.Option(help="Print the graph after this pass, or after `all`, to stderr.")] = None,
    times: Annotated[bool, typer.Option("--time", help="Print how long each pass took, to stderr.")] = False,
) -> None:
    """Run passes on the text of a graph."""
    from tfc.backends.target import load_target
    from tfc.ir.text import parse_graph, print_graph
    from tfc.ir.verify import verify as verify_graph
    from tfc.ir.weights import load_graph, save_graph
    from tfc.passes.pipeline import Pass, parse_pipeline, run_pipeline

    pipeline = parse_pipeline(passes)
    if print_after not in (None, "all", *(step.name for step in pipeline)):
        raise Diagnostic(f"'{print_after}' is not in this pipeline", help=f"its passes: {', '.join(str(step) for step in pipeline)}")
    graph = parse_graph(sys.stdin.read()) if file == "-" else load_graph(Path(file))
    verify_graph(graph)
    started = time.perf_counter()

    def after(step: Pass, result: Any) -> None:
        nonlocal started
        if times:
            errors.print(f"{step}: {time.perf_counter() - started:.3f} s, {len(result)} nodes", markup=False)
        if print_after in ("all", step.name):
            errors.print(f"// after {step}\n{print_graph(result)}", markup=False)
        started = time.perf_counter()

    graph = run_pipeline(graph, load_target(target), pipeline, hook=after)
    if output:
        save_graph(graph, output)
    else:
        print(print_graph(graph), end="")


def described(items: list[dict[str, Any]], as_json: bool) -> None:
    print_json(items) if as_json else show(items)


@app.command()
def ops(as_json: Json = False) -> None:
    """List the operators."""
    from tfc.ir.float_rules import FLOAT
    from tfc.ir.int_rules import INT
    from tfc.ir.ops import OPS

    rows = []
    for name, declared in sorted(OPS.items()):
        dtypes = [dtype for dtype, table in (("f32", FLOAT), ("i8", INT)) if name in table]
        rows.append({"name": name, "dtypes": ", ".join(dtypes), "attributes": ", ".join(declared.options), "does": first_line(declared.doc)})
    described(rows, as_json)


@app.command()
def passes(as_json: Json = False) -> None:
    """List the passes."""
    from tfc.passes.pipeline import PASSES, Pass

    described(
        [{"name": Pass(item).name, "options": ", ".join(Pass(item).options), "does": first_line(sys.modules[item.__module__].__doc__)} for item in PASSES],
        as_json,
    )


@app.command()
def kernels(as_json: Json = False) -> None:
    """List the kernels."""
    from tfc.backends.kernels import KERNELS

    described([{"name": name, "operators": ", ".join(kernel.ops), "does": first_line(kernel.doc)} for name, kernel in KERNELS.items()], as_json)


@app.command()
def targets(as_json: Json = False) -> None:
    """List the chips."""
    from tfc.backends.target import load_target
    from tfc.backends.target import targets as names

    chips = [load_target(name) for name in names()]
    described(
        [{"name": chip.name, "core": chip.core, "MHz": chip.clock_hz // 10**6, "RAM": chip.ram_bytes, "flash": chip.flash.size} for chip in chips], as_json
    )


def first_line(text: str | None) -> str:
    return (text or "").strip().splitlines()[0] if text else ""


if __name__ == "__main__":
    main()
