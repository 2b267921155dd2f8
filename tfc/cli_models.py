"""Verbs about a model: compile, run, verify, eval."""

from __future__ import annotations

import sys
import time
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
import typer
from rich.progress import Progress, track

from tfc.cli_text import Check, Json, Size, TargetName, console, errors, parse_shape, print_json, show
from tfc.ir.diagnostic import Diagnostic

if TYPE_CHECKING:
    from tfc.backends.emulator.profile import Profile

NOISY = 5  # nodes that `verify` lists


class Objective(StrEnum):
    LATENCY = "latency"
    RAM = "ram"
    FLASH = "flash"


class Road(StrEnum):
    EMULATOR = "emulator"
    HOST = "host"
    QEMU = "qemu"


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
    times: Annotated[bool, typer.Option("--times", help="Also build/times.elf, whose self-test prints the cycles of each node on a board.")] = False,
    check: Check = False,
    as_json: Json = False,
) -> None:
    """Compile a model into a folder: C project, firmware, report."""
    from tfc.checking import Checking
    from tfc.compiler import STEPS
    from tfc.compiler import compile as compile_model
    from tfc.options import Options
    from tfc.report import explain_overflow

    checking = Checking() if check else None
    sizes = {name: value for name, value in (("ram", ram), ("flash", flash), ("reserve", reserve), ("stack", stack)) if value is not None}
    with Progress(console=errors, transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task("", total=STEPS)
        options = Options(**sizes, optimize=optimize.value, toolchain=toolchain, rescue=rescue, times=times)
        shapes = [parse_shape(text) for text in shape] if shape else None
        done = compile_model(
            model,
            target=target,
            shapes=shapes,
            calib=calib,
            output=output,
            options=options,
            progress=lambda step: bar.update(task, description=step, advance=1),
            hook=checking,
        )
    if checking:
        errors.print(checking.summary)
    report = done.report
    if as_json:
        print_json(report)
    else:
        memory, flash_use = report["ram"], report["flash"]
        optimal = "optimal" if memory["optimal"] else f"at least {memory['lower_bound_bytes']:,} are needed"
        if not memory["order_optimal"]:
            optimal += f" in this order of nodes; another may need less, but not less than {memory['order_bound_bytes']:,}"
        console.print(f"{report['model']} for {report['target']}: {done.folder}")
        console.print(f"RAM    {memory['total_bytes']:>9,} of {memory['limit_bytes']:,} bytes (arena {memory['arena_bytes']:,}, {optimal})")
        console.print(f"flash  {flash_use['total_bytes']:>9,} of {flash_use['limit_bytes']:,} bytes (code {flash_use['code_bytes']:,})")
        for budget in ("ram", "flash"):
            if held := [node["instead_of"]["cycles"] for node in report["nodes"] if node["instead_of"] and node["instead_of"]["budget"] == budget]:
                console.print(f"the {budget} budget gives {len(held)} nodes another kernel, {sum(held):+,} cycles; report.html names them")
    if not done.fits:
        raise Diagnostic(
            f"{report['model']} does not fit {report['target']}\n{explain_overflow(done.graph, report)}",
            help="a smaller input or narrower layers; sparser weights save flash",
        )


def run(
    folder: Annotated[Path, typer.Argument(help="A folder that `tfc compile` wrote.")],
    input: Annotated[Path | None, typer.Option(help="One sample: .npy, .npz or a folder with an image; default: the first golden one.")] = None,
    on: Annotated[Road, typer.Option(help="Where it runs; qemu takes what was compiled for mps2-an500.")] = Road.EMULATOR,
    profile: Annotated[bool, typer.Option(help="Cycles and instructions of each node, and exact peaks.")] = False,
    log: Annotated[Path | None, typer.Option(metavar="FILE", help="With --profile: write cycles as a board prints them, for `tfc bench --from-log`.")] = None,
    as_json: Json = False,
) -> None:
    """Run one inference and print the outputs and what they cost."""
    from tfc.compiled import load
    from tfc.data import quantize_inputs, read_inputs

    compiled = load(folder)
    samples = compiled.golden("inputs") if input is None else quantize_inputs(compiled.graph, read_inputs(input, compiled.graph))
    if profile and on is not Road.EMULATOR:
        raise Diagnostic("only the emulator counts for each node", help="--on emulator")
    if on is Road.QEMU:
        second, ran = compiled.second_opinion([x[0] for x in samples])
        values = [y.reshape(-1).tolist() for y in compiled.to_float(second)]
        if as_json:
            return print_json({"outputs": values, "instructions": ran.instructions})
        print_outputs(compiled.graph.results, values)
        return console.print(f"{ran.instructions:,} instructions")
    if on is Road.HOST:
        values = [y.reshape(-1).tolist() for y in compiled.to_float(compiled.host.run([x[0] for x in samples]))]
        return print_json({"outputs": values}) if as_json else print_outputs(compiled.graph.results, values)
    outputs, counted = compiled.emulate([x[0] for x in samples], watch=profile, timing="full" if profile else None)
    values = [y.reshape(-1).tolist() for y in compiled.to_float(outputs)]
    timed = counted.profile
    latency = timed.latency if timed else None
    nodes = compiled.costs(timed) if timed else []
    if log:
        write_log(log, timed)
    result = {
        "outputs": values,
        "instructions": counted.instructions,
        "cycles": latency and latency["cycles"],
        "ms": latency and latency["ms"],
        "latency": latency,
        "stack_peak_bytes": counted.stack_peak_bytes,
        "arena_peak_bytes": sum(counted.arena_peak_bytes),
        **({"nodes": nodes} if profile else {}),
    }
    if as_json:
        return print_json(result)
    print_outputs(compiled.graph.results, values)
    if latency:
        show([{key: value for key, value in row.items() if key != "events"} for row in nodes])
        console.print(f"{latency['cycles']:,} cycles, {latency['ms']:.3f} ms ± {latency['error_percent']:g} %")
    console.print(f"{counted.instructions:,} instructions, stack {counted.stack_peak_bytes:,} bytes, arena {sum(counted.arena_peak_bytes):,} bytes")
    return None


def write_log(path: Path, timed: Profile | None) -> None:
    from tfc.bench.board import log_lines

    if timed is None:
        raise typer.BadParameter("only a profiled run counts cycles", param_hint="--log")
    parts = ((part.name.removeprefix("tfc_node_"), part.cycles) for part in timed.nodes)
    path.write_text(log_lines((int(number), cycles) for number, cycles in parts if number.isdecimal()), encoding="utf-8")


def print_outputs(names: tuple[str, ...], values: list[list[float]]) -> None:
    for name, numbers in zip(names, values, strict=True):
        text = np.array2string(np.array(numbers), precision=4, threshold=20)
        console.print(f"%{name} = {text}", markup=False)


def verify(
    folder: Annotated[Path, typer.Argument(help="A folder that `tfc compile` wrote.")],
    samples: Annotated[int | None, typer.Option(min=1, help="How many samples; default: all there are.")] = None,
    input: Annotated[Path | None, typer.Option(help="Other samples than the golden ones.")] = None,
    find: Annotated[bool, typer.Option("--find", help="Where a road differs, name the first node that does.")] = False,
    as_json: Json = False,
) -> None:
    """Compare evaluator, host and emulated chip, bit for bit, and the integers with the float model."""
    from tfc.compiled import load
    from tfc.data import quantize_inputs, read_inputs
    from tfc.verdict import noisiest

    compiled = load(folder)
    inputs = None if input is None else quantize_inputs(compiled.graph, read_inputs(input, compiled.graph))
    started = time.perf_counter()
    verdict = compiled.verify(
        samples, inputs=inputs, track=lambda steps: track(steps, "verify", console=errors, transient=True, disable=not sys.stderr.isatty())
    )
    roads = [(road, numbers[0]) for road, numbers in verdict.differing.items() if numbers] if find else []
    found = [compiled.find(road, sample, inputs) for road, sample in roads]
    noisy = noisiest(compiled.graph, compiled.report, NOISY)
    if as_json:
        differences = {"differences": [one and one.as_json() for one in found]} if find else {}
        print_json({**verdict.as_json(), "noisiest": noisy, **differences})
    else:
        counts = ", ".join(f"{count} differ on the {road}" for road, count in verdict.mismatches.items())
        console.print(f"{verdict.samples} samples in {time.perf_counter() - started:.1f} s: {counts}")
        console.print(f"float model: mean error {verdict.mean_abs_error:.4f}, cosine {verdict.cosine:.5f}, same first choice {verdict.top1_agreement:.1f} %")
        if noisy:
            show([{key: "" if value is None else value for key, value in row.items()} for row in noisy], title="\nfarthest from the float model, dB")
        for (road, sample), one in zip(roads, found, strict=True):
            console.print(f"\n{one or f'no node differs where sample {sample} runs alone, node by node, on the {road}'}", markup=False)
    if error := verdict.error(searched=find):
        raise error


def evaluate(
    folder: Annotated[Path, typer.Argument(help="A folder that `tfc compile` wrote.")],
    images: Annotated[Path, typer.Option(help="Samples: .npy, .npz or a folder of images.")],
    labels: Annotated[Path, typer.Option(help="A .npy of class numbers, one for each sample.")],
    confusion: Annotated[Path | None, typer.Option(metavar="FILE.png", help="Draw which class was taken for which.")] = None,
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
    if confusion:
        accuracy.draw(confusion)
    if as_json:
        return print_json(accuracy.as_json())
    show([{key: "" if value is None else value for key, value in row.items()} for row in accuracy.by_class()])
    console.print(f"top-1 {accuracy.top1:.2f} % of {accuracy.samples:,} samples, {accuracy.images_per_second:,.0f} a second")
    return None
