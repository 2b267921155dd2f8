"""Augmentation: what moves, what is mirrored, what is covered."""

import torch

from tfc.nas.augment import GREY, augment, mirrored, paste


def generator():
    return torch.Generator().manual_seed(1)


def images():
    return torch.randint(1, 120, (64, 3, 16, 16), dtype=torch.uint8, generator=generator())


def test_each_image_is_mirrored_every_other_epoch():
    index = torch.arange(1000)
    first, second, third = (mirrored(index, epoch) for epoch in range(3))
    assert torch.equal(first, ~second)
    assert torch.equal(first, third)
    assert 400 < int(first.sum()) < 600
    x, none = images(), torch.zeros(64, dtype=torch.bool)
    assert torch.equal(augment(x, none, generator(), shift=0), x)
    assert torch.equal(augment(x, ~none, generator(), shift=0), x.flip(3))


def test_images_move_and_edges_are_reflected():
    x = images()
    moved = augment(x, torch.zeros(64, dtype=torch.bool), generator(), shift=3)
    padded = torch.nn.functional.pad(x.float(), (3,) * 4, mode="reflect").to(torch.uint8)
    places = [
        [(r, c) for r in range(7) for c in range(7) if torch.equal(after, wide[:, r : r + 16, c : c + 16])] for after, wide in zip(moved, padded, strict=True)
    ]
    assert all(len(place) == 1 for place in places)
    assert len({place[0] for place in places}) > 20
    assert torch.equal(moved, augment(x, torch.zeros(64, dtype=torch.bool), generator(), shift=3))


def test_a_square_is_covered():
    grey = augment(images(), torch.zeros(64, dtype=torch.bool), generator(), shift=0, hole=6) == GREY
    assert int(grey.all(dim=1).sum(dim=(1, 2)).max()) == 36


def test_pasted_pieces_come_from_the_mirrored_place_and_are_counted():
    x = torch.arange(8.0)[:, None, None, None].expand(8, 3, 16, 16)
    draws, shares = generator(), []
    for _ in range(20):
        mixed, own = paste(x, draws)
        assert torch.equal((mixed[1] == 1).float().mean(), torch.tensor(own))
        assert set(mixed[1].unique().tolist()) <= {1.0, 6.0}
        shares.append(own)
    assert min(shares) < 0.3
    assert max(shares) > 0.7
