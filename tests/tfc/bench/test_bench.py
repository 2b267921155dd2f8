"""`tfc bench` as a user meets it: a small grid from the command line, its files, what it reuses and refuses."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tfc.backends import toolchain
from tfc.backends.target import load_target
from tfc.bench import measure as measuring
from tfc.bench import run as running
from tfc.bench.grid import Case
from tfc.bench.measure import measure
from tfc.cli import main
from tfc.compiled import Compiled
from tfc.ir.diagnostic import Diagnostic

Tfc = Callable[..., Any]
GRID = ("bench", "--kernel", "conv2d_s8_sparse2x4", "--kernel", "add_s8", "--layer", "conv3x3_8x8*", "--layer", "add_1x16x16x64", "--density", "1,0.1", "-o")
ROWS = [("conv2d_s8", 1.0), ("conv2d_s8_sparse2x4", 1.0), ("conv2d_s8_sparse2x4", 0.1), ("add_s8", 1.0)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What one bench wrote."""
    folder = tmp_path_factory.mktemp("bench")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["tfc", *GRID, str(folder)])
        with pytest.raises(SystemExit) as stop:
            main()
    assert stop.value.code == 0
    return folder


@pytest.fixture
def report(folder: Path) -> dict[str, Any]:
    report: dict[str, Any] = json.loads((folder / "bench.json").read_text(encoding="utf-8"))
    return report


def never(*args: object, **options: object) -> Path:
    raise AssertionError("nothing has changed")


def test_samples_are_plausible(report: dict[str, Any]) -> None:
    assert [(row["kernel"], row["asked_density"]) for row in report["samples"]] == ROWS
    dense, full, sparse, add = report["samples"]
    for row in (dense, full, sparse):
        assert row["cycles"] / row["nonzero_macs"] > report["limit_cycles_per_mac"] == 0.5
        assert 0.3 < row["instructions"] / row["cycles"] < 2
    assert dense["macs"] == dense["nonzero_macs"] == full["nonzero_macs"] == 8 * 8 * 32 * 9 * 32
    assert sparse["nonzero_macs"] == round(sparse["density"] * sparse["macs"])
    assert sparse["cycles"] < dense["cycles"] / 3
    assert sparse["stored_bytes"] < dense["stored_bytes"] / 5
    assert (add["macs"], add["weights"], add["results"]) == (0, 0, 16 * 16 * 64)


def test_break_even_lies_between_the_measured_densities(report: dict[str, Any]) -> None:
    dense, full, sparse, _ = report["samples"]
    (found,) = report["break_even"]
    assert (found["kernel"], found["dense"]) == ("conv2d_s8_sparse2x4", "conv2d_s8")
    if found["relation"] == "=":
        line = np.interp(found["density"], [sparse["density"], 1], [sparse["cycles"], full["cycles"]])
        assert line == pytest.approx(dense["cycles"])
    else:
        assert (found["relation"], found["density"]) == (">", 1.0)
        assert full["cycles"] < dense["cycles"]


def test_factors_over_cmsis_nn(report: dict[str, Any]) -> None:
    (row,) = report["cmsis_nn"]
    assert (row["layer"], row["function"]) == ("add_1x16x16x64", "elementwise add")
    assert row["x_instructions"] == pytest.approx(1_286_252 / report["samples"][-1]["instructions"], abs=1e-3)


def test_the_page_and_the_chart(folder: Path, report: dict[str, Any]) -> None:
    text = (folder / "bench.md").read_text(encoding="utf-8")
    for row in report["samples"]:
        assert f"{row['instructions']:,} | {row['cycles']:,}" in text
    assert "tfc bench --kernel conv2d_s8_sparse2x4" in text
    assert "(bench.png)" in text
    with Image.open(folder / "bench.png") as image:
        assert image.format == "PNG"
        assert len(image.convert("RGB").getcolors(1 << 20) or []) > 50


