"""What an emitted project is: deterministic, without floats, usable from C++ and beside another model."""

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tfc.backends.c.project import emit_project
from tfc.backends.emulator.machine import Machine
from tfc.backends.target import load_target
from tfc.backends.toolchain import build
from tfc.ir.diagnostic import Diagnostic
from tfc.ir.evaluate import evaluate, quantize_array
from tfc.ir.graph import Graph, View

from . import makers
from .graphs import Builder, bound_graphs, placed, samples

TARGET = load_target("stm32f746")
POOL = [TARGET.pools[0].name]
gcc = pytest.mark.skipif(shutil.which("gcc") is None, reason="needs gcc")


def emitted(case: makers.Case, folder: Path, name: str = "one", seed: int = 1) -> tuple[Graph, list[np.ndarray], list[np.ndarray]]:
    """A graph on its first kernel as a project, with inputs and the outputs they must give."""
    builder = Builder(np.random.default_rng(seed), Graph(name))
    graph = placed(next(bound_graphs(builder.finish(case(builder)), TARGET))[2], POOL)
    inputs = samples(graph, np.random.default_rng(seed))
    outputs = evaluate(graph, inputs)
    emit_project(graph, TARGET, folder, golden_inputs=inputs, golden_outputs=outputs)
    return graph, inputs, outputs


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_equal_graphs_give_equal_bytes(tmp_path: Path) -> None:
    case = makers.conv((6, 6, 8), 4, (3, 3), pad=(1, 1, 1, 1), ending="residual table")
    emitted(case, tmp_path / "first")
    emitted(case, tmp_path / "second" / "elsewhere")
    assert files(tmp_path / "first") == files(tmp_path / "second" / "elsewhere")


def test_only_the_kernels_used_go_out(tmp_path: Path) -> None:
    emitted(makers.linear((4,), 8, 4), tmp_path)
    names = {path.name for path in (tmp_path / "src").rglob("*") if path.is_file()}
    sources = {"model.h", "model.c", "weights.h", "weights.c", "tfc_linear_s8.c", "tfc_pairs.c", "tfc_widen_quads_s8.c", "tfc_end_plain_s8.c"}
    headers = ("elements", "ending", "kernels", "loops", "options", "simd", "strip", "strip_loop", "strips", "widen", "window")
    assert names == sources | {f"{name}.h" for name in headers}


def test_self_test_passes(tmp_path: Path) -> None:
    emitted(makers.attention((1, 6, 8, 8), 2, patch=(2, 2)), tmp_path)
    assert Machine(build(tmp_path, TARGET), TARGET).self_test().exit_code == 0


@gcc
def test_two_models_in_one_program(tmp_path: Path) -> None:
    """Their kernels are shared, and pointers in `io` take the place of the arena's tensors."""
    sources = []
    for name in ("first", "second"):
        emitted(makers.linear((4,), 8, 4), tmp_path / name, name, seed=len(name))
        sources += [str(tmp_path / name / "src" / file) for file in ("model.c", "weights.c")]
    graph, inputs, outputs = emitted(makers.linear((4,), 8, 4), tmp_path / "first", "first", seed=5)
    del graph
    program = tmp_path / "two.c"
    program.write_text(
        f"""
#include "first/src/model.h"
#include "second/src/model.h"
static const int8_t x[] = {{{", ".join(map(str, inputs[0].reshape(-1)))}}}, expected[] = {{{", ".join(map(str, outputs[0].reshape(-1)))}}};
int main(void) {{
    static uint64_t pool[(FIRST_POOL0_BYTES + 7) / 8], other[(SECOND_POOL0_BYTES + 7) / 8];
    void *const arena[] = {{pool}}, *const arena2[] = {{other}}, *const crooked[] = {{(char *)pool + 1}};
    int8_t y[FIRST_Y_BYTES];
    const struct first_io io = {{.x = x, .y = y}};
    if (first_run(arena, &io) || second_run(arena2, 0) || first_run(crooked, 0) != 1) return 1;
    for (int i = 0; i < FIRST_Y_BYTES; i++) if (y[i] != expected[i] || first_y(arena)[i] != y[i]) return 2;
    return 0;
}}
"""
    )
    kernels = [str(path) for path in (tmp_path / "first" / "src").glob("tfc_*.c")]
    subprocess.run(
        [
            "gcc",
            "-std=c11",
            "-Wall",
            "-Wextra",
            "-Werror",
            f"-I{tmp_path}",
            f"-I{tmp_path}/first/src",
            str(program),
            *sources,
            *kernels,
            "-o",
            str(tmp_path / "two"),
        ],
        check=True,
    )
    assert subprocess.run([str(tmp_path / "two")], check=False).returncode == 0


