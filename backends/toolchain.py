"""From a folder of C sources to firmware.elf: the clang and lld of the ziglang package, or an installed arm-none-eabi-gcc."""

import hashlib
import re
import shutil
import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import ziglang
from elftools.elf.constants import SH_FLAGS
from elftools.elf.elffile import ELFFile

from tfc.ir.diagnostic import Diagnostic

from .target import Target

WARNINGS = ("-Wall", "-Wextra", "-Werror")
# Paths are relative to the folder and there is no debug information: the bytes do not depend on where the folder lies.
COMMON = ("-ffreestanding", "-fomit-frame-pointer", "-ffunction-sections", "-fdata-sections", "-g0", "-Isrc", "-Iproject", *WARNINGS)
# Inference wants speed; start-up and self-test want to be small.
OPTIMIZE = {"src": "-O3", "project": "-Os"}
LINK = ("--gc-sections", "-Lproject", "-T", "project/link.ld")
JOBS = 2
INCLUDE = re.compile(r'^#include "([^"]+)"', re.MULTILINE)


@dataclass(frozen=True)
class Tools:
    """The command that compiles one unit (`… -c SOURCE -o OBJECT`) and the one that links (`… OBJECTS -o ELF`)."""

    compile: tuple[str, ...]
    link: tuple[str, ...]


def zig_program() -> tuple[str, tuple[str, ...]]:
    """The zig of the ziglang package, and the flags that find its freestanding headers."""
    package = Path(next(iter(ziglang.__path__)))
    zig = shutil.which("zig", path=str(package))
    if zig is None:
        raise Diagnostic(f"{package} has no zig program", help="pip install --force-reinstall ziglang")
    return zig, ("-nostdlibinc", "-isystem", str(package / "lib" / "include"))


def zig_tools(target: Target) -> Tools:
    """The plain clang and lld inside ziglang.

    Unlike `zig cc` they keep -O3 (it makes -O2 of it), free the frame pointer's register, and never reuse an old link
    because an included linker script is no input of its cache.
    """
    zig, headers = zig_program()
    return Tools(
        compile=(zig, "clang", *target.flags.clang, *COMMON, "-Wno-unused-command-line-argument", *headers),
        link=(zig, "ld.lld", *LINK),
    )


def gcc_tools(target: Target) -> Tools:
    """GNU: two of its passes are off, which would turn loops into library calls and merge the functions of like nodes."""
    gcc = shutil.which("arm-none-eabi-gcc")
    if gcc is None:
        raise Diagnostic("arm-none-eabi-gcc is not installed", help='install it (Debian: gcc-arm-none-eabi), or use the toolchain "zig", which needs nothing')
    script = tuple(f"-Wl,{flag}" if flag.startswith("--") else flag for flag in LINK)
    return Tools(
        compile=(gcc, *target.flags.gcc, *COMMON, "-fno-tree-loop-distribute-patterns", "-fno-ipa-icf"),
        link=(gcc, *target.flags.gcc, "-nostdlib", "-nostartfiles", *script),
    )


TOOLCHAINS = {"zig": zig_tools, "gcc": gcc_tools}


def build(folder: Path, target: Target, toolchain: str = "zig", *, objects: Path | None = None, times: bool = False) -> Path:
    """Compile `src/*.c|S` and `project/*.c|S` of the folder and link them with `project/link.ld` to `build/firmware.elf`.

    Equal sources give equal bytes, wherever the folder lies. What the compiler or linker says against them is a Diagnostic.
    `objects` is a folder in which compiled units are kept for the next builds, of other projects too. With `times` it is `build/times.elf`, whose
    self-test prints the cycles of each node on a board.
    """
    if toolchain not in TOOLCHAINS:
        raise Diagnostic(f"unknown toolchain {toolchain}", help=f"the toolchains are {', '.join(TOOLCHAINS)}")
    tools = TOOLCHAINS[toolchain](target)
    sources = sorted(path.relative_to(folder) for part in ("src", "project") for path in (folder / part).glob("*.[cS]"))
    if not sources:
        raise Diagnostic(f"{folder} has no C sources in src/ or project/")
    units = [Path("build", "objects", *source.parts).with_suffix(source.suffix + ".o") for source in sources]
    shutil.rmtree(folder / "build" / "objects", ignore_errors=True)
    for unit in units:
        (folder / unit).parent.mkdir(parents=True, exist_ok=True)

    def make(source: Path, unit: Path) -> None:
        command = (*tools.compile, *flags_of(source), *["-DTFC_TIMES"] * times)
        kept = objects and objects / f"{content_key(folder, source, command)}.o"
        if kept and kept.exists():
            shutil.copyfile(kept, folder / unit)
            return
        run(folder, (*command, "-c", str(source), "-o", str(unit)))
        if kept:
            kept.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(folder / unit, kept)

    elf = Path("build", "times.elf" if times else "firmware.elf")
    with ThreadPoolExecutor(JOBS) as pool:
        list(pool.map(make, sources, units))
    run(folder, (*tools.link, *map(str, units), "-o", str(elf)))
    return folder / elf


def content_key(folder: Path, source: Path, command: Sequence[str]) -> str:
    """Of the command, the unit and every header that it includes, at any depth: what makes equal objects."""
    digest, pending, done = hashlib.sha256(repr(command).encode()), [source], set()
    while pending:
        if (path := pending.pop()) in done:
            continue
        done.add(path)
        text = (folder / path).read_bytes()
        digest.update(repr((path.as_posix(), text)).encode())
        for name in INCLUDE.findall(text.decode()):
            pending += [near / name for near in (path.parent, Path("src"), Path("project")) if (folder / near / name).is_file()]
    return digest.hexdigest()


def flags_of(source: Path) -> tuple[str, ...]:
    """What depends on the unit: how to optimize C, which is C11; assembly knows neither."""
    return (OPTIMIZE[source.parts[0]], "-std=c11") if source.suffix == ".c" else ()


def run(folder: Path, command: Sequence[str]) -> None:
    """Run a compiler or linker in the folder."""
    result = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if result.returncode:
        raise Diagnostic(f"{Path(command[0]).name} {command[1]} failed in {folder}:\n{(result.stderr or result.stdout).strip()}")


@dataclass(frozen=True)
class ElfSizes:
    """Bytes of a linked firmware: flash holds code, rodata and data; RAM data, bss and pools (the arena)."""

    code: int
    rodata: int
    data: int
    bss: int
    pools: int

    @property
    def flash(self) -> int:
        return self.code + self.rodata + self.data


def elf_sizes(elf: Path) -> ElfSizes:
    """What the linked firmware, or an object of it, takes, by section."""
    sizes = dict.fromkeys(("code", "rodata", "data", "bss", "pools"), 0)
    with elf.open("rb") as file:
        for section in ELFFile(file).iter_sections():
            flags = section["sh_flags"]
            if not flags & SH_FLAGS.SHF_ALLOC:
                continue
            if section["sh_type"] == "SHT_NOBITS":
                kind = "pools" if section.name.startswith((".pool", ".bss.pool")) else "bss"
            elif flags & SH_FLAGS.SHF_EXECINSTR:
                kind = "code"
            else:
                kind = "data" if flags & SH_FLAGS.SHF_WRITE else "rodata"
            sizes[kind] += section["sh_size"]
    return ElfSizes(**sizes)
