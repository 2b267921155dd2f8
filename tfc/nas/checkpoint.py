"""Checkpoints from which a training goes on exactly, and its metrics as CSV."""

import csv
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel

from tfc.nas.pruning import Pruner
from tfc.nas.recipe import Recipe

CHECKPOINT, METRICS = "checkpoint.ckpt", "metrics.csv"


@dataclass
class State:
    """All that changes while training. Nothing random is in it: what is random follows from seed, epoch and step."""

    model: nn.Module
    optimizer: torch.optim.Optimizer
    average: AveragedModel | None
    pruner: Pruner | None
    recipe: dict[str, Any]
    step: int = 0
    loss: float = 0.0  # summed over the steps of the epoch under way
    seconds: float = 0.0  # spent on them
    history: list[dict[str, float]] = field(default_factory=list)  # one row an epoch

    @property
    def best(self) -> nn.Module:
        """The network to judge and to use: the averaged one where there is an average."""
        if self.average is None:
            return self.model
        if self.pruner:  # the average still remembers weights from before they were masked
            self.pruner.apply(self.average.module)
        return self.average.module

    def save(self, out: Path) -> None:
        """Write the checkpoint, and the metrics as CSV."""
        best = self.best
        state: dict[str, Any] = {"model": self.model.state_dict(), "optimizer": self.optimizer.state_dict(), "recipe": self.recipe}
        state |= {"step": self.step, "loss": self.loss, "seconds": self.seconds, "history": self.history, "best": best.state_dict()}
        state |= {"average": self.average and self.average.state_dict(), "masks": self.pruner.masks if self.pruner else {}}
        unfinished = out / (CHECKPOINT + ".part")
        torch.save(state, unfinished)
        unfinished.replace(out / CHECKPOINT)  # a stop while writing leaves the last checkpoint whole
        if self.history:
            with (out / METRICS).open("w", newline="") as file:
                writer = csv.DictWriter(file, self.history[0])
                writer.writeheader()
                writer.writerows(self.history)

    def restore(self, out: Path) -> None:
        """Go on from the checkpoint in `out`; ValueError if it was made with another recipe."""
        state = _read(out)
        theirs, ours = asdict(Recipe()) | state["recipe"], self.recipe  # settings that are younger than the checkpoint had their defaults
        differing = ", ".join(f"{key} {theirs[key]} there, {value} here" for key, value in ours.items() if theirs[key] != value)
        if differing:
            raise ValueError(f"{out / CHECKPOINT} was made with another recipe: {differing}")
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        if self.average is not None:
            self.average.load_state_dict(state["average"])
        if self.pruner:
            self.pruner.load(state["masks"])
        self.step, self.loss, self.seconds, self.history = state["step"], state["loss"], state["seconds"], state["history"]


def load_weights(source: Path, model: nn.Module) -> None:
    """Fill the model from a training's folder, or from a file that `save_weights` wrote; ValueError if they are those of another network."""
    weights = torch.load(source, map_location="cpu", weights_only=True) if source.is_file() else _read(source)["best"]
    try:
        model.load_state_dict(weights)
    except RuntimeError as error:
        raise ValueError(f"{source} holds the weights of another network: {error}") from None


def save_weights(model: nn.Module, path: Path) -> None:
    """Half-precision weights, from which another training can start."""
    torch.save({name: value.half() if value.is_floating_point() else value for name, value in model.state_dict().items()}, path)


def finished(out: Path, epochs: int) -> bool:
    """Whether a training of so many epochs has come to its end in this folder."""
    return (out / CHECKPOINT).is_file() and len(_read(out)["history"]) >= epochs


def _read(out: Path) -> dict[str, Any]:
    path = out / CHECKPOINT
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing: no training has written there")
    state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    return state
