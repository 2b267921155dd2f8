"""CIFAR-10 from the folders in which people keep it."""

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from tfc.nas.dataset import Dataset, Split

SIDE, TILES, HELD_OUT = 32, 100, 5000
MOSAICS, TEST_MOSAICS, LABELS = tuple(f"data_batch_{i}.webp" for i in range(1, 6)), ("test_batch.webp",), "labels.npz"
BATCHES, TEST_BATCHES = tuple(f"data_batch_{i}" for i in range(1, 6)), ("test_batch",)
ARRAYS = ("train_x", "train_y", "test_x", "test_y")
EXPECTED = (
    f"lossless mosaics ({MOSAICS[0]} … {TEST_MOSAICS[0]}, {LABELS}), the official batches ({BATCHES[0]} … {TEST_BATCHES[0]}),"
    f" or a .npz with {', '.join(ARRAYS)}"
)


def load_cifar10(path: Path) -> Dataset:
    """Read a folder or .npz of images; FileNotFoundError or ValueError say what is wrong with it.

    A folder holds mosaics of 100x100 images and labels.npz, or the official `cifar-10-batches-py`.
    """
    if path.suffix == ".npz" and path.is_file():
        train, test = _arrays(path)
    elif not path.is_dir():
        raise FileNotFoundError(f"{path} is no folder; CIFAR-10 is expected there as {EXPECTED}")
    elif (path / BATCHES[0]).is_file():
        train, test = (_batches(path, names) for names in (BATCHES, TEST_BATCHES))
    else:
        train, test = _mosaics(path)
    if len(train.y) <= HELD_OUT:
        raise ValueError(f"{path} holds {len(train.y)} train images; the last {HELD_OUT} are kept for choices, so there must be more")
    held = len(train.y) - HELD_OUT
    return Dataset(Split(train.x[:held], train.y[:held]), Split(train.x[held:], train.y[held:]), test)


def _split(images: NDArray[Any], labels: NDArray[Any], origin: Path) -> Split:
    if images.ndim != 4 or images.shape[1:] != (3, SIDE, SIDE) or images.dtype != np.uint8:
        raise ValueError(f"{origin}: images are {images.dtype} {list(images.shape)}; uint8 [n, 3, {SIDE}, {SIDE}] is expected")
    if labels.shape != (len(images),):
        raise ValueError(f"{origin}: {len(images)} images but labels of shape {list(labels.shape)}")
    if len(labels) and not 0 <= int(labels.min()) <= int(labels.max()) < 10:
        raise ValueError(f"{origin}: labels lie in {labels.min()}…{labels.max()}, not in 0…9")
    return Split(torch.from_numpy(np.ascontiguousarray(images)), torch.from_numpy(labels.astype(np.int64)))


def _arrays(path: Path) -> tuple[Split, Split]:
    """A .npz: images [n, 3, 32, 32] or [n, 32, 32, 3], uint8."""
    with np.load(path, allow_pickle=False) as stored:
        absent = [name for name in ARRAYS if name not in stored.files]
        if absent:
            raise ValueError(f"{path} lacks {', '.join(absent)}; it holds {', '.join(stored.files)}")
        arrays = {name: stored[name] for name in ARRAYS}
    for name in ("train_x", "test_x"):
        if arrays[name].shape[-1:] == (3,):
            arrays[name] = arrays[name].transpose(0, 3, 1, 2)
    return _split(arrays["train_x"], arrays["train_y"], path), _split(arrays["test_x"], arrays["test_y"], path)


class _ArraysOnly(pickle.Unpickler):
    """Reads pickles of arrays, strings and plain containers; anything that names other code is refused."""

    ALLOWED = frozenset(
        {(f"numpy.{core}.multiarray", "_reconstruct") for core in ("core", "_core")} | {("numpy", "ndarray"), ("numpy", "dtype"), ("_codecs", "encode")}
    )

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in self.ALLOWED:
            raise pickle.UnpicklingError(f"it names {module}.{name}, which no array needs")
        return super().find_class(module, name)


def _batches(folder: Path, names: tuple[str, ...]) -> Split:
    """The official batches: dictionaries with rows of 3,072 bytes and lists of labels."""
    _require(folder, names)
    images, labels = [], []
    for name in names:
        with (folder / name).open("rb") as file:
            try:
                batch = _ArraysOnly(file, encoding="bytes").load()
                images.append(np.asarray(batch[b"data"]).reshape(-1, 3, SIDE, SIDE))
                labels.append(np.asarray(batch[b"labels"]))
            except (pickle.UnpicklingError, EOFError, KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
                raise ValueError(f"{folder / name} is no batch of CIFAR-10: {error}") from None
    return _split(np.concatenate(images), np.concatenate(labels), folder)


def _mosaics(folder: Path) -> tuple[Split, Split]:
    _require(folder, (*MOSAICS, *TEST_MOSAICS, LABELS))
    with np.load(folder / LABELS, allow_pickle=False) as labels:
        absent = [name for name in ("train_y", "test_y") if name not in labels.files]
        if absent:
            raise ValueError(f"{folder / LABELS} lacks {', '.join(absent)}; it holds {', '.join(labels.files)}")
        train_y, test_y = labels["train_y"], labels["test_y"]
    train, test = (np.concatenate([_tiles(folder / name) for name in names]) for names in (MOSAICS, TEST_MOSAICS))
    return _split(train, train_y, folder), _split(test, test_y, folder)


def _require(folder: Path, names: tuple[str, ...]) -> None:
    missing = [name for name in names if not (folder / name).is_file()]
    if missing:
        raise FileNotFoundError(f"{folder} lacks {', '.join(missing)}; CIFAR-10 is expected there as {EXPECTED}")


def _tiles(path: Path) -> NDArray[np.uint8]:
    """A row-major mosaic as uint8 [10000, 3, 32, 32]."""
    with Image.open(path) as image:
        mosaic = np.asarray(image.convert("RGB"))
    if mosaic.shape != (TILES * SIDE, TILES * SIDE, 3):
        raise ValueError(f"{path} is {mosaic.shape[1]}x{mosaic.shape[0]} pixels; a mosaic of {TILES}x{TILES} images has {TILES * SIDE}x{TILES * SIDE}")
    return mosaic.reshape(TILES, SIDE, TILES, SIDE, 3).transpose(0, 2, 4, 1, 3).reshape(TILES * TILES, 3, SIDE, SIDE)
