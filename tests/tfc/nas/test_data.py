"""Reading CIFAR-10 as people keep it, and saying what is wrong with a folder."""

import pickle
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from tfc.nas.data import BATCHES, LABELS, MOSAICS, TEST_BATCHES, TEST_MOSAICS, load_cifar10


def test_a_wrong_folder_is_explained(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere is no folder"):
        load_cifar10(tmp_path / "nowhere")
    with pytest.raises(FileNotFoundError, match=r"lacks data_batch_1.webp, .*labels.npz"):
        load_cifar10(tmp_path)
    for name in (*MOSAICS, *TEST_MOSAICS):
        Image.new("RGB", (64, 32)).save(tmp_path / name)
    np.savez(tmp_path / LABELS, train_y=np.zeros(50000, np.uint8))
    with pytest.raises(ValueError, match="lacks test_y; it holds train_y"):
        load_cifar10(tmp_path)
    np.savez(tmp_path / LABELS, train_y=np.zeros(50000, np.uint8), test_y=np.zeros(10000, np.uint8))
    with pytest.raises(ValueError, match=r"is 64x32 pixels; .* has 3200x3200"):
        load_cifar10(tmp_path)


def test_cifar10_is_read_in_its_order(cifar10):
    data = load_cifar10(cifar10)
    assert data.train.x.shape == (45000, 3, 32, 32)
    assert data.validation.x.shape == (5000, 3, 32, 32)
    assert data.test.x.shape == (10000, 3, 32, 32)
    assert data.train.x.dtype == torch.uint8
    every = torch.cat([data.train.y, data.validation.y])
    assert every.bincount().tolist() == [5000] * 10
    assert data.test.y.bincount().tolist() == [1000] * 10
    assert data.train.y[:10].tolist() == [6, 9, 9, 4, 1, 1, 2, 7, 8, 3]  # frog, two trucks, deer, …
    with Image.open(cifar10 / MOSAICS[0]) as mosaic:
        second = np.asarray(mosaic.convert("RGB"))[:32, 32:64]
    assert np.array_equal(data.train.x[1].permute(1, 2, 0).numpy(), second)


def images(n, seed):
    generator = np.random.default_rng(seed)
    return generator.integers(0, 256, (n, 3, 32, 32), np.uint8), generator.integers(0, 10, n)


def write_batches(folder: Path):
    """The official folder with 1,010 images in each batch."""
    for seed, name in enumerate((*BATCHES, *TEST_BATCHES)):
        x, y = images(1010, seed)
        batch = {b"batch_label": name.encode(), b"labels": y.tolist(), b"data": x.reshape(-1, 3072), b"filenames": [b"a.png"] * 1010}
        (folder / name).write_bytes(pickle.dumps(batch, protocol=2))


def test_the_official_batches_are_read(tmp_path):
    write_batches(tmp_path)
    data = load_cifar10(tmp_path)
    assert len(data.train.y) == 50
    assert np.array_equal(data.train.x.numpy(), images(1010, 0)[0][:50])
    assert np.array_equal(data.validation.y.numpy()[-1010:], images(1010, 4)[1])
    assert np.array_equal(data.test.x.numpy(), images(1010, 5)[0])


class Harm:
    def __init__(self, marker):
        self.marker = marker

    def __reduce__(self):
        return Path.touch, (self.marker,)


@pytest.mark.parametrize("content", ["code", "truncated", "another pickle", "text"])
def test_no_batch_runs_code_or_fails_without_words(tmp_path, content):
    write_batches(tmp_path)
    path = tmp_path / BATCHES[1]
    whole = path.read_bytes()
    path.write_bytes(
        {"code": pickle.dumps(Harm(tmp_path / "touched")), "truncated": whole[:5000], "another pickle": pickle.dumps([1, 2]), "text": b"images"}[content]
    )
    with pytest.raises(ValueError, match="data_batch_2 is no batch of CIFAR-10: "):
        load_cifar10(tmp_path)
    assert not (tmp_path / "touched").exists()


@pytest.mark.parametrize("layout", ["channels first", "channels last"])
def test_arrays_are_read(tmp_path, layout):
    x, y = images(5010, 0)
    stored = x if layout == "channels first" else x.transpose(0, 2, 3, 1)
    np.savez(tmp_path / "c.npz", train_x=stored, train_y=y, test_x=stored[:9], test_y=y[:9])
    data = load_cifar10(tmp_path / "c.npz")
    assert np.array_equal(data.train.x.numpy(), x[:10])
    assert np.array_equal(data.test.y.numpy(), y[:9])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"test_y": None}, "lacks test_y; it holds"),
        ({"train_y": np.zeros(9, np.int64)}, "5010 images but labels of shape .9."),
        ({"train_y": np.full(5010, 10)}, "labels lie in 10…10"),
        ({"train_x": np.zeros((5010, 3, 32, 32), np.float32)}, "images are float32"),
        ({"train_x": np.zeros((60, 3, 32, 32), np.uint8), "train_y": np.zeros(60)}, "holds 60 train images; the last 5000 are kept"),
    ],
)
def test_wrong_arrays_are_explained(tmp_path, change, message):
    x, y = images(5010, 0)
    arrays = {"train_x": x, "train_y": y, "test_x": x[:9], "test_y": y[:9]} | change
    np.savez(tmp_path / "c.npz", **{name: array for name, array in arrays.items() if array is not None})
    with pytest.raises(ValueError, match=message):
        load_cifar10(tmp_path / "c.npz")
