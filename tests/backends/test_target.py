"""Targets: what is read from the TOML files, and what is refused."""

import tomllib

import pytest

from tfc.backends.target import FOLDER, load_target, read_target, targets
from tfc.ir.diagnostic import Diagnostic


def stm32f746() -> dict:
    return tomllib.loads((FOLDER / "stm32f746.toml").read_text(encoding="utf-8"))


def test_the_f746_is_what_its_manual_says():
    target = load_target("stm32f746")
    assert (target.core, target.clock_hz) == ("cortex-m7", 216_000_000)
    dtcm, sram = target.pools
    assert (dtcm.base, dtcm.size, dtcm.kind) == (0x2000_0000, 64 << 10, "dtcm")
    assert (sram.base, sram.size, sram.kind) == (0x2001_0000, 256 << 10, "sram")
    assert target.adjacent(dtcm, sram)
    assert not target.adjacent(sram, dtcm)
    assert target.ram_bytes == 320 << 10
    assert (target.flash.base, target.flash.size) == (0x0800_0000, 1 << 20)
    assert "-mfloat-abi=soft" in target.flags.clang
    assert "-mfloat-abi=soft" in target.flags.gcc


def test_every_target_loads_under_its_own_name():
    assert targets() == sorted(targets())
    for name in targets():
        assert load_target(name).name == name


def test_an_unknown_target_lists_the_known_ones():
    with pytest.raises(Diagnostic, match="unknown target stm32f407") as refused:
        load_target("stm32f407")
    assert "stm32f746" in str(refused.value)


def test_a_path_is_not_a_name():
    with pytest.raises(Diagnostic, match="unknown target"):
        load_target("../targets/stm32f746")


def test_addresses_find_their_memory():
    target = load_target("stm32f746")
    assert target.memory_at(0x2000_FFFF) == target.memory("dtcm")
    assert target.memory_at(0x2001_0000) == target.memory("sram")
    assert target.memory_at(0x2005_0000) is None
    with pytest.raises(Diagnostic, match="no memory psram"):
        target.memory("psram")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda table: table.pop("caches"), "'caches' is missing"),
        (lambda table: table["pipeline"].pop("divide_cycles"), "'divide_cycles' is missing"),
        (lambda table: table["pipeline"]["results"]["load"].pop("late"), "late"),
        (lambda table: table["pipeline"].update(width=3), "width"),
        (lambda table: table["memories"][0].pop("size"), "size"),
        (lambda table: table["memories"][0].update(colour="red"), "colour"),
        (lambda table: table["memories"][0].update(kind="tape"), "kind tape"),
        (lambda table: table["memories"][2].update(size=0x2_0000), "dtcm and sram overlap"),
        (lambda table: table["planning"].update(pools=["psram"]), "'psram' is missing"),
        (lambda table: table["planning"].update(pools=[]), "at least one pool"),
    ],
)
def test_a_wrong_description_is_refused(change, message):
    table = stm32f746()
    change(table)
    with pytest.raises(Diagnostic, match=message):
        read_target(table)


def stm32h743() -> dict:
    """Caches, clock and memories of the larger sister (RM0433 §2.3), on the same pipeline."""
    table = stm32f746()
    table.update(name="stm32h743", clock_hz=480_000_000)
    table["caches"].update(instruction_bytes=16 << 10, data_bytes=16 << 10)
    sizes = {"itcm": (0, 64 << 10), "flash": (0x0800_0000, 2 << 20), "dtcm": (0x2000_0000, 128 << 10), "sram": (0x2400_0000, 512 << 10)}
    for memory in table["memories"]:
        memory["base"], memory["size"] = sizes[memory["name"]]
    return table


def test_larger_caches_and_none_can_be_described():
    h743 = read_target(stm32h743())
    caches = h743.caches
    assert (caches.sets(caches.instruction_bytes, caches.instruction_ways), caches.sets(caches.data_bytes, caches.data_ways)) == (256, 128)
    table = stm32f746()
    table["caches"].update(instruction_bytes=0, data_bytes=0)
    assert read_target(table).caches.data_bytes == 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda table: table["branches"].update(btac_entries=60), "btac_entries must be a power of two, not 60"),
        (lambda table: table["caches"].update(data_ways=3), "sets of the data cache must be a power of two"),
        (lambda table: table["caches"].pop("seed"), "seed"),
        (lambda table: table.pop("error_percent"), "'error_percent' is missing"),
    ],
)
def test_what_the_core_cannot_index_is_refused(change, message):
    table = stm32f746()
    change(table)
    with pytest.raises(Diagnostic, match=message):
        read_target(table)
