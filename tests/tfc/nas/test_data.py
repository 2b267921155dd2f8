"""Reading the mosaics, saying what is wrong with a folder, and augmentation."""

import numpy as np
import pytest
import torch
from PIL import Image

from tfc.nas.data import LABELS, TEST, TRAIN, augment, load_cifar10


def test_a_wrong_folder_is_explained(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere is no folder"):
        load_cifar10(tmp_path / "nowhere")
    with pytest.raises(FileNotFoundError, match=r"lacks data_batch_1.webp, .*labels.npz"):
        load_cifar10(tmp_path)
    for name in (*TRAIN, *TEST):
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
    with Image.open(cifar10 / TRAIN[0]) as mosaic:
        second = np.asarray(mosaic.convert("RGB"))[:32, 32:64]
    assert np.array_equal(data.train.x[1].permute(1, 2, 0).numpy(), second)


def test_augmentation_shifts_mirrors_and_cuts():
    x = torch.randint(1, 120, (64, 3, 16, 16), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    plain = augment(x, torch.Generator().manual_seed(1), shift=0, hole=0)
    mirrored = [torch.equal(image, before.flip(2)) for image, before in zip(plain, x, strict=True)]
    kept = [torch.equal(image, before) for image, before in zip(plain, x, strict=True)]
    assert all(a != b for a, b in zip(mirrored, kept, strict=True))
    assert 16 < sum(mirrored) < 48
    moved = augment(x, torch.Generator().manual_seed(1), shift=4, hole=0)
    grey = (moved == 128).all(dim=1)
    assert not torch.equal(moved, x)
    assert int((grey.all(dim=2).sum(dim=1)).max()) == 4  # rows shifted in
    holed = augment(x, torch.Generator().manual_seed(1), shift=0, hole=6)
    assert int((holed == 128).all(dim=1).sum(dim=(1, 2)).max()) == 36
    assert torch.equal(holed, augment(x, torch.Generator().manual_seed(1), shift=0, hole=6))
