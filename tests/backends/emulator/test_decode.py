"""What instructions read and write, above all where capstone says otherwise."""

import pytest

from tfc.backends.emulator.decode import Decoded, decode
from tfc.backends.emulator.image import Code

from .assembler import assemble, decoded


def last(text: str) -> Decoded:
    return decoded(text)[-1]


def reads(one: Decoded) -> str:
    return " ".join(f"{register}:{when}" for register, when in one.reads)


@pytest.mark.parametrize(
    ("text", "read", "written"),
    [
        # read and written, though capstone has them as written only
        ("smlal r0, r1, r2, r3", "r0:accumulator r1:accumulator r2:multiplicand r3:multiplicand", "r0 r1"),
        ("smlald r0, r1, r2, r3", "r0:accumulator r1:accumulator r2:multiplicand r3:multiplicand", "r0 r1"),
        ("umlal r0, r1, r2, r3", "r0:accumulator r1:accumulator r2:multiplicand r3:multiplicand", "r0 r1"),
        ("umaal r0, r1, r2, r3", "r0:accumulator r1:accumulator r2:multiplicand r3:multiplicand", "r0 r1"),
        ("umull r0, r1, r2, r3", "r2:multiplicand r3:multiplicand", "r0 r1"),
        # operands that capstone does not list at all
        ("uxtah r0, r1, r2", "r1:late r2:early", "r0"),
        ("uxtab r0, r1, r2, ror #8", "r1:late r2:early", "r0"),
        ("sxtab16 r0, r1, r2", "r1:late r2:early", "r0"),
        ("pkhbt r0, r1, r2, lsl #16", "r1:late r2:early", "r0"),
        ("pkhtb r0, r1, r2, asr #16", "r1:early r2:early", "r0"),
        ("ssat r0, #8, r1", "r1:late", "r0"),
        ("usat r0, #8, r1, asr #3", "r1:early", "r0"),
        ("ssat16 r0, #8, r1", "r1:late", "r0"),
        ("smlad r0, r1, r2, r3", "r1:multiplicand r2:multiplicand r3:accumulator", "r0"),
        ("mla r0, r1, r2, r3", "r1:multiplicand r2:multiplicand r3:accumulator", "r0"),
        ("movt r0, #5", "r0:late", "r0"),
        ("bfi r0, r1, #3, #4", "r0:late r1:early", "r0"),
        ("bfc r0, #3, #4", "r0:late", "r0"),
        ("adds r0, #1", "r0:late", "r0"),
        ("lsrs r0, r1", "r0:late r1:late", "r0"),
        ("lsrs r0, r1, #3", "r1:late", "r0"),
        ("add r0, r1, r2, lsl #3", "r1:late r2:early", "r0"),
        ("sxtb16 r0, r1, ror #8", "r1:late", "r0"),
        ("cmp r0, r1", "r0:late r1:late", ""),
        ("strd r0, r1, [r2], #8", "r0:store r1:store r2:early", ""),
        ("ldrd r0, r1, [r2, #8]!", "r2:early", "r0 r1"),
        ("ldr r0, [r1, r2, lsl #2]", "r1:early r2:early", "r0"),
        ("push {r4, lr}", "r4:store lr:store sp:early", ""),
        ("pop {r4, pc}", "sp:early", "r4"),
        ("stmdb r0!, {r1, r2}", "r0:early r1:store r2:store", ""),
        ("vldr d1, [r0]", "r0:early", "s2 s3"),
        ("vmla.f32 s0, s1, s2", "s0:late s1:late s2:late", "s0"),
    ],
)
def test_registers(text: str, read: str, written: str) -> None:
    one = last(text)
    assert (reads(one), " ".join(one.writes)) == (read, written)


@pytest.mark.parametrize(
    ("text", "write_back", "offset"),
    [
        ("ldr r0, [r1], #4", "r1", 0),
        ("ldr r0, [r1, #4]!", "r1", 4),
        ("ldr r0, [r1, #4]", None, 4),
        ("ldr r0, [r1, r2]", None, None),
        ("strd r0, r1, [r2], #8", "r2", 0),
        ("stmdb r0!, {r1, r2}", "r0", None),
        ("ldm r0!, {r1, r2}", "r0", None),
        ("ldm r0, {r1, r2}", None, None),
        ("push {r4, lr}", "sp", None),
    ],
)
def test_addresses(text: str, write_back: str | None, offset: int | None) -> None:
    one = last(text)
    assert (one.write_back, one.offset) == (write_back, offset)


@pytest.mark.parametrize(
    ("text", "kind", "units"),
    [
        ("add r0, r1, r2", "early_alu", set()),
        ("lsl r0, r1, #2", "early_alu", set()),
        ("mov r0, #0xff000", "alu", {"shifter"}),
        ("movw r0, #50000", "early_alu", set()),
        ("addw r0, r1, #0xfff", "early_alu", set()),
        ("and r0, r1, #0x00ff00ff", "alu", set()),
        ("usad8 r0, r1, r2", "multiply", {"multiply"}),
        ("ldr pc, [r0]", "load", {"load", "branch"}),
        ("pop {r4, pc}", "multiple", {"alone", "branch"}),
        ("it lt; movlt r0, r1", "alu", set()),
        ("nop", "other", set()),
    ],
)
def test_kinds(text: str, kind: str, units: set[str]) -> None:
    assert (last(text).kind, last(text).units) == (kind, units)


@pytest.mark.parametrize(
    ("text", "sets", "needs"),
    [
        ("adds r0, r1", True, False),
        ("add r0, r1", False, False),
        ("mls r0, r1, r2, r3", False, False),  # ends in s by itself
        ("sbc.w r0, r1, r2", False, True),  # capstone lets it set flags
        ("adcs r0, r1", True, True),
        ("uadd8 r0, r1, r2", False, False),
        ("cmp r0, #1", True, False),
        ("bne start", False, False),  # is predicted
    ],
)
def test_flags(text: str, sets: bool, needs: bool) -> None:
    assert (last(text).sets_flags, last(text).reads_flags) == (sets, needs)


def test_an_it_covers_as_many_instructions_as_it_says() -> None:
    block = decoded("itte ge; addge r0, #1; cmpge r0, #3; sublt r0, #1; add.w r0, r0, #1; it eq; bxeq lr; nop")
    assert [one.conditional for one in block] == [False, True, True, True, False, False, True, False]
    assert [one.sets_flags for one in block] == [False, False, True, False, False, False, False, False]
    assert [one.reads_flags for one in block] == [False, True, True, True, False, False, False, False]


def test_instructions_that_cost_the_same_are_equal() -> None:
    first, second = decoded("add r0, r1, r2; add r0, r1, r2")
    assert first == second
    assert (first.address, second.address) == (0, 4)


def test_the_banks_of_literals_are_known_from_their_addresses() -> None:
    data = assemble("ldr r0, [pc, #4]").data
    assert [decode(Code(address, data))[0].offset for address in (0, 4, 6, 8)] == [0, 4, 4, 0]


def test_what_capstone_does_not_know_keeps_its_length() -> None:
    one, after = decode(Code(0, bytes.fromhex("00ec0000") + assemble("nop").data))
    assert (one.kind, one.size, after.text) == ("other", 4, "nop")