def test_what_has_not_changed_is_not_measured_again(folder: Path, tfc: Tfc, monkeypatch: pytest.MonkeyPatch) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    monkeypatch.setattr(toolchain, "build", never)
    result = tfc(*GRID, folder)
    assert (result.code, result.err) == (0, "")
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_json_is_all_that_is_printed(folder: Path, report: dict[str, Any], tfc: Tfc, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(toolchain, "build", never)
    result = tfc(*GRID, folder, "--json")
    assert {**json.loads(result.out), "command": report["command"]} == report


def test_a_page_may_be_named(folder: Path, tmp_path: Path, tfc: Tfc) -> None:
    result = tfc("bench", "--kernel", "add_s8", "--layer", "add*64", "-o", tmp_path / "new" / "speed.md")
    assert result.code == 0
    assert {path.name for path in (tmp_path / "new").iterdir()} == {"speed.md", "speed.json", "speed.png"}
    assert "(speed.png)" in (tmp_path / "new" / "speed.md").read_text(encoding="utf-8")


def test_an_interrupted_bench_is_continued(tmp_path: Path, tfc: Tfc, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        measured: list[Case] = []

        def stop_at_the_second(case: Case, *others: Any) -> Any:
            measured.append(case)
            if len(measured) == 2:
                raise Diagnostic("enough")
            return measure(case, *others)

        patch.setattr(running, "measure", stop_at_the_second)
        assert tfc(*GRID, tmp_path).code == 1
    samples = json.loads((tmp_path / "bench.json").read_text(encoding="utf-8"))["samples"]
    assert [row["kernel"] for row in samples] == ["conv2d_s8"]
    built: list[Path] = []
    monkeypatch.setattr(toolchain, "build", lambda *args, build=toolchain.build, **options: built.append(args[0]) or build(*args, **options))
    assert tfc(*GRID, tmp_path).code == 0
    assert len(built) == len(ROWS) - 1


def test_a_kernel_that_differs_from_the_evaluator_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measuring, "evaluate", lambda graph, inputs: [np.zeros(graph[graph.results[0]].type.shape, np.int8)])
    with pytest.raises(Diagnostic, match="add_s8 and the evaluator differ on add_1x16x16x64"):
        measure(Case("add_1x16x16x64", "add_s8"), load_target("stm32f746"), tmp_path, {})


def test_another_chip_takes_another_time(tmp_path: Path, report: dict[str, Any]) -> None:
    there = measure(Case("add_1x16x16x64", "add_s8"), load_target("stm32h743"), tmp_path, {})
    here = report["samples"][-1]
    assert (there.instructions, there.key != here["key"]) == (here["instructions"], True)


def test_models_are_measured_whole(compiled: Compiled, tfc: Tfc, tmp_path: Path) -> None:
    result = tfc("bench", compiled.folder, "--json", "-o", tmp_path)
    report = json.loads(result.out)
    _, run = compiled.emulate([x[0] for x in compiled.golden("inputs")], timing="full")
    (row,) = report["models"]
    assert report["samples"] == []
    assert run.profile is not None
    assert (row["cycles"], row["instructions"], row["ms"]) == (round(run.profile.cycles), run.instructions, round(run.profile.ms, 3))
    assert (row["ram_bytes"], row["flash_bytes"]) == (compiled.report["ram"]["total_bytes"], compiled.report["flash"]["total_bytes"])
    text = (tmp_path / "bench.md").read_text(encoding="utf-8")
    assert f"| {row['model']} | stm32f746 | {row['instructions']:,} | {row['cycles']:,} |" in text
    assert not (tmp_path / "bench.png").exists()


def test_a_model_file_is_compiled_first(exported: Path, tfc: Tfc) -> None:
    result = tfc("bench", exported, "--target", "cortex-m7", "--json")
    (row,) = json.loads(result.out)["models"]
    assert (row["model"], row["target"]) == ("small_hybrid", "cortex-m7")
    assert 0 < row["nonzero_macs"] <= row["macs"] < row["cycles"]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--kernel", "conv9d"], 1, "no kernel matches 'conv9d'"),
        (["--layer", "nowhere"], 1, "no layer matches 'nowhere'"),
        (["--density", "0.1,2"], 2, "no list of densities"),
        (["--density", "half"], 2, "no list of densities"),
        (["--target", "z80"], 1, "unknown target z80"),
        (["missing.pt2"], 1, "neither a model nor a compiled folder"),
        (["--quick", "--layer", "conv3x3_16x16x64_64"], 1, "nothing is left to measure"),
    ],
)
def test_refusals(tfc: Tfc, arguments: list[str], code: int, message: str) -> None:
    result = tfc("bench", *arguments)
    assert result.code == code
    assert message in " ".join(result.err.replace("│", " ").split())
    assert result.out == ""


def test_files_of_others_are_left_alone(tfc: Tfc, tmp_path: Path) -> None:
    (tmp_path / "bench.json").write_text("[1]")
    result = tfc(*GRID, tmp_path)
    assert (result.code, (tmp_path / "bench.json").read_text()) == (1, "[1]")
    assert "was not written by tfc bench" in result.err
    assert "is no folder" in tfc(*GRID, tmp_path / "bench.json").err
