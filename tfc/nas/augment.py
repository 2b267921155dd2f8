"""Augmentation of a batch of images, on whatever device holds them."""

import torch
from torch import Tensor

GREY = 128


def to_float(x: Tensor) -> Tensor:
    """uint8 pixels to float 0..1."""
    return x.float() / 255


def shrink(x: Tensor, side: int) -> Tensor:
    """Float images resized to side x side by bilinear interpolation without aliasing."""
    return torch.nn.functional.interpolate(x, size=side, mode="bilinear", antialias=True)


def mirrored(index: Tensor, epoch: int) -> Tensor:
    """Which of the images [n] an epoch sees mirrored: each every other time, so that two epochs show both sides of all.

    Alternating flip: Jordan, "94% on CIFAR-10 in 3.29 Seconds on a Single GPU", arXiv 2404.00498. Half of the images,
    told apart by a multiplicative hash, begin mirrored.
    """
    return ((index * 2654435761 >> 16) + epoch) % 2 == 1


def augment(x: Tensor, mirror: Tensor, generator: torch.Generator, *, shift: int = 4, hole: int = 0) -> Tensor:
    """uint8 [n, 3, h, w]: mirror these images, move each by up to `shift` pixels (edges reflected), grey a square of `hole` pixels in each.

    Random numbers are drawn on the CPU, so that one seed means one training on every device.
    """
    n, _, h, w = x.shape

    def draw(limit: int) -> Tensor:
        return torch.randint(limit, (n, 1), generator=generator).to(x.device)

    rows = reflected(torch.arange(h, device=x.device) + draw(2 * shift + 1) - shift, h)
    columns = reflected(torch.arange(w, device=x.device) + draw(2 * shift + 1) - shift, w)
    columns = torch.where(mirror[:, None].to(x.device), w - 1 - columns, columns)
    image = torch.arange(n, device=x.device)[:, None, None]
    # Advanced indices around a slice put the sliced axis last: [n, h, w, 3].
    moved = x[image, :, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)
    if not hole:
        return moved
    top, left = (draw(size + hole) - hole for size in (h, w))
    tall = (torch.arange(h, device=x.device) >= top) & (torch.arange(h, device=x.device) < top + hole)
    wide = (torch.arange(w, device=x.device) >= left) & (torch.arange(w, device=x.device) < left + hole)
    return moved.masked_fill((tall[:, :, None] & wide[:, None, :])[:, None], GREY)


def reflected(place: Tensor, size: int) -> Tensor:
    """Coordinates outside 0..size-1 turned back at the edge pixel."""
    return (size - 1) - ((size - 1) - place.abs()).abs()


def paste(x: Tensor, generator: torch.Generator) -> tuple[Tensor, float]:
    """Float images [n, 3, h, w], each with one rectangle of the image at its mirrored place in the batch, and the share of pixels that stays its own.

    CutMix: Yun et al., arXiv 1905.04899; the share is uniform.
    """
    h, w = x.shape[-2:]
    draws = torch.rand(3, generator=generator).tolist()
    tall, wide = round(h * draws[0] ** 0.5), round(w * draws[0] ** 0.5)
    top, left = int(draws[1] * (h - tall + 1)), int(draws[2] * (w - wide + 1))
    mixed = x.clone()
    mixed[:, :, top : top + tall, left : left + wide] = x.flip(0)[:, :, top : top + tall, left : left + wide]
    return mixed, 1 - tall * wide / (h * w)
