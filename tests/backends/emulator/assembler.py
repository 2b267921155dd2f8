"""Thumb assembly as text to decoded instructions."""

import subprocess
import tempfile
from functools import cache
from pathlib import Path

from elftools.elf.elffile import ELFFile

from tfc.backends.emulator.decode import Decoded, decode
from tfc.backends.emulator.image import Code
from tfc.backends.toolchain import zig_program

HEAD = ".syntax unified\n.thumb\n.cpu cortex-m7\n.fpu fpv5-sp-d16\n.text\nstart:\n"


@cache
def assemble(text: str) -> Code:
    """Instructions between semicolons or newlines, at address 0; `start` is the label of the first."""
    zig, _ = zig_program()
    command = (zig, "clang", "--target=thumbv7em-none-eabi", "-mcpu=cortex-m7", "-mfloat-abi=softfp", "-c", "-x", "assembler", "-o")
    with tempfile.TemporaryDirectory() as folder:
        item = Path(folder, "text.o")
        result = subprocess.run((*command, str(item), "-"), input=f"{HEAD}{text}\n", capture_output=True, text=True, check=False)
        assert result.returncode == 0, result.stderr
        with item.open("rb") as file:
            return Code(0, ELFFile(file).get_section_by_name(".text").data())


def decoded(text: str) -> tuple[Decoded, ...]:
    return decode(assemble(text))
