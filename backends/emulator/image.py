"""What an ELF file holds: bytes to load, symbols, and which addresses are instructions."""

from bisect import bisect_right
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from elftools.common.exceptions import ELFError
from elftools.construct import ConstructError
from elftools.elf.constants import SH_FLAGS
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from tfc.ir.diagnostic import Diagnostic

from .attributes import foreign_core

BUILD = "build it for a Cortex-M7: Thumb, 32 bits, little-endian"


@dataclass(frozen=True)
class Segment:
    """Bytes as they are programmed: at the load address, wherever they are used later.

    A program uses `bytes` of them at `runs_at`; those behind the data begin as 0.
    """

    address: int
    data: bytes
    runs_at: int
    bytes: int


@dataclass(frozen=True)
class Symbol:
    """A function or object; the address of a function is without its Thumb bit. `file` is the source of a local one."""

    name: str
    address: int
    size: int
    file: str = ""


@dataclass(frozen=True)
class Code:
    """A stretch of Thumb instructions without data between them, at the address where it runs."""

    address: int
    data: bytes


@dataclass(frozen=True)
class Image:
    """A linked program. `functions` are sorted by address; `symbols` has functions, objects and the linker's symbols by name."""

    path: Path
    segments: tuple[Segment, ...]
    functions: tuple[Symbol, ...]
    symbols: dict[str, Symbol]
    code: tuple[Code, ...]

    def symbol(self, name: str) -> Symbol:
        """The symbol of that name; its absence is a Diagnostic."""
        if name not in self.symbols:
            raise Diagnostic(f"{self.path} has no symbol {name}", help="was it stripped, or not built from a compiled folder?")
        return self.symbols[name]

    def function_at(self, address: int) -> Symbol | None:
        """The function that the address lies in."""
        index = bisect_right(self.functions, address, key=lambda function: function.address) - 1
        if index < 0:
            return None
        function = self.functions[index]
        return function if address < function.address + max(function.size, 2) else None

    def where(self, address: int) -> str:
        """The address for a reader: `tfc_node_3+0x12 (0x08001234)`."""
        function = self.function_at(address)
        if function is None:
            return f"0x{address:08x}"
        offset = address - function.address
        return f"{function.name}{f'+0x{offset:x}' if offset else ''} (0x{address:08x})"


def read_image(path: Path) -> Image:
    """Read an ELF for a little-endian 32-bit Arm; anything else, or half a file, is a Diagnostic."""
    try:
        with path.open("rb") as file:
            return image_of(path, ELFFile(file))
    except FileNotFoundError:
        raise Diagnostic(f"{path} does not exist") from None
    except OSError as error:
        raise Diagnostic(f"{path} cannot be read: {error.strerror}") from None
    except (ELFError, ConstructError, UnicodeDecodeError, ValueError, IndexError) as error:
        raise Diagnostic(f"{path} is not a whole ELF file: {error}") from error


def image_of(path: Path, elf: Any) -> Image:
    if elf["e_machine"] != "EM_ARM" or elf.elfclass != 32 or not elf.little_endian:
        machine = str(elf["e_machine"]).removeprefix("EM_")
        raise Diagnostic(f"{path} is for {machine}, {elf.elfclass} bits, {'little' if elf.little_endian else 'big'}-endian", help=BUILD)
    attributes = elf.get_section_by_name(".ARM.attributes")
    if attributes and (core := foreign_core(attributes.data())):
        raise Diagnostic(f"{path} is for {core}", help=BUILD)
    segments = []
    for segment in elf.iter_segments("PT_LOAD"):
        data = segment.data()
        if len(data) != segment["p_filesz"]:
            raise Diagnostic(f"{path} is cut off: a segment has {len(data)} of {segment['p_filesz']} bytes")
        segments.append(Segment(segment["p_paddr"], data, segment["p_vaddr"], segment["p_memsz"]))
    if not any(segment.data for segment in segments):
        raise Diagnostic(f"{path} has nothing to load", help="link it: an object file is no program")
    functions, symbols, marks = read_symbols(path, elf)
    code = []
    for index, section in enumerate(elf.iter_sections()):
        if section["sh_type"] == "SHT_PROGBITS" and section["sh_flags"] & SH_FLAGS.SHF_EXECINSTR and section["sh_size"]:
            code += thumb_parts(section["sh_addr"], section.data(), marks.get(index, []))
    return Image(path, tuple(segments), tuple(sorted(functions, key=lambda f: (f.address, f.name))), symbols, tuple(code))


def read_symbols(path: Path, elf: Any) -> tuple[list[Symbol], dict[str, Symbol], dict[int, list[tuple[int, str]]]]:
    """Functions, all named symbols, and the mapping symbols ($t code, $d data) of each section."""
    functions: list[Symbol] = []
    symbols: dict[str, Symbol] = {}
    marks: dict[int, list[tuple[int, str]]] = {}
    table = elf.get_section_by_name(".symtab")
    if not isinstance(table, SymbolTableSection):
        raise Diagnostic(f"{path} has no symbols", help="do not strip it")
    file = ""
    for entry in table.iter_symbols():
        kind, section, value = entry["st_info"]["type"], entry["st_shndx"], entry["st_value"]
        if kind == "STT_FILE":
            file = entry.name
        elif entry.name[:2] in ("$t", "$d", "$a"):
            marks.setdefault(section, []).append((value, entry.name[1]))
        elif kind == "STT_FUNC":
            functions.append(Symbol(entry.name, value & ~1, entry["st_size"], file if entry["st_info"]["bind"] == "STB_LOCAL" else ""))
            symbols[entry.name] = functions[-1]
        elif kind in ("STT_OBJECT", "STT_NOTYPE") and entry.name:
            symbols.setdefault(entry.name, Symbol(entry.name, value, entry["st_size"]))
    return functions, symbols, marks


def thumb_parts(address: int, data: bytes, marks: list[tuple[int, str]]) -> list[Code]:
    """Cut a section at its mapping symbols and keep the code. The same address may be marked twice: then the last mark holds."""
    last = dict(sorted(marks)) if marks else {address: "t"}
    starts = sorted(last)
    ends = [*starts[1:], address + len(data)]
    return [Code(start, data[start - address : end - address]) for start, end in zip(starts, ends, strict=True) if last[start] == "t" and end > start]
