"""`tfc nas`: the whole chain on a small part of the digits' space, twice."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tfc.nas import presets

from .conftest import Tfc

SMALL = """
name = "digits"
input = [1, 8, 8]
classes = 10
resolution = 8
[stem]
width = 8
kernel = 3
stride = 2
[stage1]
kind = ["plain", "inverted"]
width = [8, 12]
depth = [1, 2]
kernel = 3
stride = 2
expansion = 2
[head]
width = [16, 24]
"""


@pytest.fixture
def space(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small space, whose trainings are short."""
    whole = presets.PRESETS["digits"]

    def short(space: presets.Space) -> presets.Preset:
        preset = whole(space)
        return replace(preset, **{name: replace(getattr(preset, name), epochs=2) for name in ("supernet", "prune", "quantize")})

    monkeypatch.setitem(presets.PRESETS, "digits", short)
    path = tmp_path / "small.toml"
    path.write_text(SMALL)
    return path


def test_the_chain_ends_in_firmware_and_one_seed_gives_one_search(tfc: Tfc, space: Path, tmp_path: Path) -> None:
    folder = tmp_path / "search"
    result = tfc("nas", "chain", space, "--supernets", 1, "--members", 2, "--trials", 6, "--ms", 1, "-o", folder, "--json")
    assert result.code == 0, result.err
    end = json.loads(result.out)
    assert end["fits"]
    assert end["mismatches"] == {"host": 0, "emulator": 0}
    assert {path.name for path in folder.iterdir()} >= {"space.toml", "supernets.png", "supernet", "front.json", "front.png", "front.html", "model"}

    again = json.loads(tfc("nas", "sparse", folder, "--ms", 1, "--trials", 6, "--study", "again", "--json").out)
    assert again["front"] == end["front"]
    tuned = tfc("nas", "tune", folder).out
    assert f"tfc compile {folder}/candidate{end['candidate']}/digits.pt2 --target=stm32f746 --ram=327680 --flash=1048576" in tuned
    more = tfc("nas", "sparse", folder, "--ms", 1, "--trials", 7, "--study", "again")
    assert sum(json.loads((folder / "front.json").read_text())["trials"].values()) == 7, "the same command with more trials goes on"
    assert more.out.rstrip().endswith(f"tfc nas tune {folder}")
    assert "seed was 0, is 1" in tfc("nas", "sparse", folder, "--ms", 1, "--seed", 1).err
    assert "the front has no candidate 99" in tfc("nas", "tune", folder, "--candidate", 99).err


def test_the_work_is_told_beforehand(tfc: Tfc, space: Path, tmp_path: Path) -> None:
    told = json.loads(tfc("nas", "chain", space, "--dry-run", "--trials", 1000, "--workers", 4, "-o", tmp_path / "none", "--json").out)["steps"]
    assert [row["name"] for row in told] == ["super", "train", "sparse", "tune, pruning", "tune, rounding"]
    assert told[2]["what"] == "1,000 candidates, 4 workers"
    assert all(row["hours"] > 0 for row in told)
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["super", "nowhere"], 1, "there is no preset nowhere"),
        (["train", "cifar10"], 1, "CIFAR-10 does not come with tfc"),
        (["super", "digits", "--ram", "1M"], 1, "ram: 1048576 bytes are asked for"),
        (["super", "digits", "--supernets", "1", "--members", "2", "--ram", "1K"], 1, "no network of any supernet keeps the limits"),
        (["sparse", "nowhere"], 1, "there is no preset nowhere"),
        (["sparse", "digits", "--objective", "beauty"], 2, "'beauty' is none of accuracy, ms, ram_bytes, flash_bytes"),
        (["tune", "nowhere"], 1, "no search has ended there"),
    ],
)
def test_what_cannot_be_done_is_explained(tfc: Tfc, tmp_path: Path, arguments: list[str], code: int, message: str) -> None:
    output = ["-o", str(tmp_path)] if arguments[0] in ("super", "train") else []
    result = tfc("nas", *arguments, *output)
    assert result.code == code
    assert message in " ".join(result.err.replace("│", " ").split())
