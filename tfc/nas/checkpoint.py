"""Checkpoints from which a training goes on exactly, and its metrics as CSV."""

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from tfc.nas.pruning import Pruner

CHECKPOINT, METRICS = "checkpoint.ckpt", "metrics.csv"


def save(out: Path, model: nn.Module, optimizer: torch.optim.SGD, recipe: Mapping[str, Any], pruner: Pruner | None, history: list[dict[str, float]]) -> None:
    """Write the checkpoint and the metrics, one row of `history` an epoch."""
    state: dict[str, Any] = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "recipe": dict(recipe), "history": history}
    state["masks"] = pruner.masks if pruner else {}
    unfinished = out / (CHECKPOINT + ".part")
    torch.save(state, unfinished)
    unfinished.replace(out / CHECKPOINT)  # a stop while writing leaves the last checkpoint whole
    with (out / METRICS).open("w", newline="") as file:
        writer = csv.DictWriter(file, history[0])
        writer.writeheader()
        writer.writerows(history)


def restore(out: Path, model: nn.Module, optimizer: torch.optim.SGD, recipe: Mapping[str, Any], pruner: Pruner | None) -> list[dict[str, float]]:
    """Fill model, optimizer and pruner from the checkpoint in `out` and return its metrics; ValueError if its recipe differs."""
    state = _read(out)
    if state["recipe"] != dict(recipe):
        differing = ", ".join(
            f"{key} {state['recipe'].get(key)} there, {value} here" for key, value in dict(recipe).items() if state["recipe"].get(key) != value
        )
        raise ValueError(f"{out / CHECKPOINT} was made with another recipe: {differing}")
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    if pruner:
        pruner.load(state["masks"])
    history: list[dict[str, float]] = state["history"]
    return history


def load_weights(out: Path, model: nn.Module) -> None:
    """Fill the model from the checkpoint in a training's folder."""
    model.load_state_dict(_read(out)["model"])


def _read(out: Path) -> dict[str, Any]:
    path = out / CHECKPOINT
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing: no training has written there")
    state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    return state
