"""Outputs, marks in memory, and that one run does not depend on those before."""

import numpy as np
from unicorn.arm_const import UC_ARM_REG_SP
from unicorn.unicorn_const import UC_HOOK_CODE

from tfc.backends.emulator.image import read_image
from tfc.backends.toolchain import elf_sizes


def test_outputs_are_those_of_the_model(toy, model):
    for seed in range(20):
        x = np.random.default_rng(seed).integers(-128, 128, 64).tolist()
        assert toy().run([np.array(x, np.int8).tobytes()]).outputs == model(x)


def test_equal_inputs_give_equal_runs(toy, golden_input):
    machine = toy()
    first = machine.run([golden_input])
    machine.run([bytes(64)])
    assert machine.run([golden_input]) == first
    machine.self_test()
    assert machine.run([golden_input]) == first
    assert machine.run([golden_input], watch=True).nodes == first.nodes


def test_watched_bytes_are_exactly_the_written_ones(toy, golden_input):
    run = toy().run([golden_input], watch=True)
    pool0, pool1 = run.arena_touched
    assert np.flatnonzero(pool0).tolist() == list(range(128))
    assert np.flatnonzero(pool1).tolist() == [32, 33, 34, 35]
    assert run.arena_peak_bytes == (128, 36)


def test_peaks_without_watching_are_the_same_here(toy, golden_input):
    run = toy().run([golden_input])
    assert run.arena_touched is None
    assert run.arena_peak_bytes == (128, 36)


def test_the_stack_peak_is_the_lowest_stack_pointer(toy):
    """The toy recurses y[0] & 3 times."""
    machine = toy()
    flat, deep = bytes(64), bytes([1] * 64)
    assert machine.run([deep]).stack_peak_bytes > machine.run([flat]).stack_peak_bytes > 0
    for x in flat, deep:
        assert machine.run([x]).stack_peak_bytes == machine.run([x], watch=True).stack_peak_bytes == lowest_sp(machine, x)


def lowest_sp(machine, x: bytes) -> int:
    """The stack's depth, by looking after each instruction."""
    lowest = [machine.stack.stop]

    def look(uc, _address, _size, _data):
        lowest[0] = min(lowest[0], uc.reg_read(UC_ARM_REG_SP))

    hook = machine.chip.uc.hook_add(UC_HOOK_CODE, look)
    machine.chip.uc.ctl_flush_tb()
    try:
        machine.run([x])
    finally:
        machine.chip.uc.hook_del(hook)
        machine.chip.uc.ctl_flush_tb()
    return machine.stack.stop - lowest[0]


def test_sizes_of_the_elf_are_those_of_its_sections(toy):
    sizes = elf_sizes(toy().image.path)
    assert sizes.pools == 256 + 128
    assert sizes.code > sum(len(code.data) for code in toy().image.code)  # words of data stand among the code
    assert sizes.flash == sum(len(segment.data) for segment in read_image(toy().image.path).segments)
    assert elf_sizes(toy("static_write").image.path).data == 4


def test_initialized_data_are_copied_at_start_up(toy):
    machine = toy("static_write")
    symbol = next(symbol for name, symbol in machine.image.symbols.items() if name.startswith("calls") or name.endswith(".calls"))
    machine.power_on(10_000)
    machine.go_on(machine.main, 10_000)
    assert machine.chip.read(symbol.address, 4) == (5).to_bytes(4, "little")
