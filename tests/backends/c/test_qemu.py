"""QEMU as a second opinion: for every kernel the outputs of the evaluator, and as many instructions as the emulator counts."""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile

from tfc.backends.emulator.machine import Machine
from tfc.backends.qemu import machine
from tfc.backends.qemu.machine import QemuMachine
from tfc.backends.qemu.remote import Remote
from tfc.backends.target import load_target
from tfc.ir.diagnostic import Diagnostic

from .cases import FAMILIES
from .conftest import Built
from .every import differences

BOARD = load_target("mps2-an500")
qemu = pytest.mark.skipif(shutil.which(machine.PROGRAM) is None, reason="needs qemu-system-arm (Debian: qemu-system-arm)")


@qemu
@pytest.mark.parametrize("family", FAMILIES)
def test_qemu_computes_and_counts_the_same(family: str, built: Callable[..., Built]) -> None:
    project = built(family, BOARD.name)
    inputs = [x.tobytes() for x in project.inputs]
    run = QemuMachine(project.elf, BOARD).run(inputs)
    assert differences(project.graph, list(run.outputs), project.expected) == {}
    assert run.instructions == Machine(project.elf, BOARD).run(inputs).instructions


@qemu
def test_what_goes_wrong_in_qemu_is_told(built: Callable[..., Built], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = built("linear", BOARD.name)
    inputs, board = [x.tobytes() for x in project.inputs], QemuMachine(project.elf, BOARD)
    with pytest.raises(Diagnostic, match=r"the inputs have \[1\] bytes"):
        board.run([b"x"])
    monkeypatch.setattr(machine, "MOST_TICKS", 100)
    with pytest.raises(Diagnostic, match="more than 31 instructions ran"):
        board.run(inputs)
    monkeypatch.undo()
    broken = tmp_path / "broken.elf"
    broken.write_bytes(undefined(project.elf, Machine(project.elf, BOARD).firmware.run))
    with pytest.raises(Diagnostic, match="QEMU ended with exit code 103"):
        QemuMachine(broken, BOARD).run(inputs)


def undefined(elf: Path, address: int) -> bytes:
    """The file with an instruction that is none at the address."""
    data = bytearray(elf.read_bytes())
    with elf.open("rb") as file:
        for segment in ELFFile(file).iter_segments("PT_LOAD"):
            if (offset := address - segment["p_vaddr"]) in range(segment["p_filesz"]):
                at = segment["p_offset"] + offset
                data[at : at + 2] = b"\x00\xde"
    return bytes(data)


def test_a_program_that_ends_says_why() -> None:
    with (
        pytest.raises(Diagnostic, match="QEMU ended with exit code 1: no such board"),
        Remote([sys.executable, "-c", "raise SystemExit('no such board')"]),
    ):
        pass
