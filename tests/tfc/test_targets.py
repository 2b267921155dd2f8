"""One model, compiled for every target: the same integers on each emulated chip."""

from pathlib import Path

import numpy as np
import pytest

import tfc
from tfc.backends.target import load_target, targets
from tfc.compiled import Compiled


@pytest.mark.parametrize("name", [name for name in targets() if name != "stm32f746"])
def test_every_target_computes_the_same(name: str, exported: Path, images: Path, compiled: Compiled, tmp_path: Path) -> None:
    there, target = tfc.compile(exported, target=name, calib=images, output=tmp_path / "out"), load_target(name)
    assert there.fits
    assert there.report["ram"]["limit_bytes"] == target.ram_bytes
    assert all(np.array_equal(a, b) for a, b in zip(there.golden("outputs"), compiled.golden("outputs"), strict=True))
    assert there.verify(2).mismatches == {"host": 0, "emulator": 0}
    assert there.machine.self_test().exit_code == 0
    script = (there.folder / "project" / "memory.ld").read_text()
    assert f"FLASH (rx) : ORIGIN = 0x{target.flash.base:08x}, LENGTH = {target.flash.size}" in script
    assert f"POOL0 (rw) : ORIGIN = 0x{target.pools[0].base:08x}" in script
