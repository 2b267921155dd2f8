"""Logs of a board: read, compared with the model, and fitted to."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

import tfc
from tfc.backends.emulator.machine import Machine
from tfc.backends.fits import read_fit
from tfc.backends.toolchain import build
from tfc.bench.board import log_lines, read_log
from tfc.cli import app
from tfc.compiled import Compiled
from tfc.ir.diagnostic import Diagnostic

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Compiled:
    return tfc.compile(ROOT / "tfc" / "zoo" / "hybrid_small.pt2", calib="random", output=tmp_path_factory.mktemp("board") / "net")


@pytest.fixture(scope="module")
def log(compiled: Compiled, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a chip would print whose flash is slower, and whose narrow loads wait a cycle more, than the model says."""
    target = compiled.target
    slower = tuple(replace(one, line_fill_cycles=2 * one.line_fill_cycles) for one in target.memories)
    results = target.pipeline.results
    loads = replace(results.load_narrow, late=results.load_narrow.late + 1, early=results.load_narrow.early + 1)
    altered = replace(target, memories=slower, pipeline=replace(target.pipeline, results=replace(results, load_narrow=loads)))
    sample = compiled.input_bytes([x[0] for x in compiled.golden("inputs")])
    profile = Machine(compiled.elf, altered).run(sample, timing="full").profile
    parts = [(int(number), part.cycles) for part in profile.nodes if (number := part.name.removeprefix("tfc_node_")).isdecimal()]
    path = tmp_path_factory.mktemp("log") / "board.log"
    path.write_text("boot\n" + log_lines(parts) + "PASS\n")
    return path


def test_a_log_is_compared_and_fitted_to(compiled: Compiled, log: Path, tmp_path: Path) -> None:
    arguments = ["bench", str(compiled.folder), "--from-log", str(log), "--fit", str(tmp_path / "fit.json"), "--json"]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert [row["name"] for row in found["nodes"]] == [node.name for _, node in compiled.scheduled()]
    assert found["total"]["off_percent"] < 0
    assert found["refitted"]["mean"] < 0.6 * found["before"]["mean"]
    fit = read_fit(json.loads((tmp_path / "fit.json").read_text()))
    refitted = replace(compiled, target=replace(compiled.target, fit=fit))
    timed = read_log(log, refitted)
    assert abs(sum(one.row.cost.cycles for one in timed) / sum(one.row.cycles for one in timed) - 1) < 0.03


def test_the_emulated_chip_writes_the_log_of_a_board(compiled: Compiled, tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["run", str(compiled.folder), "--profile", "--log", str(tmp_path / "own.log"), "--json"])
    assert result.exit_code == 0, result.output
    timed = read_log(tmp_path / "own.log", compiled)
    assert [round(one.row.cycles) for one in timed] == [node["cycles"] for node in json.loads(result.stdout)["nodes"]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("PASS\n", "has no line 'tfc node"),
        ("tfc node 4000 cycles 12\n", "times node 4000, which .* has not"),
        ("tfc node NUMBER cycles 0\n", "has nodes of no cycles"),
    ],
)
def test_a_wrong_log_is_named(text: str, message: str, compiled: Compiled, tmp_path: Path) -> None:
    path = tmp_path / "board.log"
    path.write_text(text.replace("NUMBER", str(compiled.scheduled()[0][0])))
    with pytest.raises(Diagnostic, match=message):
        read_log(path, compiled)


def test_firmware_that_times_its_nodes_is_built_beside_the_other(compiled: Compiled) -> None:
    elf = build(compiled.folder, compiled.target, times=True)
    assert elf.name == "times.elf"
    assert elf.stat().st_size > compiled.elf.stat().st_size