@pytest.mark.skipif(shutil.which("g++") is None, reason="needs g++")
@pytest.mark.parametrize(("scale", "zero_point"), [(1 / 255, -128), (1 / 255 * 255 / 64, 0), (0.0078, -3), (0.02, 127), (1.0, -128)])
def test_helpers_of_the_header(tmp_path: Path, scale: float, zero_point: int) -> None:
    """From C++: pixels and floats become the integers that the compiler's own quantizer makes of them."""
    graph, _, _ = emitted(makers.one("relu", (4,), x=(scale, zero_point)), tmp_path)
    quantization = graph["x"].type.quantization
    assert quantization is not None
    program = tmp_path / "helpers.cpp"
    program.write_text(
        """
#include <cstdio>
#include "src/model.h"
int main() {
    for (int pixel = 0; pixel < 256; pixel++) std::printf("%d %d ", one_x_from_pixel((uint8_t)pixel), one_x_from_float((float)pixel * 0.01f - 1.0f));
    for (int q = -128; q < 128; q++) std::printf("%d ", one_x_from_float(one_x_to_float((int8_t)q)));
    return one_run(nullptr, nullptr);
}
extern "C" int one_run(void *const *, const struct one_io *) { return 0; }
"""
    )
    subprocess.run(["g++", "-Wall", "-Wextra", "-Werror", f"-I{tmp_path}", str(program), "-o", str(tmp_path / "helpers")], check=True)
    numbers = np.array(subprocess.run([str(tmp_path / "helpers")], capture_output=True, text=True, check=True).stdout.split(), int)
    assert np.array_equal(numbers[:512:2], quantize_array(np.arange(256) / 255, quantization))
    values = np.arange(256, dtype=np.float32) * np.float32(0.01) - np.float32(1)
    steps = values / np.float32(quantization.scale) + np.float32(quantization.zero_point)  # in float32 as in C, ties away from zero
    assert np.array_equal(numbers[1:512:2], np.trunc(np.clip(steps, -128, 127) + np.copysign(np.float32(0.5), steps)).astype(int).clip(-128, 127))
    assert np.array_equal(numbers[512:], np.arange(-128, 128))


def test_a_view_costs_nothing(tmp_path: Path) -> None:
    builder = Builder(np.random.default_rng(1))
    graph = placed(next(bound_graphs(builder.finish(builder.node("reshape", [builder.arg((2, 6), 0.02, 3)], 0.02, 3, shape=(12,))), TARGET))[2], POOL)
    graph.add(replace(graph["y"], place=View("x")))
    emit_project(graph, TARGET, tmp_path)
    assert "tfc_node_" not in (tmp_path / "src" / "model.c").read_text()


def test_short_loops_may_be_asked_for_where_no_kernel_has_any(tmp_path: Path) -> None:
    builder = Builder(np.random.default_rng(1))
    emit_project(placed(next(bound_graphs(builder.finish(makers.one("tanh", (4,))(builder)), TARGET))[2], POOL), TARGET, tmp_path, short_loops=True)
    assert build(tmp_path, TARGET).is_file()


def test_scratch_must_lie_on_words(tmp_path: Path) -> None:
    builder = Builder(np.random.default_rng(1))
    graph = placed(next(bound_graphs(builder.finish(makers.linear((4,), 8, 4)(builder)), TARGET))[2], POOL)
    scratch = graph["y"].scratch
    assert scratch is not None
    assert scratch.place is not None
    graph.add(replace(graph["y"], scratch=replace(scratch, place=replace(scratch.place, offset=2))))
    with pytest.raises(Diagnostic, match="multiple of 4"):
        emit_project(graph, TARGET, tmp_path)
