"""Targets: what is read from the TOML files, and what is refused."""

import tomllib
from dataclasses import replace

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
        (lambda table: table.pop("caches"), "instruction_bytes"),
        (lambda table: table.pop("clock_hz"), "clock_hz"),
        (lambda table: table.update(volts=3.3), "volts"),
        (lambda table: table.update(core="cortex-m4"), "unknown core cortex-m4\n.*the cores are cortex-m7"),
        (lambda table: table.pop("core"), "'core' is missing"),
        (lambda table: table.update(pipeline={"width": 3}), "width"),
        (lambda table: table.update(pipeline={"results": {"load": {"middle": 1}}}), "middle"),
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


def test_a_chip_says_otherwise_entry_by_entry():
    table = stm32f746()
    table.update(error_percent=9.0, branches={"counters": 1024}, pipeline={"divide_cycles": 7, "results": {"load": {"late": 2}}})
    chip, core = read_target(table), load_target("stm32f746")
    assert (chip.error_percent, chip.branches.counters, chip.pipeline.divide_cycles, chip.pipeline.results.load.late) == (9.0, 1024, 7, 2)
    assert chip.branches == replace(core.branches, counters=1024)
    assert replace(chip.pipeline.results, load=core.pipeline.results.load) == core.pipeline.results
    assert chip.pipeline.results.load == replace(core.pipeline.results.load, late=2)


def test_chips_of_a_core_share_its_constants():
    chips = [load_target(name) for name in targets()]
    assert {chip.core for chip in chips} == {"cortex-m7"}
    assert len({(chip.pipeline, chip.branches, chip.flags) for chip in chips}) == 1
    for name in targets():
        assert not {"pipeline", "branches", "flags"} & set(tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8")))


@pytest.mark.parametrize("name", targets())
def test_a_guess_widens_the_error_bar(name):
    text = (FOLDER / f"{name}.toml").read_text(encoding="utf-8")
    assert ("guess" in text.lower()) == (load_target(name).error_percent > load_target("stm32f746").error_percent)


def test_the_h743_has_memories_that_lie_apart():
    target = load_target("stm32h743")
    caches = target.caches
    assert (caches.sets(caches.instruction_bytes, caches.instruction_ways), caches.sets(caches.data_bytes, caches.data_ways)) == (256, 128)
    assert [(pool.name, pool.base, pool.size) for pool in target.pools] == [("dtcm", 0x2000_0000, 128 << 10), ("sram", 0x2400_0000, 512 << 10)]
    assert target.spans == ((target.memory("dtcm"),), (target.memory("sram"),))
    assert load_target("stm32f746").spans == (load_target("stm32f746").pools,)


def test_spans_are_found_in_any_order_of_pools():
    table = stm32f746()
    table["planning"]["pools"] = ["sram", "dtcm"]
    assert [[pool.name for pool in span] for span in read_target(table).spans] == [["dtcm", "sram"]]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda table: table.update(branches={"btac_entries": 60}), "btac_entries must be a power of two, not 60"),
        (lambda table: table["caches"].update(data_ways=3), "sets of the data cache must be a power of two"),
        (lambda table: table["caches"].pop("data_bytes"), "data_bytes"),
    ],
)
def test_what_the_core_cannot_index_is_refused(change, message):
    table = stm32f746()
    change(table)
    with pytest.raises(Diagnostic, match=message):
        read_target(table)
