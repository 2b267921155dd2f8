"""How long a search would take here: one piece of each step is timed, and multiplied."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from tfc.nas.candidates import Candidate
from tfc.nas.evaluation import evaluate
from tfc.nas.genome import BLOCKS, SHARES
from tfc.nas.pruning import products
from tfc.nas.recipe import Recipe
from tfc.nas.sandwich import sandwich
from tfc.nas.steps import Steps
from tfc.nas.supernet import Supernet
from tfc.nas.training import train

BACKWARD = 2  # times the operations of a forward pass
PATHS = 4  # that a step of a supernet's training computes, of which two are the largest and the smallest


def seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def workload(steps: Steps, folder: Path, *, estimates: int, trials: int, workers: int) -> list[dict[str, Any]]:
    """A row for each step: how often what is done, operations in all where a training counts them, and hours on this machine."""
    chosen, chip, images = steps.preset(), steps.chip(), steps.images()
    space = chosen.space
    candidate = Candidate(space.largest, dict.fromkeys(space.layers(space.largest), (BLOCKS[-1], SHARES[0])))
    supernet = Supernet(space).to(steps.device)
    short, batch = replace(chosen.supernet, epochs=1), chosen.supernet.batch
    few, any_one = images.train.first(2 * batch), images.validation.first(1)
    step = seconds(lambda: train(supernet, few, any_one, short, folder, objective=sandwich(space))) / 2
    estimate, judge = seconds(lambda: chip(candidate)), seconds(lambda: evaluate(supernet, candidate, images))
    largest, smallest = (products(space.build(path), torch.zeros(space.shape(path)))[0] for path in (space.largest, space.smallest_of({})))
    count = len(images.train.y)

    def training(name: str, recipe: Recipe, macs: float, paths: float) -> dict[str, Any]:
        seen = recipe.epochs * count
        return row(name, f"{recipe.epochs} epochs of {count:,} images", 2 * (1 + BACKWARD) * seen * macs * paths, step * seen / batch * paths / PATHS)

    mean = (largest + smallest) / 2
    return [
        row("super", f"{estimates:,} estimates", 0, estimates * estimate),
        training("train", chosen.supernet, mean, PATHS),
        row("sparse", f"{trials:,} candidates, {workers} workers", 2 * trials * len(images.validation.y) * mean, trials * (estimate + judge) / workers),
        training("tune, pruning", chosen.prune, mean, 1),
        training("tune, rounding", chosen.quantize, mean, 1),
    ]


def row(name: str, what: str, operations: float, taken: float) -> dict[str, Any]:
    return {"name": name, "what": what, "operations": float(f"{operations:.3g}"), "hours": round(taken / 3600, 4)}
