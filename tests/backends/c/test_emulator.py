"""evaluate == the C kernel on the emulated chip, for every kernel that bids, within its scratch and without floats."""

import re
import shutil
import subprocess
from collections.abc import Callable

import pytest
from elftools.elf.elffile import ELFFile

from tfc.backends.emulator.machine import Machine
from tfc.backends.target import load_target

from .cases import FAMILIES
from .conftest import Built
from .every import differences

TARGET = load_target("stm32f746")
HELPER = re.compile(r"__aeabi_[fd]|__\w+[sd]f[23]?$")
FLOAT_HELPER = re.compile(r"__aeabi_[fd]|__(add|sub|mul|div|fix|float|extend|trunc)\w*[sd]f|memcpy|memset")
FLOAT_INSTRUCTION = re.compile(r"\b(v(add|sub|mul|div|ldr|str|mov|cvt|cmp|mla|fma|push|pop)\w*)\b")


@pytest.mark.parametrize("family", FAMILIES)
def test_kernels_equal_evaluate(family: str, built: Callable[[str], Built]) -> None:
    project = built(family)
    run = Machine(project.elf, TARGET).run([x.tobytes() for x in project.inputs])
    assert differences(project.graph, list(run.outputs), project.expected) == {}


@pytest.mark.skipif(shutil.which("llvm-objdump") is None, reason="needs llvm-objdump")
@pytest.mark.parametrize("family", FAMILIES)
def test_no_float_and_no_library_call(family: str, built: Callable[[str], Built]) -> None:
    project = built(family)
    with project.elf.open("rb") as file:
        symbols = [symbol.name for symbol in ELFFile(file).get_section_by_name(".symtab").iter_symbols()]
    assert not [name for name in symbols if HELPER.match(name)]
    objects = [str(path) for path in sorted((project.folder / "build" / "objects" / "src").glob("*.o"))]
    undefined = subprocess.run(["llvm-objdump", "-t", *objects], capture_output=True, text=True, check=True).stdout
    assert not [line for line in undefined.splitlines() if "*UND*" in line and FLOAT_HELPER.search(line)]
    text = subprocess.run(["llvm-objdump", "-d", "--mcpu=cortex-m7", "--no-show-raw-insn", *objects], capture_output=True, text=True, check=True).stdout
    assert not FLOAT_INSTRUCTION.findall(text)
