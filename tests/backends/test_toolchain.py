"""From sources to an ELF: the same bytes everywhere, and errors in the compiler's words."""

import shutil
from itertools import pairwise
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile

from tfc.backends.memory_map import Region, memory_map, memory_script, write_project
from tfc.backends.target import load_target
from tfc.backends.toolchain import build, elf_sizes
from tfc.ir.diagnostic import Diagnostic

FIRMWARE = Path(__file__).with_name("emulator") / "firmware" / "arithmetic"
POOLS = (768, 18 * 256 + 512)


@pytest.fixture
def target():
    return load_target("stm32f746")


@pytest.fixture
def folder(tmp_path, target) -> Path:
    shutil.copytree(FIRMWARE, tmp_path, dirs_exist_ok=True)
    write_project(tmp_path, target, POOLS)
    return tmp_path


def test_equal_sources_give_equal_bytes_wherever_they_lie(folder, tmp_path_factory, target):
    elsewhere = tmp_path_factory.mktemp("a folder with another, longer name") / "model"
    shutil.copytree(folder, elsewhere)
    first, second = build(folder, target).read_bytes(), build(elsewhere, target).read_bytes()
    assert first == second
    assert build(folder, target).read_bytes() == first
    assert str(folder).encode() not in first


def test_only_sources_count(folder, target):
    first = build(folder, target).read_bytes()
    (folder / "build" / "objects" / "src" / "stale.c.o").write_bytes(b"nothing")
    (folder / "src" / "notes.txt").write_text("not C")
    assert build(folder, target).read_bytes() == first


def test_another_memory_map_is_linked_anew(folder, target):
    first = elf_sizes(build(folder, target))
    write_project(folder, target, POOLS, stack_bytes=4096)
    with build(folder, target).open("rb") as file:
        symbols = {symbol.name: symbol["st_value"] for symbol in ELFFile(file).get_section_by_name(".symtab").iter_symbols()}
    assert symbols["__stack_top"] - symbols["__stack_limit"] == 4096
    assert elf_sizes(folder / "build" / "firmware.elf") == first


def test_no_float_instruction_can_appear(folder, target):
    (folder / "src" / "float.c").write_text("float scale(float x);\nfloat scale(float x) { return x * 0.5f; }\nint arithmetic_unused(void);\n")
    source = (folder / "src" / "arithmetic.c").read_text()
    source = source.replace("    return 0;\n}", "    extern float scale(float);\n    return (int)scale((float)x[0]);\n}")
    (folder / "src" / "arithmetic.c").write_text(source)
    with pytest.raises(Diagnostic, match=r"undefined symbol: __aeabi_fmul"):
        build(folder, target)


def test_what_the_compiler_says_is_shown(folder, target):
    (folder / "src" / "broken.c").write_text("int broken(void) { int unused; return 0 }\n")
    with pytest.raises(Diagnostic, match=r"src/broken.c:1:\d+: error: expected ';'"):
        build(folder, target)


def test_warnings_are_errors(folder, target):
    (folder / "src" / "loose.c").write_text("int loose(int x);\nint loose(int x) { int y; return 0; }\n")
    with pytest.raises(Diagnostic, match="unused variable 'y'"):
        build(folder, target)


def test_what_does_not_fit_is_said_by_the_linker(folder, target):
    (folder / "src" / "large.c").write_text("extern const char large[];\n__attribute__((used, retain)) const char large[1 << 20] = {1};\n")
    with pytest.raises(Diagnostic, match=r"will not fit in region 'FLASH'"):
        build(folder, target)


def test_a_missing_gcc_has_a_way_out(folder, target, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Diagnostic, match="arm-none-eabi-gcc is not installed") as refused:
        build(folder, target, "gcc")
    assert '"zig"' in str(refused.value)


@pytest.mark.skipif(shutil.which("arm-none-eabi-gcc") is None, reason="arm-none-eabi-gcc is not installed")
def test_gcc_builds_the_same_folder(folder, target):
    assert elf_sizes(build(folder, target, "gcc")).pools == sum(POOLS)


def test_unknown_toolchains_and_empty_folders_are_refused(folder, target, tmp_path_factory):
    with pytest.raises(Diagnostic, match="unknown toolchain icc"):
        build(folder, target, "icc")
    with pytest.raises(Diagnostic, match="has no C sources"):
        build(tmp_path_factory.mktemp("empty"), target)


