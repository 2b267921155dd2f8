"""Images with labels, parted into those to learn from, those to choose by, and those to report."""

from dataclasses import dataclass

import torch
from torch import Tensor

from tfc.nas.augment import shrink


@dataclass(frozen=True)
class Split:
    """Images uint8 [n, channels, h, w] and labels int64 [n]."""

    x: Tensor
    y: Tensor

    def to(self, device: str | torch.device) -> "Split":
        return Split(self.x.to(device), self.y.to(device))

    def at(self, side: int) -> "Split":
        """The images at this side, as a camera would give them."""
        return self if side == self.x.shape[-1] else Split(shrink(self.x.float(), side).round().clamp(0, 255).to(torch.uint8), self.y)

    def first(self, n: int) -> "Split":
        return Split(self.x[:n], self.y[:n])


@dataclass(frozen=True)
class Dataset:
    """A test set that no choice sees, and a train set parted into one to learn from and one for every choice."""

    train: Split
    validation: Split
    test: Split

    def to(self, device: str | torch.device) -> "Dataset":
        return Dataset(self.train.to(device), self.validation.to(device), self.test.to(device))

    def at(self, side: int) -> "Dataset":
        return Dataset(self.train.at(side), self.validation.at(side), self.test.at(side))

    def whole(self) -> Split:
        """Everything but the test set: for the last training, when there is nothing left to choose."""
        return Split(torch.cat((self.train.x, self.validation.x)), torch.cat((self.train.y, self.validation.y)))
