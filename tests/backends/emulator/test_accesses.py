"""What the hooks know of an instruction's branches and accesses, against texts and against what unicorn reports."""

import struct

import pytest
from unicorn.unicorn_const import UC_HOOK_MEM_READ, UC_HOOK_MEM_WRITE, UC_MEM_WRITE

from tfc.backends.emulator.accesses import access_of
from tfc.backends.emulator.flow import Branch, branch_of, branch_target
from tfc.backends.emulator.instructions import Instruction

JUMP = Branch.BRANCH | Branch.DIRECT
LOOP = JUMP | Branch.CONDITIONAL
CALL = JUMP | Branch.CALL
RETURN = Branch.BRANCH | Branch.RETURN


@pytest.mark.parametrize(
    ("text", "kind", "goal"),
    [
        ("b #0x8000100", JUMP, 0x800_0100),
        ("beq.w #0x8000100", LOOP, 0x800_0100),
        ("bls #0x8000100", LOOP, 0x800_0100),
        ("blt #0x8000100", LOOP, 0x800_0100),
        ("ble #0x8000100", LOOP, 0x800_0100),
        ("bl #0x8000100", CALL, 0x800_0100),
        ("blle #0x8000100", CALL | Branch.CONDITIONAL, 0x800_0100),
        ("cbnz r0, #0x8000100", LOOP, 0x800_0100),
        ("blx r3", Branch.BRANCH | Branch.CALL, None),
        ("bx r3", Branch.BRANCH, None),
        ("bx lr", RETURN, None),
        ("bxeq lr", RETURN | Branch.CONDITIONAL, None),
        ("pop {r4, pc}", RETURN, None),
        ("popne {r4, pc}", RETURN | Branch.CONDITIONAL, None),
        ("pop {r4, r5}", Branch(0), None),
        ("ldr pc, [sp], #4", RETURN, None),
        ("ldr pc, [r0, r1, lsl #2]", Branch.BRANCH, None),
        ("tbb [pc, r0]", Branch.BRANCH, None),
        ("mov pc, lr", RETURN, None),
        ("bic r0, r1, r2", Branch(0), None),
        ("bfi r0, r1, #2, #3", Branch(0), None),
        ("mov r0, lr", Branch(0), None),
    ],
)
def test_what_branches(text, kind, goal):
    assert branch_of(*text.split(" ", 1)) == kind
    assert branch_target(*text.split(" ", 1)) == goal


@pytest.mark.parametrize(
    ("text", "expected"),  # offset, index, shift, size, words, writes
    [
        ("ldr r0, [r1, #-4]", (-4, False, 0, 4, 1, 0)),
        ("ldr r0, [r1, #4]!", (4, False, 0, 4, 1, 0)),
        ("strb r0, [r1], #4", (0, False, 0, 1, 1, 1)),
        ("ldrshne.w r0, [r1, r2, lsl #1]", (0, True, 1, 2, 1, 0)),
        ("ldrhs r0, [r1]", (0, False, 0, 4, 1, 0)),
        ("ldrd r0, r1, [r2, #8]", (8, False, 0, 4, 2, 0)),
        ("ldr r0, [pc, #8]", (0x1000 + 4 + 8, False, 0, 4, 1, 0)),
        ("tbh [pc, r0, lsl #1]", (0x1002 + 4, True, 1, 2, 1, 0)),
        ("push {r4, r5, lr}", (-12, False, 0, 4, 3, 1)),
        ("ldm r0!, {r1, r2, r3, r4}", (0, False, 0, 4, 4, 0)),
        ("stmdb r0!, {r1, r2}", (-8, False, 0, 4, 2, 1)),
        ("vldr d0, [r0, #8]", (8, False, 0, 4, 2, 0)),
        ("vpush {d8, d9}", (-16, False, 0, 4, 4, 1)),
        ("mov r0, r1", (0, False, 0, 0, 0, 0)),
    ],
)
def test_what_is_read_and_written(text, expected):
    found = access_of(Instruction(0x1002, 2, *text.split(" ", 1)))
    assert (found.offset, bool(found.index), found.shift, found.size, found.words, found.writes) == expected


@pytest.mark.parametrize("variant", ["none", "probe", "arithmetic"])
def test_followed_accesses_are_those_that_unicorn_reports(toy, arithmetic, target, variant):
    """Cache misses and unaligned loads counted from unicorn's own memory hooks, on a cache in Python."""
    machine = arithmetic if variant == "arithmetic" else toy(variant)
    data = struct.pack("<4I", 0x2001_0003, 52, 900, 2).ljust(machine.firmware.inputs[0].bytes, b"\x35")
    accesses = []
    chip = machine.chip.uc
    hook = chip.hook_add(UC_HOOK_MEM_READ | UC_HOOK_MEM_WRITE, lambda _uc, kind, address, size, _value, _data: accesses.append((kind, address, size)))
    chip.ctl_flush_tb()
    try:
        events = machine.run([data], timing="full").profile.whole.events
    finally:
        chip.hook_del(hook)
        chip.ctl_flush_tb()
    misses, unaligned = follow(accesses, target)
    assert events["unaligned_loads"] == unaligned
    assert {name: events[f"{name}_data_misses"] for name in misses} == misses
    assert sum(misses.values()) > 0


def follow(accesses, target) -> tuple[dict[str, int], int]:
    """Missed loads by memory, and unaligned loads."""
    caches = target.caches
    sets = [[None] * caches.data_ways for _ in range(caches.sets(caches.data_bytes, caches.data_ways))]
    seed = caches.seed
    misses = {memory.name: 0 for memory in target.memories if memory.cached}
    unaligned = 0
    for kind, address, size in accesses:
        unaligned += kind != UC_MEM_WRITE and address % min(size, 4) != 0
        memory = target.memory_at(address)
        if memory is None or not memory.cached:
            continue
        for line in range(address // caches.line_bytes, (address + size - 1) // caches.line_bytes + 1):
            ways = sets[line % len(sets)]
            if line in ways:
                continue
            if None not in ways:
                seed ^= seed << 13 & 0xFFFF_FFFF
                seed ^= seed >> 17
                seed ^= seed << 5 & 0xFFFF_FFFF
                ways[seed % len(ways)] = line
            else:
                ways[ways.index(None)] = line
            misses[memory.name] += kind != UC_MEM_WRITE
    return misses, unaligned
