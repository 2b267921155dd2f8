"""What the README promises to run is what `make demo` runs."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_the_first_example_is_the_demo() -> None:
    block = re.search(r"```console\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.S)
    assert block is not None
    commands = [line.removeprefix("$ ") for line in block[1].splitlines()]
    demo = re.search(r"^demo:.*?\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M)
    assert demo is not None
    assert commands == [line.strip().removeprefix("$(BIN)/") for line in demo[1].splitlines()]


def test_the_readme_stays_short() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 150
