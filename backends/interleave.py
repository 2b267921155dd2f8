"""The order of bytes in which weights are widened two at a time."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

QUAD_ORDER = (0, 2, 1, 3)  # SXTB16 widens the first and third byte of a word, with a rotation the second and fourth


def filled(weights: NDArray[Any], axis: int, multiple: int) -> NDArray[np.int8]:
    """Filled up with 0 along an axis."""
    if weights.shape[axis] % multiple == 0:
        return weights.astype(np.int8, copy=False)
    missing = [(0, 0)] * weights.ndim
    missing[axis] = (0, -weights.shape[axis] % multiple)
    return np.pad(weights.astype(np.int8, copy=False), missing)


def interleave(blocks: NDArray[np.int8]) -> NDArray[np.int8]:
    """[…, 2, 4] to a0 b0 a2 b2 a1 b1 a3 b3, […, 2, 2] to a0 b0 a1 b1; same shape."""
    return np.ascontiguousarray(blocks[..., _order(blocks)].swapaxes(-1, -2)).reshape(blocks.shape)


def straighten(blocks: NDArray[np.int8]) -> NDArray[np.int8]:
    """The inverse of `interleave` (the order is its own inverse)."""
    return blocks.reshape(*blocks.shape[:-2], blocks.shape[-1], 2).swapaxes(-1, -2)[..., _order(blocks)]


def _order(blocks: NDArray[np.int8]) -> tuple[int, ...]:
    return QUAD_ORDER if blocks.shape[-1] == 4 else (0, 1)
