"""What a firmware must not do: each is a Diagnostic that names function and address, and never a hang."""

from contextlib import suppress

import pytest

from tfc.backends.emulator.image import read_image
from tfc.backends.emulator.machine import Machine
from tfc.ir.diagnostic import Diagnostic


@pytest.mark.parametrize(
    ("variant", "message"),
    [
        ("stray_write", r"(tfc_node_1|toy_variant)\S* \(0x0800\w+\) writes at 0x20010080, outside arena and stack"),
        ("static_write", r"(tfc_node_1|toy_variant)\S* \(0x0800\w+\) writes at 0x2001\w+, outside arena and stack"),
        ("flash_write", r"toy_variant\S* \(0x0800\w+\) writes read-only memory at 0x08000010 \(flash\), 4 bytes"),
        ("unmapped_read", r"toy_variant\S* \(0x0800\w+\) reads unmapped memory at 0x20050000, 4 bytes"),
        ("wild_jump", r"0x20000000 jumps into data memory at 0x20000000 \(dtcm\)"),
        ("undefined", r"toy_variant\S* \(0x0800\w+\) executes an undefined instruction"),
        ("deep_stack", r"the stack needs \d+ bytes and has 512"),
        ("wide_frame", r"the stack needs 8\d\d bytes and has 512"),
        ("no_return", r"toy_variant\S* \(0x0800\w+\) stops at a breakpoint"),
    ],
)
@pytest.mark.parametrize("watch", [False, True])
def test_forbidden_acts_are_named(toy, golden_input, variant, message, watch):
    with pytest.raises(Diagnostic, match=message):
        toy(variant).run([golden_input], watch=watch)


@pytest.mark.parametrize("variant", ["endless", "endless_self"])
def test_endless_loops_end_at_the_limit(toy, golden_input, variant):
    with pytest.raises(Diagnostic, match=r"more than 100000 instructions ran, the last in toy_variant"):
        toy(variant).run([golden_input], limit=100_000)
    with pytest.raises(Diagnostic, match=r"more than 100000 instructions ran"):
        toy(variant).self_test(limit=100_000)


def test_a_machine_is_usable_after_a_fault(toy, golden_input):
    machine = toy("endless")
    for _ in range(2):
        with pytest.raises(Diagnostic, match="the last in toy_variant"):
            machine.run([golden_input], limit=10_000)


def test_faults_in_the_self_test_are_named_too(toy):
    with pytest.raises(Diagnostic, match=r"toy_variant\S* .*writes read-only memory"):
        toy("flash_write").self_test()


def test_wrong_inputs_are_refused(toy, golden_input):
    with pytest.raises(Diagnostic, match=r"have \[63\] bytes, the firmware takes \[64\]"):
        toy().run([golden_input[:-1]])
    with pytest.raises(Diagnostic, match=r"the firmware takes \[64\]"):
        toy().run([])


def test_an_elf_cut_anywhere_is_refused(toy, tmp_path, target):
    whole = toy().image.path.read_bytes()
    for size in [*range(0, 200, 7), *range(200, len(whole), 331), len(whole) - 1]:
        path = tmp_path / "cut.elf"
        path.write_bytes(whole[:size])
        with pytest.raises(Diagnostic, match=r"cut\.elf"):
            Machine(path, target)


def test_a_damaged_elf_never_ends_in_a_traceback(toy, tmp_path):
    whole = toy().image.path.read_bytes()
    for position in [*range(0, 0xC0), *range(0xC0, len(whole), 311)]:
        path = tmp_path / "damaged.elf"
        path.write_bytes(whole[:position] + bytes([whole[position] ^ 0xFF]) + whole[position + 1 :])
        with suppress(Diagnostic):
            read_image(path)


def test_a_damaged_firmware_never_ends_in_a_traceback(toy, tmp_path, target, golden_input):
    """Code, constants and tfc_firmware itself: each run ends, well or with a Diagnostic."""
    whole = toy().image.path.read_bytes()
    start = whole.index(toy().chip.read(target.flash.base, 64))
    length = sum(len(segment.data) for segment in toy().image.segments)
    for position in range(start, start + length, 23):
        path = tmp_path / "damaged.elf"
        path.write_bytes(whole[:position] + bytes([whole[position] ^ 0x55]) + whole[position + 1 :])
        with suppress(Diagnostic):
            Machine(path, target).run([golden_input], watch=position % 2 == 0, limit=100_000)


def test_a_tensor_outside_the_arena_is_refused(toy, tmp_path, target):
    whole = toy().image.path.read_bytes()
    tensor = b"".join(word.to_bytes(4, "little") for word in (0, 64, 64))
    assert whole.count(tensor) == 1
    path = tmp_path / "outside.elf"
    path.write_bytes(whole.replace(tensor, tensor[:4] + (193).to_bytes(4, "little") + tensor[8:]))
    with pytest.raises(Diagnostic, match=r"offset=193, bytes=64\) lies outside the arena, whose pools have \[256, 128\] bytes"):
        Machine(path, target)


def test_an_elf_for_another_machine_is_refused(toy, tmp_path, target):
    data = bytearray(toy().image.path.read_bytes())
    data[18:20] = (62).to_bytes(2, "little")
    path = tmp_path / "other.elf"
    path.write_bytes(data)
    with pytest.raises(Diagnostic, match="is for X86_64"):
        Machine(path, target)


def test_an_elf_that_is_not_ours_is_refused(toy, tmp_path, target):
    path = tmp_path / "foreign.elf"
    path.write_bytes(toy().image.path.read_bytes().replace(b"\0tfc_firmware\0", b"\0our_firmware\0"))
    with pytest.raises(Diagnostic, match="has no symbol tfc_firmware"):
        Machine(path, target)


@pytest.mark.parametrize("variant", ["unaligned_ldm", "unaligned_strd"])
def test_unaligned_moves_of_several_words_are_found_by_watching(toy, golden_input, variant):
    with pytest.raises(Diagnostic, match=r"toy_variant\S* \(0x0800\w+\) moves several words at 0x200000c2, which is not aligned"):
        toy(variant).run([golden_input], watch=True)


def test_unaligned_words_are_fine(toy, golden_input):
    assert toy("unaligned_word").run([golden_input], watch=True).outputs == toy().run([golden_input]).outputs


def test_floating_point_is_refused_before_it_runs(toy):
    with pytest.raises(Diagnostic, match=r"toy_variant\S* \(0x0800\w+\) is a floating-point instruction"):
        toy("float")


def test_a_missing_elf_is_refused(tmp_path, target):
    with pytest.raises(Diagnostic, match="does not exist"):
        Machine(tmp_path / "none.elf", target)
