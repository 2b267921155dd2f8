"""CIFAR-10 from lossless mosaics, and its augmentation, on whatever device trains."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

SIDE, TILES, HELD_OUT = 32, 100, 5000
TRAIN = tuple(f"data_batch_{i}.webp" for i in range(1, 6))
TEST = ("test_batch.webp",)
LABELS = "labels.npz"


@dataclass(frozen=True)
class Split:
    """Images uint8 [n, 3, h, w] and labels int64 [n]."""

    x: Tensor
    y: Tensor

    def to(self, device: str) -> "Split":
        return Split(self.x.to(device), self.y.to(device))


@dataclass(frozen=True)
class Cifar10:
    """The official test set, and the train set parted into one to learn from and one for every choice (its last 5,000 images)."""

    train: Split
    validation: Split
    test: Split


def load_cifar10(folder: Path) -> Cifar10:
    """Read mosaics of 100x100 images and labels.npz; FileNotFoundError or ValueError say what is wrong with the folder."""
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder} is no folder; CIFAR-10 is expected there as {', '.join((*TRAIN, *TEST, LABELS))}")
    missing = [name for name in (*TRAIN, *TEST, LABELS) if not (folder / name).is_file()]
    if missing:
        raise FileNotFoundError(f"{folder} lacks {', '.join(missing)}")
    with np.load(folder / LABELS, allow_pickle=False) as labels:
        absent = {"train_y", "test_y"} - set(labels.files)
        if absent:
            raise ValueError(f"{folder / LABELS} lacks {', '.join(sorted(absent))}; it holds {', '.join(labels.files)}")
        train_y, test_y = (torch.from_numpy(labels[name].astype(np.int64)) for name in ("train_y", "test_y"))
    train = _split([folder / name for name in TRAIN], train_y)
    held = len(train.y) - HELD_OUT
    return Cifar10(Split(train.x[:held], train.y[:held]), Split(train.x[held:], train.y[held:]), _split([folder / name for name in TEST], test_y))


def _split(mosaics: list[Path], labels: Tensor) -> Split:
    images = torch.cat([_tiles(path) for path in mosaics])
    if len(images) != len(labels):
        raise ValueError(f"{mosaics[0].parent}: {len(images)} images but {len(labels)} labels")
    return Split(images, labels)


def _tiles(path: Path) -> Tensor:
    """A row-major mosaic as uint8 [10000, 3, 32, 32]."""
    with Image.open(path) as image:
        mosaic = np.asarray(image.convert("RGB"))
    if mosaic.shape != (TILES * SIDE, TILES * SIDE, 3):
        raise ValueError(f"{path} is {mosaic.shape[1]}x{mosaic.shape[0]} pixels; a mosaic of {TILES}x{TILES} images has {TILES * SIDE}x{TILES * SIDE}")
    tiles = mosaic.reshape(TILES, SIDE, TILES, SIDE, 3).transpose(0, 2, 4, 1, 3)
    return torch.from_numpy(tiles.reshape(TILES * TILES, 3, SIDE, SIDE).copy())


def to_float(x: Tensor) -> Tensor:
    """uint8 pixels to float 0..1."""
    return x.float() / 255


def shrink(x: Tensor, side: int) -> Tensor:
    """Float images resized to side x side by bilinear interpolation without aliasing."""
    return torch.nn.functional.interpolate(x, size=side, mode="bilinear", antialias=True)


def augment(x: Tensor, generator: torch.Generator, *, shift: int = 4, hole: int = 8) -> Tensor:
    """uint8 [n, 3, h, w]: mirror half of the images, move each by up to `shift` pixels, grey a square of `hole` pixels in each.

    Random numbers are drawn on the CPU, so that one seed means one training on every device.
    """
    n, _, h, w = x.shape

    def draw(limit: int) -> Tensor:
        return torch.randint(limit, (n, 1), generator=generator).to(x.device)

    rows = torch.arange(h, device=x.device) + draw(2 * shift + 1)
    columns = torch.arange(w, device=x.device).expand(n, w)
    columns = torch.where(draw(2) == 1, columns.flip(1), columns) + draw(2 * shift + 1)
    padded = torch.nn.functional.pad(x, (shift,) * 4, value=128)
    image = torch.arange(n, device=x.device)[:, None, None]
    # Advanced indices around a slice put the sliced axis last: [n, h, w, 3].
    moved = padded[image, :, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)
    top, left = (draw(size + hole) - hole for size in (h, w))
    tall = (torch.arange(h, device=x.device) >= top) & (torch.arange(h, device=x.device) < top + hole)
    wide = (torch.arange(w, device=x.device) >= left) & (torch.arange(w, device=x.device) < left + hole)
    return moved.masked_fill((tall[:, :, None] & wide[:, None, :])[:, None], 128)
