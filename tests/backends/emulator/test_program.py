"""Programs that are no model: how they end, what they cost, and a Diagnostic for each fault of the core."""

import subprocess
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from tfc.backends.emulator.hot import hot_blocks
from tfc.backends.emulator.misses import misses_of
from tfc.backends.emulator.program import Execution, Program
from tfc.backends.target import Target, load_target
from tfc.backends.toolchain import zig_program
from tfc.ir.diagnostic import Diagnostic

from .programs import build_program

Run = Callable[..., Execution]
FPU = '".fpu fpv5-sp-d16\\n"'
FPU_ON = 'WORD(0xE000ED88) |= 0xF << 20; __asm__ volatile("dsb\\n\\tisb");'
SUM = """
int16_t table[4096];
KEEP int32_t sum(const int16_t *x, int n, int stride) {
    int32_t s = 0;
    for (int i = 0; i < n; i++) s += x[(i * stride) & 4095];
    return s;
}
int main(void) { return sum(table, 4096, 33); }
"""


@pytest.fixture
def program(tmp_path: Path, target: Target) -> Callable[[str], Program]:
    return lambda text: Program(build_program(tmp_path, target, text), target)


@pytest.fixture
def run(program: Callable[[str], Program]) -> Run:
    return lambda text, **options: program(text).run(limit=100_000, **options)


def test_a_program_runs_from_reset_to_its_exit(run: Run) -> None:
    heard: list[str] = []
    done = run('int main(void) { semihosting_print("one "); semihosting_print("two\\n"); return -3; }', say=heard.append)
    assert (done.result, done.text, heard) == (-3, "one two\n", ["one ", "two\n"])
    names = {part.name: part.events["calls"] for part in done.profile.functions}
    assert names == {"main": 1, "Reset_Handler": 1, "enable_caches": 1}


def test_the_console_of_a_c_library_is_served(run: Run) -> None:
    done = run("""
int main(void) {
    static const char name[] = ":tt", text[] = "written";
    const uint32_t open[3] = {(uint32_t)name, 4, 3};
    semihosting_call(1, open);
    const uint32_t block[3] = {2, (uint32_t)text, 7};
    semihosting_call(5, block);
    return 0;
}""")
    assert done.text == "written"


def test_parts_sum_to_the_whole_and_runs_are_alike(program: Callable[[str], Program]) -> None:
    machine = program(SUM)
    first, second = machine.run(), machine.run()
    assert first == second
    parts = first.profile.functions
    assert sum(part.cycles for part in parts) == first.profile.cycles
    assert sum(part.instructions for part in parts) == first.profile.whole.instructions
    hot = hot_blocks(machine.counting, machine.clock, 1000)
    assert sum(block.cycles for block in hot) == first.profile.cycles
    assert sum(block.executions * block.instructions for block in hot) == first.profile.whole.instructions
    assert [block.cycles for block in hot] == sorted((block.cycles for block in hot), reverse=True)
    assert hot[0].where.startswith("sum")


def test_misses_are_of_symbols_and_of_the_stack(program: Callable[[str], Program]) -> None:
    machine = program(SUM.replace("int main(void) {", "int main(void) { volatile int here[40]; here[nothing] = 1;"))
    done = machine.run()
    misses = misses_of(machine.image, machine.counting.core, done.profile, done.stack)
    events = done.profile.whole.events
    for kind in ("instruction", "data"):
        assert sum(one.count for one in misses if one.kind == kind) == sum(count for name, count in events.items() if name.endswith(f"{kind}_misses"))
    assert misses[0].symbol == "table"
    assert misses[0].memory == "sram"


def test_a_called_function_gets_its_arguments(program: Callable[[str], Program]) -> None:
    text = """
KEEP int mixed(int a, int b, int c, int d, int e, int f) { return a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * f; }
volatile int set = 7; volatile int zero;
KEEP int state(void) { return set + zero; }
int main(void) { set = 1; return mixed(1, 2, 3, 4, 5, 6) + state(); }
"""
    machine = program(text)
    assert machine.call("mixed", [1, 2, 3, 4, 5, -6]).result == 1 + 4 + 9 + 16 + 25 - 36
    assert machine.run().result == 91 + 1
    assert machine.call("state").result == 7
    assert [part.name for part in machine.call("state").profile.functions] == ["state"]