def regions(target, *arguments) -> dict[str, Region]:
    return {region.name: region for region in memory_map(target, *arguments)}


def test_the_stack_lies_in_the_fastest_room_that_is_left(target):
    here = regions(target, (60 << 10, 100 << 10), 2048)
    assert here["POOL0"] == Region("POOL0", 0x2000_0000, 60 << 10)
    assert here["POOL1"] == Region("POOL1", 0x2001_0000, 100 << 10)
    assert here["STACK"].end == 0x2001_0000
    assert here["STATIC"].base == 0x2001_0000 + (100 << 10)
    full = regions(target, (64 << 10, 100 << 10), 2048)
    assert full["STACK"].end == 0x2005_0000
    assert full["STATIC"].end == full["STACK"].base


def test_one_buffer_may_span_adjacent_pools(target):
    here = regions(target, (300 << 10,), 2048)
    assert here["POOL0"].end == 0x2000_0000 + (300 << 10)
    assert "POOL1" not in here
    assert here["STATIC"].base == here["POOL0"].end


@pytest.mark.parametrize(("pools", "stack"), [((1, 0), 1), ((0, 3), 2047), ((65_000, 0), 4096), ((65_536, 262_144 - 4096), 4096), ((100_001,), 512)])
def test_regions_never_share_a_byte_and_stay_in_ram(target, pools, stack):
    ordered = sorted((region for region in memory_map(target, pools, stack) if region.size), key=lambda region: region.base)
    assert all(first.end <= second.base for first, second in pairwise(ordered))
    assert ordered[0].base >= 0x2000_0000
    assert ordered[-1].end <= 0x2005_0000
    assert regions(target, pools, stack)["STACK"].size >= stack


@pytest.mark.parametrize(
    ("pools", "message"),
    [
        ((64 << 10, 257 << 10), r"pool1 \(sram\) does not fit: it takes 263168 bytes, 262144 are there"),
        ((65 << 10, 1), r"pool0 \(dtcm\) does not fit: it takes 66560 bytes, 65536 are there"),
        ((64 << 10, 256 << 10), "no room for a stack of 2048 bytes"),
        ((1, 1, 1), "the arena has 3 pools, stm32f746 has 2"),
    ],
)
def test_what_does_not_fit_is_refused_with_numbers(target, pools, message):
    with pytest.raises(Diagnostic, match=message):
        memory_map(target, pools)


def test_the_script_is_golden(target):
    assert memory_script(target, (61_440, 102_400)) == (
        "/* stm32f746: written by the compiler */\nMEMORY\n{\n"
        "  ITCM (rx) : ORIGIN = 0x00000000, LENGTH = 16384\n"
        "  FLASH (rx) : ORIGIN = 0x08000000, LENGTH = 1048576\n"
        "  POOL0 (rw) : ORIGIN = 0x20000000, LENGTH = 61440\n"
        "  POOL1 (rw) : ORIGIN = 0x20010000, LENGTH = 102400\n"
        "  STACK (rw) : ORIGIN = 0x2000f800, LENGTH = 2048\n"
        "  STATIC (rw) : ORIGIN = 0x20029000, LENGTH = 159744\n}\n\n"
        "SECTIONS\n{\n  .pool0 (NOLOAD) : { *(.bss.pool0) } > POOL0\n  .pool1 (NOLOAD) : { *(.bss.pool1) } > POOL1\n}\n"
    )


def test_kept_objects_give_the_same_bytes_and_are_made_anew_when_a_header_changes(folder, tmp_path_factory, target):
    kept = tmp_path_factory.mktemp("objects")
    plain = build(folder, target).read_bytes()
    assert build(folder, target, objects=kept).read_bytes() == plain
    units = {path: path.stat().st_mtime_ns for path in kept.iterdir()}
    assert build(folder, target, objects=kept).read_bytes() == plain
    assert {path: path.stat().st_mtime_ns for path in kept.iterdir()} == units
    header = folder / "src" / "arithmetic.h"
    header.write_text(header.read_text() + "\n/* another text */\n")
    build(folder, target, objects=kept)
    assert len(list(kept.iterdir())) > len(units)
