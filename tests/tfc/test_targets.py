"""One model, compiled for every target: the same integers on each emulated chip, and in QEMU."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import tfc as package
from tfc.backends.target import load_target, targets
from tfc.compiled import Compiled

from .conftest import Tfc

qemu = pytest.mark.skipif(shutil.which("qemu-system-arm") is None, reason="needs qemu-system-arm (Debian: qemu-system-arm)")


@pytest.fixture(scope="session")
def board(exported: Path, images: Path, tmp_path_factory: pytest.TempPathFactory) -> Compiled:
    """The model for the board that QEMU has."""
    return package.compile(exported, target="mps2-an500", calib=images, output=tmp_path_factory.mktemp("board") / "small")


@pytest.mark.parametrize("name", [name for name in targets() if name != "stm32f746"])
def test_every_target_computes_the_same(name: str, exported: Path, images: Path, compiled: Compiled, tmp_path: Path) -> None:
    there, target = package.compile(exported, target=name, calib=images, output=tmp_path / "out"), load_target(name)
    assert there.fits
    assert there.report["ram"]["limit_bytes"] == target.ram_bytes
    assert all(np.array_equal(a, b) for a, b in zip(there.golden("outputs"), compiled.golden("outputs"), strict=True))
    assert there.verify(2).mismatches == {"host": 0, "emulator": 0}
    assert there.machine.self_test().exit_code == 0
    script = (there.folder / "project" / "memory.ld").read_text()
    assert f"FLASH (rx) : ORIGIN = 0x{target.flash.base:08x}, LENGTH = {target.flash.size}" in script
    assert f"POOL0 (rw) : ORIGIN = 0x{target.pools[0].base:08x}" in script


@qemu
def test_qemu_gives_the_same_outputs_and_counts(tfc: Tfc, board: Compiled, images: Path) -> None:
    for source in ([], ["--input", images]):
        mine, other = (json.loads(tfc("run", board.folder, *source, "--on", road, "--json").out) for road in ("emulator", "qemu"))
        assert other == {"outputs": mine["outputs"], "instructions": mine["instructions"]}
    assert f"{mine['instructions']:,} instructions" in tfc("run", board.folder, "--on", "qemu").out


def test_qemu_has_one_board(tfc: Tfc, compiled: Compiled) -> None:
    assert "QEMU has no machine for stm32f746\n  help: tfc compile … --target mps2-an500" in tfc("run", compiled.folder, "--on", "qemu").err


def test_a_missing_qemu_names_its_package(tfc: Tfc, board: Compiled, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda program: None)
    assert "qemu-system-arm is not installed\n  help: install it (Debian: apt install qemu-system-arm)" in tfc("run", board.folder, "--on", "qemu").err


def test_targets_tell_clock_memories_and_error(tfc: Tfc) -> None:
    rows = {row["name"]: row for row in json.loads(tfc("targets", "--json").out)}
    assert set(rows) == set(targets())
    f746 = {"MHz": 216, "RAM": 327680, "flash": 1 << 20, "error_percent": 5.0}
    assert f746.items() <= rows["stm32f746"].items()
    assert rows["stm32h743"]["memories"]["sram2"] == 128 << 10
    assert "dtcm 64K, sram 256K" in tfc("targets").out
