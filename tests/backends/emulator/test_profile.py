"""What the clock tells of whole runs: it adds up, it is the same each time, and memory, branches and alignment cost what they should."""

import struct
from dataclasses import replace

import pytest

from tfc.backends.emulator.machine import Machine
from tfc.backends.emulator.profile import Part, Profile
from tfc.backends.toolchain import build

FLASH, DTCM, SRAM = 0x0808_0000, 0x2000_0000, 0x2001_0000  # of the flash a part without the program
WEIGHTS = 264_192  # bytes: the fully connected layers of MLPerf Tiny's anomaly detection


def profile_of(machine: Machine, *words: int, timing: str = "full") -> Profile:
    """Of a run of the toy whose input begins with these words."""
    profile = machine.run([struct.pack(f"<{len(words)}I", *words).ljust(64, b"\0")], timing=timing).profile
    assert profile is not None
    return profile


def variant_of(profile: Profile) -> Part:
    return next(part for part in profile.functions if part.name == "toy_variant")


@pytest.fixture
def probe(toy):
    """What it costs to read `count` words from `start` on, `step` bytes apart."""

    def run(start: int, count: int, rounds: int = 1, step: int = 4) -> Part:
        return variant_of(profile_of(toy("probe"), start, step, count, rounds))

    return run


@pytest.mark.parametrize("timing", ["blocks", "full"])
def test_nodes_and_functions_add_up_exactly(toy, arithmetic, golden_input, timing):
    for machine, data in ((toy(), golden_input), (toy("middle_entry"), golden_input), (arithmetic, bytes(range(256)) * 3)):
        run = machine.run([data], timing=timing)
        profile = run.profile
        for parts in (profile.nodes, profile.functions):
            assert sum(part.cycles for part in parts) == profile.cycles > 0
            assert sum(part.instructions for part in parts) == run.instructions
            for event, count in profile.whole.events.items():
                assert sum(part.events[event] for part in parts) == count
        assert profile.ms == pytest.approx(1000 * profile.cycles / machine.target.clock_hz)


def test_equal_inputs_take_equal_cycles(toy, toy_folder, tmp_path, target, golden_input):
    machine = toy()
    first = machine.run([golden_input], timing="full").profile
    machine.run([bytes(64)], timing="blocks")
    assert machine.run([golden_input], timing="full").profile == first
    assert machine.run([golden_input], timing="full", watch=True).profile == first
    machine.self_test()
    assert machine.run([golden_input], timing="full").profile == first
    another = Machine(build(toy_folder(tmp_path), target), target)
    assert another.run([golden_input], timing="full").profile == first
    assert machine.run([golden_input]).profile is None


def test_blocks_alone_lack_what_waiting_for_data_costs(arithmetic, target):
    data = [bytes((i * 37 + 11) & 255 for i in range(768))]
    full, blocks = (arithmetic.run(data, timing=timing).profile for timing in ("full", "blocks"))
    unaligned = full.whole.events["unaligned_loads"] * target.caches.unaligned_load_cycles
    assert full.data_cycles > 0 < unaligned
    assert blocks.data_cycles == 0
    assert blocks.cycles == full.cycles - full.data_cycles - unaligned


def test_a_loop_of_two_instructions_takes_a_cycle_and_a_wrong_prediction_at_its_end(toy, target):
    few, many = (variant_of(profile_of(toy("self_loop"), count)) for count in (1000, 3000))
    assert many.cycles - few.cycles == 2000
    assert few.events["mispredicts"] == many.events["mispredicts"] == 1
    assert few.cycles < 1000 + target.branches.mispredict_cycles + 50
    assert few.events["calls"] == 1


def test_an_unaligned_word_takes_three_cycles_more(probe):
    aligned, unaligned = (probe(DTCM + offset, 1000) for offset in (0, 1))
    assert unaligned.cycles - aligned.cycles == 3 * 1000
    assert unaligned.events["unaligned_loads"] == 1000
    assert aligned.events["unaligned_loads"] == 0


def test_weights_read_once_cost_a_quarter_cycle_a_byte_more_in_flash(probe):
    flash = probe(FLASH, WEIGHTS // 4)
    sram = probe(SRAM, WEIGHTS // 8, rounds=2)  # it has less than that
    dtcm = probe(DTCM, WEIGHTS // 32, rounds=8)
    assert (flash.cycles - sram.cycles) / WEIGHTS == pytest.approx(0.234, abs=0.02)
    assert flash.events["flash_data_misses"] == sram.events["sram_data_misses"] == WEIGHTS // 32
    assert dtcm.cycles < sram.cycles


def test_what_fits_the_cache_is_filled_once(probe):
    once, often = (probe(SRAM, 512, rounds) for rounds in (1, 10))
    assert once.events["sram_data_misses"] == often.events["sram_data_misses"] == 2048 // 32
    local_once, local_often = (probe(DTCM, 512, rounds) for rounds in (1, 10))
    assert often.cycles - once.cycles == local_often.cycles - local_once.cycles


@pytest.mark.parametrize(("count", "rounds", "step"), [(1, 1, 4), (16, 3, 4), (500, 2, 4), (5000, 1, 4), (3000, 2, 12), (700, 1, 64), (900, 2, 6)])
def test_tightly_coupled_memory_is_never_slower(probe, count, rounds, step):
    dtcm, sram = (probe(start, count, rounds, step) for start in (DTCM, SRAM))
    assert dtcm.cycles < sram.cycles
    assert not any(count for event, count in dtcm.events.items() if event.endswith("data_misses"))


def test_misses_are_told_by_symbol(toy):
    profile = profile_of(toy("probe"), SRAM, 4, 64, 1)
    assert profile.data_misses["sram"] == {"pool1": 4, "?": 4}  # a pool of 128 bytes, and what lies behind it
    for memory, misses in profile.data_misses.items():
        assert sum(misses.values()) == profile.whole.events[f"{memory}_data_misses"]


def test_larger_caches_miss_less_and_none_never(toy, target):
    elf = toy("probe").image.path
    sizes = {size: replace(target, caches=replace(target.caches, instruction_bytes=size, data_bytes=size)) for size in (0, 4096, 16384)}
    small, large = (profile_of(Machine(elf, sizes[size]), SRAM, 4, 8192 // 4, 4) for size in (4096, 16384))
    assert small.whole.events["sram_data_misses"] > 2 * large.whole.events["sram_data_misses"]
    assert large.whole.events["sram_data_misses"] <= 8192 // 32 + 8
    none = profile_of(Machine(elf, sizes[0]), SRAM, 4, 8192 // 4, 4)
    assert not any(count for event, count in none.whole.events.items() if event.endswith("misses") and event != "btac_misses")
    assert none.cycles == large.cycles - large.data_cycles - sum(
        large.whole.events[f"{memory.name}_instruction_misses"] * memory.line_fill_cycles for memory in target.memories if memory.cached
    )
