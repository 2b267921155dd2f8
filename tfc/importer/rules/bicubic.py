"""Bicubic resizing of constants: position embeddings of vision transformers."""

from __future__ import annotations

import numpy as np

from tfc.importer.builder import Array
from tfc.importer.tensors import expect_small


def upsample_bicubic2d(
    input: Array | None = None,
    output_size: tuple[int, ...] | None = None,
    align_corners: bool = False,
    scale_factors: tuple[float, ...] | None = None,
    self: Array | None = None,
    scales_h: float | None = None,
    scales_w: float | None = None,
) -> Array:
    """Four taps an axis, clamped at the border: Keys' kernel with a = −3/4, as in torch."""
    x = input if self is None else self
    assert x is not None
    scales = scale_factors or (scales_h, scales_w)
    for axis, scale in zip((2, 3), scales, strict=True):
        old = x.shape[axis]
        new = output_size[axis - 2] if output_size else int(old * (scale or 1))
        expect_small(new, x.size)
        step = (old - 1) / max(new - 1, 1) if align_corners else old / new if scale is None else 1 / scale
        at = np.arange(new) * step if align_corners else (np.arange(new) + 0.5) * step - 0.5
        first = np.floor(at).astype(np.int64)
        wide = (-1, *(1,) * (x.ndim - axis - 1))
        taps = [(np.clip(first + k, 0, old - 1), _cubic(np.abs(at - first - k)).reshape(wide)) for k in range(-1, 3)]
        x = np.asarray(sum(x.take(index, axis) * weight for index, weight in taps))
    return x


def _cubic(t: Array, a: float = -0.75) -> Array:
    near = ((a + 2) * t - (a + 3)) * t * t + 1
    far = ((a * t - 5 * a) * t + 8 * a) * t - 4 * a
    return np.where(t <= 1, near, np.where(t < 2, far, 0))