def test_arguments_may_be_addresses(program: Callable[[str], Program]) -> None:
    machine = program(SUM.replace("table[4096]", "table[4096] = {5, 6, 7}"))
    assert machine.call("sum", [machine.address("table"), 3, 1]).result == 18
    with pytest.raises(Diagnostic, match=r"has no symbol tabel\n.*\n?  help: there is table"):
        machine.address("tabel")
    with pytest.raises(Diagnostic, match=r"table is at 0x2001.*where the program has no code"):
        machine.call("table")


def test_code_runs_in_ram(run: Run) -> None:
    done = run('__attribute__((section(".data.code"), noinline)) int inc(int a) { return a + 1; } int main(void) { return inc((int)nothing); }')
    assert done.result == 1
    assert "inc" in {part.name for part in done.profile.functions}


FAULTS = {
    "null": ("((void (*)(void))1)();", r"main\S* \(0x0800\w+\) jumps to 0x00000000, where the program has no code"),
    "flash": ("((void (*)(void))0x08080001)();", r"main\S* \(0x0800\w+\) jumps to 0x08080000, where the program has no code"),
    "thumb": ("((void (*)(void))((uint32_t)main & ~1u))();", r"main\S* \(0x0800\w+\) jumps to 0x0800\w+ without the Thumb bit"),
    "data": ("((void (*)(void))0x20000101)();", r"main\S* \(0x0800\w+\) jumps into data memory at 0x20000100 \(dtcm\)"),
    "unmapped": ("((void (*)(void))0x70000101)();", r"main\S* \(0x0800\w+\) jumps to unmapped memory at 0x70000100"),
    "write": ("WORD(0x08000010) = 3;", r"main\S* \(0x0800\w+\) writes read-only memory at 0x08000010 \(flash\)"),
    "peripheral": ("WORD(0x40023800) = 3;", r"main\S* \(0x0800\w+\) writes unmapped memory at 0x40023800(.|\n)*peripherals are not emulated"),
    "counter": ("return (int)WORD(0xE0001004);", r"reads unmapped memory at 0xe0001004(.|\n)*cycle counter"),
    "divide": ("WORD(0xE000ED14) |= 16; return (int)(5 / nothing);", r"main\S* \(0x0800\w+\) divides by zero, and CCR.DIV_0_TRP is set"),
    "signed": ("WORD(0xE000ED14) |= 16; return 5 / (int)nothing;", r"main\S* \(0x0800\w+\) divides by zero"),
    "endless": ("for (;;) nothing++;", r"more than 100,000 instructions ran, the last in main\S* \(0x0800\w+\)"),
    "halt": ("for (;;) {}", r"main\S* \(0x0800\w+\) branches to itself for ever"),
    "wfi": ('__asm__ volatile("wfi"); return 0;', r"main\S* \(0x0800\w+\) waits for an interrupt"),
    "wfe": ('for (;;) __asm__ volatile("wfe");', r"main\S* \(0x0800\w+\) waits for an event"),
    "undefined": ('__asm__ volatile("udf #1");', r"main\+0x\w+ \(0x0800\w+\) executes an undefined instruction"),
    "supervisor": ('__asm__ volatile("svc #1");', r"main\S* \(0x0800\w+\) calls a supervisor"),
    "breakpoint": ('__asm__ volatile("bkpt #1");', r"main\S* \(0x0800\w+\) stops at a breakpoint"),
    "call": ("semihosting_call(0x77, 0);", r"main\S* \(0x0800\w+\) makes the unknown semihosting call 0x77"),
    "pair": ('__asm__ volatile("ldrd r0, r1, [%0]" ::"r"(0x20000002) : "r0", "r1");', r"main\S* \(0x0800\w+\) moves several words at 0x20000002"),
    "fpu": (f'__asm__ volatile({FPU} "vadd.f32 s0, s0, s0");', r"main\S* \(0x0800\w+\) is a floating-point instruction, and the FPU is off"),
    "double": (
        f'{FPU_ON} __asm__ volatile(".fpu fpv5-d16\\n" "vadd.f64 d0, d0, d0");',
        r"main\S* \(0x0800\w+\) is a double-precision instruction, which an fpv5-sp-d16 does not know",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_faults_name_function_and_address(run: Run, name: str) -> None:
    body, message = FAULTS[name]
    with pytest.raises(Diagnostic, match=message):
        run(f"int main(void) {{ {body} return 0; }}")


def test_a_stack_that_is_too_deep_is_found_before_it_does_harm(run: Run) -> None:
    text = "KEEP int deep(int n) { volatile int x[9]; x[n % 9] = n; return nothing ? 0 : deep(n + 1) + x[1]; } int main(void) { return deep(0); }"
    with pytest.raises(Diagnostic, match=r"deep\S* \(0x0800\w+\) takes the stack down to 0x2000\w+, and it ends at 0x2000fc00"):
        run(text)


def test_division_by_zero_is_zero_without_the_trap(run: Run) -> None:
    assert run("int main(void) { return (int)(5 / nothing) + 3; }").result == 3


def test_the_fpu_works_once_it_is_on(program: Callable[[str], Program]) -> None:
    twice = f"""
KEEP int twice(int a) {{
    __asm__ volatile({FPU} "vmov s0, %0\\n vcvt.f32.s32 s0, s0\\n vadd.f32 s0, s0, s0\\n vcvt.s32.f32 s0, s0\\n vmov %0, s0" : "+r"(a));
    return a;
}}
int main(void) {{ {FPU_ON} return twice(21); }}
"""
    machine = program(twice)
    assert machine.run().result == 42
    assert machine.call("twice", [-4]).result == -8


def test_a_chip_without_fpu_says_so(tmp_path: Path) -> None:
    chip = replace(load_target("stm32f746"), fpu="none")
    elf = build_program(tmp_path, chip, f'int main(void) {{ {FPU_ON} __asm__ volatile({FPU} "vadd.f32 s0, s0, s0"); return 0; }}')
    with pytest.raises(Diagnostic, match=r"main\S* \(0x0800\w+\) is a floating-point instruction, and stm32f746 has no FPU"):
        Program(elf, chip).run()


def compile_for(folder: Path, *flags: str) -> Path:
    """An object or executable for another core."""
    (folder / "start.c").write_text("void _start(void) { for (;;); }\n")
    elf = folder / "other.elf"
    zig, _ = zig_program()
    subprocess.run((zig, "cc", *flags, "-nostdlib", "-o", str(elf), str(folder / "start.c")), check=True, capture_output=True)
    return elf


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (("-target", "x86_64-freestanding"), "is for X86_64, 64 bits"),
        (("-target", "aarch64-freestanding"), "is for AARCH64, 64 bits"),
        (("-target", "arm-freestanding-eabi", "-mcpu=cortex_a9"), "is for an application core"),
        (("-target", "thumb-freestanding-eabi", "-mcpu=cortex_m33"), "is for Armv8-M"),
        (("-target", "thumbeb-freestanding-eabi", "-mcpu=cortex_m7"), "is for ARM, 32 bits, big-endian"),
    ],
)
def test_programs_for_other_cores_are_refused(tmp_path: Path, target: Target, flags: tuple[str, ...], message: str) -> None:
    with pytest.raises(Diagnostic, match=message):
        Program(compile_for(tmp_path, *flags), target)


