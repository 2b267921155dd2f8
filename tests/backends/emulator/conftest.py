"""Hand-written firmware, built once a session: a toy model in many variants, and an arithmetic test."""

import shutil
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from tfc.backends.emulator.machine import Machine
from tfc.backends.memory_map import write_project
from tfc.backends.target import Target, load_target
from tfc.backends.toolchain import build

SOURCES = Path(__file__).with_name("firmware")
STACK_BYTES = 512


def toy_model(x: Sequence[int]) -> tuple[bytes, bytes]:
    """What the toy computes, in Python."""
    y = np.clip(3 * np.array(x) - np.array([0, *x[:-1]]), -128, 127)
    return y.astype(np.int8).tobytes(), y.sum().astype("<i4").tobytes()


GOLDEN_X = [(17 * i) % 251 - 125 for i in range(64)]


def write_golden(folder: Path, outputs: bytes) -> None:
    """golden.h of the toy."""
    x = np.array(GOLDEN_X, np.int8).tobytes()
    lines = [f"#define GOLDEN_{name} {', '.join(map(str, data))}" for name, data in (("INPUTS", x), ("OUTPUTS", outputs))]
    (folder / "project" / "golden.h").write_text("\n".join([*lines, ""]))


@pytest.fixture(scope="session")
def target() -> Target:
    return load_target("stm32f746")


@pytest.fixture(scope="session")
def golden_input() -> bytes:
    return np.array(GOLDEN_X, np.int8).tobytes()


@pytest.fixture(scope="session")
def model() -> Callable[[Sequence[int]], tuple[bytes, bytes]]:
    return toy_model


@pytest.fixture(scope="session")
def toy_folder(target) -> Callable[..., Path]:
    """Write the sources of a variant, with golden outputs that are right or not, but do not build them."""

    def write(folder: Path, variant: str = "none", golden: bytes | None = None) -> Path:
        shutil.copytree(SOURCES / "toy", folder, dirs_exist_ok=True)
        shutil.copy(SOURCES / "variants" / f"{variant}.c", folder / "src" / "variant.c")
        write_project(folder, target, (256, 128), STACK_BYTES)
        write_golden(folder, b"".join(toy_model(GOLDEN_X)) if golden is None else golden)
        return folder

    return write


@pytest.fixture(scope="session")
def toy(tmp_path_factory, toy_folder, target) -> Callable[[str], Machine]:
    """The machine of a variant; each is built once."""

    @cache
    def machine(variant: str = "none") -> Machine:
        return Machine(build(toy_folder(tmp_path_factory.mktemp(variant), variant), target), target)

    return machine


@pytest.fixture(scope="session")
def arithmetic(tmp_path_factory, target) -> Machine:
    folder = tmp_path_factory.mktemp("arithmetic")
    shutil.copytree(SOURCES / "arithmetic", folder, dirs_exist_ok=True)
    write_project(folder, target, (768, 18 * 256 + 512))
    return Machine(build(folder, target), target)
