"""Counted instructions against single steps: exact, for every node."""

import re
from collections import Counter

import pytest
from unicorn.unicorn_const import UC_HOOK_CODE

from tfc.backends.emulator.instructions import Instruction, disassemble, stack_bytes


def single_steps(machine, inputs) -> Counter:
    """How often each instruction ran, by stepping in Python.

    unicorn does not step on instructions that their IT block switches off; the core issues them all the same, so they count:
    every instruction of an IT block runs as often as the IT itself.
    """
    steps = Counter()

    def step(_uc, address, _size, _data):
        steps[address] += 1

    hook = machine.chip.uc.hook_add(UC_HOOK_CODE, step)
    machine.chip.uc.ctl_flush_tb()
    try:
        machine.run(inputs)
    finally:
        machine.chip.uc.hook_del(hook)
        machine.chip.uc.ctl_flush_tb()
    for code in machine.image.code:
        instructions = list(disassemble(code))
        for index, instruction in enumerate(instructions):
            if re.fullmatch("it[te]{0,3}", instruction.mnemonic):
                for follower in instructions[index + 1 : index + len(instruction.mnemonic)]:
                    assert steps[follower.address] <= steps[instruction.address]
                    steps[follower.address] = steps[instruction.address]
    return steps


@pytest.mark.parametrize("variant", ["none", "long_block", "middle_entry"])
def test_every_node_counts_its_single_steps(toy, golden_input, variant):
    machine = toy(variant)
    run = machine.run([golden_input])
    steps = single_steps(machine, [golden_input])
    by_function = Counter()
    for address, count in steps.items():
        by_function[machine.image.function_at(address).name.split(".")[0]] += count
    counts = {node.name: node.instructions for node in run.nodes}
    assert counts["schedule"] == by_function["toy_run"]
    assert counts["tfc_node_0"] == by_function["tfc_node_0"] + by_function["toy_filter"]
    assert counts["tfc_node_1"] == sum(by_function[name] for name in ("tfc_node_1", "toy_sum", "toy_deep", "toy_variant"))
    assert run.instructions == sum(steps.values())
    if variant == "long_block":
        assert by_function["toy_variant"] >= 3000


def test_counts_do_not_change_when_code_is_already_translated(toy, golden_input):
    machine = toy("middle_entry")
    counts = {machine.run([golden_input]).nodes for _ in range(3)}
    machine.chip.uc.ctl_flush_tb()
    assert {machine.run([golden_input]).nodes} == counts


def test_kernels_with_calls_count_their_single_steps(arithmetic):
    x = bytes((i * 37 + 11) & 255 for i in range(768))
    assert arithmetic.run([x]).instructions == sum(single_steps(arithmetic, [x]).values())


def test_literals_are_not_instructions(toy):
    """toy_sum loads a word that stands in the middle of its code."""
    image = toy().image
    start = image.symbol("toy_sum")
    inside = [i for code in image.code for i in disassemble(code) if start.address <= i.address < start.address + start.size]
    assert start.size - 8 <= sum(instruction.size for instruction in inside) <= start.size - 4  # alignment may cost a word of its own
    assert not [instruction for instruction in inside if instruction.mnemonic == "?"]


@pytest.mark.parametrize(
    ("text", "moved"),
    [
        ("push {r4, r5, lr}", 12),
        ("pop.w {r4, r5, r8, pc}", -16),
        ("sub sp, #0x14", 20),
        ("sub.w sp, sp, #0x400", 1024),
        ("subw sp, sp, #0x404", 1028),
        ("add sp, #8", -8),
        ("add.w sp, sp, #0x400", -1024),
        ("str lr, [sp, #-4]!", 4),
        ("ldr pc, [sp], #4", -4),
        ("strd r4, r5, [sp, #-0x10]!", 16),
        ("stmdb sp!, {r0, r1}", 8),
        ("ldm sp!, {r0, r1}", -8),
        ("str r0, [sp, #4]", 0),
        ("add r0, sp, #4", 0),
        ("mov sp, r7", 0),
    ],
)
def test_what_moves_the_stack(text, moved):
    mnemonic, operands = text.split(" ", 1)
    assert stack_bytes(Instruction(0, 2, mnemonic, operands)) == moved
