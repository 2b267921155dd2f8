"""`tfc emulate` as a user meets it: tables, JSON, exit codes; and the firmware of a compiled network."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tfc.backends.memory_map import write_project
from tfc.backends.target import load_target
from tfc.backends.toolchain import build
from tfc.cli import main
from tfc.compiled import Compiled

PROGRAM = """#include "semihosting.h"
volatile int nothing;
int16_t table[4096]; /* more than the cache holds */
__attribute__((used, noinline)) int sum(const int16_t *x, int n) {
    int s = 0;
    for (int i = 0; i < n; i++) s += x[i];
    return s;
}
__attribute__((used, noinline)) int fault(void) { return *(volatile int *)0x40000000; }
int main(void) {
    for (int i = 0; i < 4096; i++) table[i] = 1;
    semihosting_print("sum\\n");
    return nothing ? fault() : sum(table, 4096);
}
"""
TOTALS = {"instructions", "cycles", "ms", "error_percent", "result", "output", "mispredicts", "instruction_misses", "data_misses", "functions"}


class Result(NamedTuple):
    code: int
    out: str
    err: str


Tfc = Callable[..., Result]


@pytest.fixture(scope="module")
def elf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder, target = tmp_path_factory.mktemp("program"), load_target("stm32f746")
    write_project(folder, target, ())
    (folder / "project" / "main.c").write_text(PROGRAM)
    return build(folder, target)


@pytest.fixture
def emulate(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Tfc:
    """Runs the command line in this process; a traceback would be an exception here."""

    def run(*args: object) -> Result:
        monkeypatch.setattr(sys, "argv", ["tfc", "emulate", *map(str, args), "--target", "stm32f746"])
        capsys.readouterr()
        with pytest.raises(SystemExit) as stop:
            main()
        return Result(int(stop.value.code or 0), *capsys.readouterr())

    return run


def checked(result: Result) -> dict[str, Any]:
    """The JSON of a run whose functions are its whole."""
    report: dict[str, Any] = json.loads(result.out)
    assert (result.code, result.err) == (0, "")
    for key in ("instructions", "cycles"):
        assert sum(function[key] for function in report["functions"]) == report[key]
    return report


def test_json_has_the_whole_and_its_functions(emulate: Tfc, elf: Path) -> None:
    report = checked(emulate(elf, "--json"))
    assert report.keys() >= TOTALS
    assert (report["result"], report["output"]) == (4096, "sum\n")
    assert report["ms"] == pytest.approx(report["cycles"] / 216_000, rel=1e-3)
    assert {function["name"]: function["calls"] for function in report["functions"]}["sum"] == 1
    assert report["data_misses"] > 4096 * 2 // 32 // 2
    assert "blocks" not in report
    assert "memory" not in report
    assert checked(emulate(elf, "--json")) == report


def test_text_shows_functions_and_the_error_of_the_time(emulate: Tfc, elf: Path) -> None:
    result = emulate(elf)
    assert result.code == 0
    lines = result.out.splitlines()
    assert lines[0] == "sum"
    assert any(line.split()[:2] == ["sum", "1"] for line in lines)
    assert "ms ± 5 % at 216 MHz" in result.out
    assert "instructions a cycle" in result.out
    assert "result 4096 (0x00001000)" in result.out


def test_blocks_annotation_and_memory(emulate: Tfc, elf: Path) -> None:
    report = checked(emulate(elf, "--json", "--blocks", 3, "--annotate", 1, "--trace-memory"))
    assert len(report["blocks"]) == 3
    assert ["code" in block for block in report["blocks"]] == [True, False, False]
    code = report["blocks"][0]["code"]
    assert [line["cycle"] for line in code] == sorted(line["cycle"] for line in code)
    assert {line["slot"] for line in code} <= {0, 1}
    assert sum(row["misses"] for row in report["memory"]) == report["instruction_misses"] + report["data_misses"]
    assert {"memory": "sram", "kind": "data", "name": "table"}.items() <= report["memory"][0].items()
    text = emulate(elf, "--annotate", "--trace-memory", "--blocks", 2).out
    assert "the hottest blocks" in text
    assert "  cycle  slot  address" in text
    assert "waits" in text
    assert "lines that the caches missed" in text


def test_one_function_with_arguments(emulate: Tfc, elf: Path) -> None:
    report = checked(emulate(elf, "--entry", "sum", "--args", "table,0x10", "--json"))
    assert report["result"] == 0  # nobody filled the table
    assert [function["name"] for function in report["functions"]] == ["sum"]
    longer = checked(emulate(elf, "--entry", "sum", "--args", "table,2000", "--json"))
    assert longer["cycles"] > 20 * report["cycles"]


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (("--entry", "fault"), 1, "reads unmapped memory at 0x40000000"),
        (("--entry", "sun"), 1, "help: there is sum"),
        (("--limit", "100"), 1, "more than 100 instructions ran, the last in Reset_Handler"),
        (("--entry", "sum", "--args", "1;2"), 2, "neither a number nor a symbol"),
        (("--entry", "sum", "--args", "4294967296"), 2, "does not fit 32 bits"),
        (("--args", "1"), 2, "--entry SYMBOL"),
    ],
)
def test_what_cannot_be_done_is_said(emulate: Tfc, elf: Path, options: tuple[str, ...], code: int, message: str) -> None:
    result = emulate(elf, *options)
    assert result.code == code
    assert message in result.err
    assert "Traceback" not in result.err


def test_what_is_no_program_is_refused(emulate: Tfc, elf: Path, tmp_path: Path) -> None:
    assert "does not exist" in emulate(tmp_path / "none.elf").err
    assert emulate(tmp_path).code == 1
    other = tmp_path / "text.elf"
    other.write_text("not an ELF file")
    assert (emulate(other).code, emulate(other).out) == (1, "")
    other.write_bytes(elf.read_bytes()[:700])
    assert "text.elf is" in emulate(other).err


def test_the_firmware_of_a_network_sums_to_its_whole(emulate: Tfc, compiled: Compiled) -> None:
    elf = compiled.folder / "build" / "firmware.elf"
    report = checked(emulate(elf, "--json"))
    assert (report["result"], report["output"]) == (0, "PASS\n")
    names = [function["name"] for function in report["functions"]]
    assert "tfc_attention_s8" in " ".join(names)
    inference = checked(emulate(elf, "--entry", f"{compiled.report['model']}_run", "--args", "arena", "--json"))
    assert inference["result"] == 0
    assert 0.9 * report["cycles"] < inference["cycles"] < report["cycles"]
