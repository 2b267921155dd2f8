"""Writing a compiled folder: graph, golden data, C project, firmware, manifest."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import dataclass, fields
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from tfc.backends.c.project import emit_project
from tfc.backends.formats import stored_bytes
from tfc.backends.target import Target
from tfc.backends.toolchain import ElfSizes, build, elf_sizes
from tfc.drawing import draw_memory
from tfc.ir.diagnostic import Diagnostic
from tfc.ir.graph import Graph, Tensor
from tfc.ir.text import VERSION as TEXT_VERSION
from tfc.ir.text import print_graph
from tfc.ir.weights import save_arrays, save_graph
from tfc.options import Options
from tfc.passes.plan_memory import make_plan
from tfc.report import FORMAT as REPORT_FORMAT
from tfc.report import Sizes


def prepare_folder(folder: Path) -> Path:
    """A folder for a compilation. One that tfc wrote is written anew; anything else that is there is left alone."""
    if folder.exists() and (not folder.is_dir() or (any(folder.iterdir()) and not (folder / "manifest.json").exists())):
        raise Diagnostic(f"{folder} exists and was not written by tfc", help="another folder with -o")
    return emptied(folder)


def emptied(folder: Path) -> Path:
    """Empty but for a manifest that only says whose the folder is: if the compilation fails, the next one may write there."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    write_json(folder / "manifest.json", {"tfc": version("tfc")})
    return folder


@dataclass(frozen=True)
class Golden:
    """Samples [N, …] as integers, the outputs that they must give, and what the float model gives for them."""

    inputs: list[Tensor]
    outputs: list[Tensor]
    float_outputs: list[Tensor]


def write_folder(folder: Path, graph: Graph, target: Target, golden: Golden, options: Options) -> None:
    """The graph, a picture of its memory, the golden data and the C project."""
    save_graph(graph, folder / "model.tfir")
    (folder / "memory.svg").write_text(draw_memory(graph, target), encoding="utf-8")
    (folder / "golden").mkdir()
    for name, arrays, nodes in (
        ("inputs", golden.inputs, graph.arguments),
        ("outputs", golden.outputs, [graph[name] for name in graph.results]),
        ("float", golden.float_outputs, [graph[name] for name in graph.results]),
    ):
        save_arrays(folder / "golden" / f"{name}.npz", {node.name: array for node, array in zip(nodes, arrays, strict=True)})
    first = [np.transpose(x[0], arg.attrs.get("axes")) for x, arg in zip(golden.inputs, graph.arguments, strict=True)]
    outputs = [y[0] for y in golden.outputs]
    short = options.optimize == "flash"
    emit_project(graph, target, folder, golden_inputs=first, golden_outputs=outputs, stack_bytes=options.stack, short_loops=short)


def build_firmware(folder: Path, graph: Graph, target: Target, options: Options) -> Sizes:
    """Link, where arena and weights fit the chip at all; the sizes of what was linked, or of what is known without.

    Where the linker finds no room in flash, these are the sizes of what it was given.
    """
    weights = sum(stored_bytes(graph, node) for node in graph.of_op("const"))
    if make_plan(graph, target).peak + options.stack > target.ram_bytes or weights > target.flash.size:
        return Sizes(stack=options.stack, static=0, code=0, weights=weights)
    try:
        sizes = elf_sizes(build(folder, target, options.toolchain))
    except Diagnostic:
        parts = [elf_sizes(item) for item in sorted((folder / "build" / "objects").rglob("*.o"))]
        if sum(part.flash for part in parts) <= target.flash.size:
            raise
        sizes = ElfSizes(*(sum(getattr(part, field.name) for part in parts) for field in fields(ElfSizes)))
    if options.times:
        build(folder, target, options.toolchain, times=True)
    shutil.rmtree(folder / "build" / "objects")
    return Sizes(stack=options.stack, static=sizes.data + sizes.bss, code=sizes.code + sizes.data, weights=sizes.rodata)


def manifest(folder: Path, imported: Graph, target: Target, options: Options) -> dict[str, Any]:
    """Versions, the hash of the imported graph, options, and the hash of every file."""
    digest = hashlib.sha256(print_graph(imported).encode())
    for name in sorted(imported.tensors):
        digest.update(np.ascontiguousarray(imported.tensors[name]).tobytes())
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path != folder / "manifest.json")
    return {
        "tfc": version("tfc"),
        "formats": {"text": TEXT_VERSION, "report": REPORT_FORMAT, "arithmetic": 1},
        "target": target.name,
        "imported_sha256": digest.hexdigest(),
        "options": vars(options),
        "files": {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files},
    }


def write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, indent=1) + "\n", encoding="utf-8")
