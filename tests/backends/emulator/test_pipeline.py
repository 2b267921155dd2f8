"""The pipeline model against sequences whose cycles were measured, and what it says about the ones that wait."""

import pytest

from tfc.backends.emulator.pipeline import block_cycles, loop_cycles, schedule
from tfc.backends.target import load_target

from .assembler import decoded

CORE = load_target("stm32f746").pipeline

# Steady-state cycles of sequences that repeat; jnk0le's measurements, [pipeline] in cores/cortex-m7.toml.
SEQUENCES = {
    "one accumulator": ("smlad r0, r1, r2, r0", 1),
    "multiply beside a move": ("smlad r0, r1, r2, r0; mov r3, r4", 1),
    "one long accumulator": ("smlal r0, r1, r2, r3", 1),
    "one long accumulator of pairs": ("smlald r0, r1, r2, r3", 1),
    "high product as multiplicand": ("smmul r0, r0, r1", 2),
    "long product as multiplicand": ("smull r0, r1, r0, r2", 2),
    "two multiplies": ("mul r0, r1, r2; mul r3, r1, r2", 2),
    "four adds": ("add r0, r4, r5; add r1, r4, r5; add r2, r4, r5; add r3, r4, r5", 2),
    "dependent adds": ("add r0, r0, #1; add r0, r0, #1", 2),
    "two shifted adds": ("add r0, r4, r5, lsl #2; add r1, r4, r5, lsl #3", 2),
    "two plain shifts": ("lsl r0, r4, #2; lsr r1, r4, #3", 1),
    "shifted constant beside shifted add": ("eor r0, r4, #0x1fc0; add r1, r4, r5, lsl #3", 2),
    "constant pattern beside shifted add": ("eor r0, r4, #0x1b1b1b1b; add r1, r4, r5, lsl #3", 1),
    "two extensions of pairs": ("sxtb16 r0, r4; sxtb16 r1, r4, ror #8", 2),
    "two extensions": ("uxtb r0, r4; uxtb r1, r5", 2),
    "extension beside multiply": ("sxtb16 r0, r4; smlad r1, r2, r3, r1", 1),
    "word, then add": ("ldr r0, [r1]; add r2, r0, #1", 1),
    "byte, then add": ("ldrb r0, [r1]; add r2, r0, #1", 2),
    "word, then multiplicand": ("ldr r0, [r1]; smlad r2, r0, r3, r2", 2),
    "byte, then multiplicand": ("ldrsb r0, [r1]; smlabb r2, r0, r3, r2", 2),
    "byte, then accumulator": ("ldrsb r0, [r1]; smlabb r2, r3, r4, r0", 1),
    "word, then shifted": ("ldr r0, [r1]; add r2, r3, r0, lsl #2", 2),
    "word, then stored": ("ldr r0, [r1]; str r0, [r2]", 1),
    "chain of words": ("ldr r1, [r1]", 2),
    "and, then address": ("and r0, r1, r2; ldr r3, [r0]", 2),
    "add, then address": ("add r0, r1, r2; ldr r3, [r0]", 1),
    "even and odd word": ("ldr r0, [r4]; ldr r1, [r4, #4]", 1),
    "two even words": ("ldr r0, [r4]; ldr r1, [r4, #8]", 2),
    "two bytes of a word": ("ldrb r0, [r4]; ldrb r1, [r4, #1]", 2),
    "two unknown words": ("ldr r0, [r4]; ldr r1, [r5]", 1.5),
    "four words": ("ldr r0, [r4]; ldr r1, [r4, #4]; ldr r2, [r4, #8]; ldr r3, [r4, #12]", 2),
    "one pointer on": ("ldr r0, [r4], #4; ldr r1, [r4], #4", 2),
    "pair of words": ("ldrd r0, r1, [r4]", 1),
    "pair of words alone": ("ldrd r0, r1, [r4]; mov r2, r3", 2),
    "four registers": ("ldm r4, {r0, r1, r2, r3}", 2),
    "eight registers": ("ldm r8, {r0, r1, r2, r3, r4, r5, r6, r7}", 4),
    "five registers pushed": ("push {r4, r5, r6, r7, lr}", 3),
    "two stores": ("str r0, [r4]; str r1, [r4, #4]", 2),
    "multiply and store": ("mul r0, r1, r2; str r3, [r4]", 2),
    "load and store": ("ldr r0, [r4]; str r1, [r5]", 1),
    "two streams": ("ldr r0, [r4], #4; ldr r1, [r5], #4; smlad r6, r0, r1, r6", 3),
    "bytes to half-words": (
        "ldr r0, [r4], #4; sxtb16 r1, r0, ror #8; sxtb16 r0, r0; pkhbt r2, r0, r1, lsl #16; pkhtb r3, r1, r0, asr #16",
        4,
    ),
    "conditional minimum": ("cmp r0, r1; it lt; movlt r0, r1", 2),
    "counted loop": ("subs r0, #1; bne start", 1),
    "loop of two pairs": ("add r1, r4, r5; add r2, r4, r5; subs r0, #1; bne start", 2),
    "loop of three": ("add r1, r4, r5; subs r0, #1; bne start", 2),
    "address and constant": ("movw r0, #4660; movt r0, #22136", 1),
    "division": ("sdiv r0, r1, r2", 8),
    "dependent floats": ("vadd.f32 s0, s0, s1", 3),
    "independent floats": ("vadd.f32 s0, s4, s5; vmul.f32 s1, s4, s5", 2),
}


