"""evaluate == the C kernel compiled for this machine under sanitizers, with every value and scratch in an allocation of its own."""

import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tfc.backends.c.project import emit_project
from tfc.backends.memory_map import RUNTIME
from tfc.backends.target import Memory, load_target
from tfc.ir.evaluate import evaluate
from tfc.ir.graph import Graph

from .cases import FAMILIES
from .every import all_kernels, differences
from .graphs import placed, samples

POOLS = 1200
MEGABYTE = 1 << 20
CHIP = load_target("stm32f746")
# A chip with a memory for every value: the generated code is ready for any number of pools.
DESK = replace(CHIP, pools=tuple(Memory(f"p{index}", 0x2000_0000 + index * MEGABYTE, MEGABYTE // 2, "sram", 0) for index in range(POOLS)))
FLAGS = ("-std=c11", "-O1", "-g", "-Wall", "-Wextra", "-Werror", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")
DRIVER = Path(__file__).parents[2] / "runtime" / "desk.c"

pytestmark = pytest.mark.skipif(shutil.which("gcc") is None, reason="needs gcc")


@pytest.fixture(scope="session")
def kernel_library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All kernels, compiled once."""
    folder = tmp_path_factory.mktemp("kernels")
    sources = sorted((RUNTIME / "kernels").glob("*.c"))
    subprocess.run(["gcc", *FLAGS, f"-I{RUNTIME / 'include'}", "-c", *map(str, sources)], cwd=folder, check=True)
    library = folder / "libkernels.a"
    subprocess.run(["ar", "rcs", str(library), *sorted(path.name for path in folder.glob("*.o"))], cwd=folder, check=True)
    return library


def run_here(folder: Path, library: Path, inputs: Sequence[np.ndarray]) -> bytes:
    """The outputs of an emitted project, built and run on this machine."""
    sources = [str(folder / "src" / "model.c"), str(folder / "src" / "weights.c"), str(folder / "project" / "firmware.c"), str(DRIVER)]
    program = folder / "desk"
    subprocess.run(["gcc", *FLAGS, f"-I{folder / 'src'}", f"-I{folder / 'project'}", *sources, str(library), "-o", str(program)], check=True)
    run = subprocess.run([str(program)], input=b"".join(x.tobytes() for x in inputs), capture_output=True, check=False)
    assert run.returncode == 0, run.stderr.decode()
    return run.stdout


def split(data: bytes, graph: Graph) -> list[bytes]:
    ends = np.cumsum([graph[name].type.bytes for name in graph.results])
    return [data[end - graph[name].type.bytes : end] for name, end in zip(graph.results, ends, strict=True)]


@pytest.mark.parametrize("family", FAMILIES)
def test_kernels_equal_evaluate(family: str, tmp_path: Path, kernel_library: Path) -> None:
    graph = placed(all_kernels(family, CHIP), [pool.name for pool in DESK.pools])
    inputs = samples(graph, np.random.default_rng(12))
    emit_project(graph, DESK, tmp_path)
    outputs = split(run_here(tmp_path, kernel_library, inputs), graph)
    assert differences(graph, outputs, evaluate(graph, inputs)) == {}