def test_an_elf_cut_anywhere_is_refused(tmp_path: Path, target: Target) -> None:
    whole = build_program(tmp_path, target, "int main(void) { return 0; }").read_bytes()
    path = tmp_path / "cut.elf"
    for size in [*range(0, 120, 9), *range(120, len(whole), 501), len(whole) - 1]:
        path.write_bytes(whole[:size])
        with pytest.raises(Diagnostic, match=r"cut\.elf"):
            Program(path, target)


def test_a_damaged_program_never_ends_in_a_traceback(tmp_path: Path, target: Target) -> None:
    elf = build_program(tmp_path, target, 'int main(void) { semihosting_print("text"); return 5 / ((int)nothing + 1); }')
    whole, path = elf.read_bytes(), tmp_path / "damaged.elf"
    code = whole.index(b"\xab\xbe")
    for position in [*range(0, 0x80, 5), *range(code - 120, code + 120, 3), *range(0x80, len(whole), 211)]:
        path.write_bytes(whole[:position] + bytes([whole[position] ^ 0x55]) + whole[position + 1 :])
        with suppress(Diagnostic):
            Program(path, target).run(limit=20_000)


def test_a_program_without_vectors_needs_an_entry(tmp_path: Path, target: Target) -> None:
    (tmp_path / "f.c").write_text("int twice(int a) { return 2 * a; }\n")
    zig, _ = zig_program()
    subprocess.run((zig, "clang", *target.flags.clang, "-c", "f.c"), cwd=tmp_path, check=True)
    subprocess.run((zig, "ld.lld", "f.o", "-o", "f.elf", "--image-base=0x08000000", "-e", "twice"), cwd=tmp_path, check=True)
    elf = tmp_path / "f.elf"
    machine = Program(elf, target)
    with pytest.raises(Diagnostic, match=r"has no vector table(.|\n)*--entry"):
        machine.run()
    assert machine.call("twice", [-8]).result == -16