@pytest.mark.parametrize("name", SEQUENCES)
def test_a_sequence_that_repeats_takes_its_measured_cycles(name: str) -> None:
    text, cycles = SEQUENCES[name]
    assert loop_cycles(decoded(text), CORE) == cycles


@pytest.mark.parametrize("name", SEQUENCES)
def test_no_sequence_beats_two_instructions_or_one_multiply_a_cycle(name: str) -> None:
    block = decoded(SEQUENCES[name][0])
    multiplies = sum("multiply" in one.units for one in block)
    for cycles in (block_cycles(block, CORE), loop_cycles(block, CORE)):
        assert cycles >= len(block) / 2
        assert cycles >= multiplies - 0.5  # the slot beside the last one is still free


@pytest.mark.parametrize("count", [1, 7, 16])
def test_repetition_inside_a_block_costs_as_much_as_a_loop(count: int) -> None:
    assert block_cycles(decoded("smlad r0, r1, r2, r0\n" * count), CORE) == count - 0.5


@pytest.mark.parametrize(
    ("text", "taken", "fallen_through"),
    [
        ("add r0, r1, r2", 0.5, 0.5),  # the next block's first instruction may pair
        ("add r0, r1, r2; add r3, r4, r5", 1, 1),
        ("nop; nop; bne start", 2, 1.5),  # a target starts in a cycle of its own
        ("nop; bne start", 1, 1),
        ("pop {r4, pc}", 1, 1),
    ],
)
def test_a_block_ends_at_a_free_slot_unless_it_jumps(text: str, taken: float, fallen_through: float) -> None:
    assert block_cycles(decoded(text), CORE) == taken
    assert block_cycles(decoded(text), CORE, taken=False) == fallen_through


@pytest.mark.parametrize(
    ("text", "cycle", "reason"),
    [
        ("ldrsb r3, [r1]; add r0, r3, #1", 2, "waits 2 cycles for r3 of ldrsb"),
        ("ldr r3, [r1]; ldr r0, [r3]", 2, "waits 2 cycles for r3 of ldr"),
        ("ldr r3, [r1], #4; ldr r0, [r1]", 1, "waits 1 cycle for r1 of ldr"),
        ("cmp r0, r1; adc r2, r3", 1, "waits 1 cycle for the flags of cmp"),
        ("mul r0, r1, r2; mul r3, r1, r2", 1, "does not pair: two multiplies"),
        ("mul r0, r1, r2; str r3, [r4]", 1, "does not pair: a multiply and a store"),
        ("ldr r0, [r4]; ldr r1, [r4, #8]", 1, "does not pair: same load bank"),
        ("ldr r0, [r4]; ldr r1, [r5]", 0, "may meet the load before it in one bank: 0.5 cycles expected"),
        ("mov r0, r1; ldrd r2, r3, [r4]", 1, "does not pair: ldrd issues alone"),
        ("add r0, r1, r2; eor r3, r0, r1", 0, ""),
    ],
)
def test_the_last_instruction_says_what_it_waits_for(text: str, cycle: int, reason: str) -> None:
    last = schedule(decoded(text), CORE)[-1]
    assert (last.cycle, last.reason) == (cycle, reason)


def test_slots_alternate_where_nothing_is_in_the_way() -> None:
    issued = schedule(decoded("add r0, r4, r5; add r1, r4, r5; ldr r2, [r6]"), CORE)
    assert [(one.cycle, one.slot) for one in issued] == [(0, 0), (0, 1), (1, 0)]
