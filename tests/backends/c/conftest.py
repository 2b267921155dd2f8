"""Firmware of every family of cases, built once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from tfc.backends.c.project import emit_project
from tfc.backends.target import load_target
from tfc.backends.toolchain import build
from tfc.ir.evaluate import evaluate
from tfc.ir.graph import Graph

from .every import all_kernels
from .graphs import placed, samples


@dataclass(frozen=True)
class Built:
    """A project of many cases, and what its firmware must give."""

    graph: Graph
    inputs: list[np.ndarray]
    expected: list[np.ndarray]
    folder: Path
    elf: Path


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Built]:
    """The firmware of a family, for a target."""

    @cache
    def of(family: str, chip: str = "stm32f746", short_loops: bool = False) -> Built:
        target, folder = load_target(chip), tmp_path_factory.mktemp(family)
        graph = placed(all_kernels(family, target), [max(target.pools, key=lambda pool: pool.size).name])
        inputs = samples(graph, np.random.default_rng(11))
        expected = evaluate(graph, inputs)
        emit_project(graph, target, folder, golden_inputs=inputs, golden_outputs=expected, stack_bytes=8192, short_loops=short_loops)
        return Built(graph, inputs, expected, folder, build(folder, target))

    return of
