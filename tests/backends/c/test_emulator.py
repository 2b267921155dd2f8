"""evaluate == the C kernel on the emulated chip, for every kernel that bids, within its scratch and without floats."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile

from tfc.backends.emulator.image import read_image
from tfc.backends.emulator.machine import Machine
from tfc.backends.emulator.tables import tables_of
from tfc.backends.target import load_target

from .cases import FAMILIES
from .conftest import Built
from .every import differences

TARGET = load_target("stm32f746")
HELPER = re.compile(r"__aeabi_[fd]|__\w+[sd]f[23]?$")
FLOAT_HELPER = re.compile(r"__aeabi_[fd]|__(add|sub|mul|div|fix|float|extend|trunc)\w*[sd]f|memcpy|memset")


def symbols(path: Path) -> list[tuple[str, str | int]]:
    """Name and section of every symbol of an ELF file."""
    with path.open("rb") as file:
        return [(symbol.name, symbol["st_shndx"]) for symbol in ELFFile(file).get_section_by_name(".symtab").iter_symbols()]


@pytest.mark.parametrize("family", FAMILIES)
def test_kernels_equal_evaluate(family: str, built: Callable[[str], Built]) -> None:
    project = built(family)
    run = Machine(project.elf, TARGET).run([x.tobytes() for x in project.inputs])
    assert differences(project.graph, list(run.outputs), project.expected) == {}


@pytest.mark.parametrize("family", ["conv2d", "conv2d of other kinds", "linear", "sparse", "sparse maps"])
def test_short_loops_equal_evaluate(family: str, built: Callable[..., Built]) -> None:
    project = built(family, short_loops=True)
    run = Machine(project.elf, TARGET).run([x.tobytes() for x in project.inputs])
    assert differences(project.graph, list(run.outputs), project.expected) == {}
    assert run.instructions < Machine(built(family).elf, TARGET).run([x.tobytes() for x in project.inputs]).instructions


@pytest.mark.parametrize("family", FAMILIES)
def test_no_float_and_no_library_call(family: str, built: Callable[[str], Built]) -> None:
    """Neither a floating-point instruction in the disassembly nor a soft-float or other helper of a C library among the symbols."""
    project = built(family)
    assert not [name for name, _ in symbols(project.elf) if HELPER.match(name)]
    for kernel in (project.folder / "build" / "objects" / "src").glob("*.o"):
        assert not [name for name, section in symbols(kernel) if section == "SHN_UNDEF" and FLOAT_HELPER.search(name)]
    assert tables_of(read_image(project.elf)).floats == ()
