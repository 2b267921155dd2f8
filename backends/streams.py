"""Streams of the blocks of weights that are not zero."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .interleave import filled
from .strips import LARGEST_STEP, PITCH, QUAD_BYTES
from .walked import Bytes, Walked

END = -4


@dataclass(frozen=True)
class Blocks(Walked):
    """A stream of the blocks of `height` output × `width` input channels that are not zero, in groups of two, of single weights four: the ways
    to them, each from the block before it (i16, bytes of the strip), the last one first; then their weights, filled up to words. Instead of a
    block, a way of −4 is the end. Weights that SXTB16 shall widen together lie two apart: a 2×4 block is as in `Pairs`, a 2×2 block
    a.k0 b.k0 a.k1 b.k1, two 1×2 blocks the same (the second is 0 where there is none).
    """

    @property
    def name(self) -> str:
        return f"block{self.height}x{self.width}"

    @property
    def group(self) -> int:
        return 4 if self.height * self.width == 1 else 2

    def row(self, blocks: Bytes, places: NDArray[np.int64], quad_bytes: int) -> bytes:
        kept = _bridged([index for index in np.argsort(places, kind="stable").tolist() if blocks[index].any()], places)
        steps = [*np.diff(places[kept], prepend=0).tolist(), END]
        data = b""
        for first in range(0, len(steps), self.group):
            here = steps[first : first + self.group]
            ways = [*[0] * (self.group - len(here)), *reversed(here)]
            data += np.array(ways, "<i2").tobytes() + self.words(blocks[kept[first : first + self.group]])
        return data

    def read(self, data: bytes, at: int, places: list[int]) -> tuple[Bytes, int]:
        size, place, index = self.height * self.width, 0, {place: index for index, place in enumerate(places)}
        blocks = np.zeros((len(places), size), np.int8)
        while True:
            steps = np.frombuffer(data, "<i2", self.group, at).tolist()[::-1]
            here, at = steps.index(END) if END in steps else self.group, at + 2 * self.group
            values = self.weights(np.frombuffer(data, np.int8, self.weight_bytes(here), at))
            for step, value in zip(steps[:here], values, strict=False):
                place += step
                blocks[index[place]] = value
            at += self.weight_bytes(here)
            if here < self.group:
                return blocks, at

    def weight_bytes(self, blocks: int) -> int:
        """Of the weights of a group that has so many blocks."""
        return -(-blocks * self.height * self.width // 4) * 4

    def words(self, blocks: Bytes) -> bytes:
        """The weights of a group."""
        filled_up = np.pad(blocks.reshape(-1), (0, self.weight_bytes(len(blocks)) - blocks.size))
        return (filled_up.reshape(-1, 2, 2).swapaxes(1, 2) if (self.height, self.width) == (1, 2) else filled_up).tobytes()

    def weights(self, words: Bytes) -> Bytes:
        """The inverse; a last block may be of zeros."""
        straight = words.reshape(-1, 2, 2).swapaxes(1, 2) if (self.height, self.width) == (1, 2) else words
        return straight.reshape(-1, self.height * self.width)

    def size(self, weights: NDArray[Any]) -> int:
        if self.is_far(weights):
            return self.pack(weights).size
        whole, rest = np.divmod(self.stored(weights), self.group)
        sizes = np.array([2 * self.group + self.weight_bytes(blocks) for blocks in range(self.group + 1)])
        return int((whole * sizes[-1] + sizes[rest]).sum())

    def is_far(self, weights: NDArray[Any]) -> bool:
        """Whether a way between two blocks of a row, or to the first, may be too long for a step."""
        if -(-weights.shape[1] // 4) * QUAD_BYTES <= LARGEST_STEP:
            return False
        rows = filled(filled(weights != 0, 0, self.height), 1, 4)
        row, quad = np.nonzero(rows.reshape(len(rows) // self.height, self.height, -1, 4).any(axis=(1, 3)))
        begins = np.diff(row, prepend=-1) > 0
        way = np.where(begins, quad, np.diff(quad, prepend=0))
        return bool(way.size) and int(way.max()) * QUAD_BYTES + max(self.offsets) > LARGEST_STEP

    def stored(self, weights: NDArray[Any]) -> NDArray[np.int64]:
        """Blocks of each row of blocks that are not zero."""
        rows = filled(filled(weights != 0, 0, self.height), 1, self.width)
        return np.asarray(rows.reshape(len(rows) // self.height, self.height, -1, self.width).any(axis=(1, 3)).sum(axis=1), np.int64)

    def count(self, weights: NDArray[Any]) -> int:
        """Blocks that are not zero."""
        return int(self.stored(weights).sum())


HALF = 23  # bits of a word of a strip, and of sums, that belong to the first of two columns


@dataclass(frozen=True)
class Singles(Blocks):
    """Single weights, each multiplied with two columns in one word: the first in the low bits, which its sum must not leave. At the end stands
    a weight of zero.
    """

    height: int = 1
    width: int = 1
    widen: str = "widen_twos"
    together: int = 8
    offsets: tuple[int, ...] = (0, 2 * PITCH, 4 * PITCH, 6 * PITCH)
    columns: int = 10

    def starts(self, bias: NDArray[Any]) -> list[bytes]:
        """64 bits; half of what the low ones hold more, so that no sum of the first column borrows from the second."""
        sums = bias.astype("<i8")
        return [start.tobytes() for start in (sums << HALF) + sums + (1 << (HALF - 1))]

    def weight_bytes(self, blocks: int) -> int:
        return 4

    def takes(self, dtype: str, weights: NDArray[Any], bias: Callable[[], NDArray[Any]]) -> bool:
        w, starts, limit = weights.astype(np.int64), bias(), 1 << (HALF - 1)
        most, least = (starts + (w * np.where(w > 0, *reach)).sum(axis=1) for reach in ((127, -128), (-128, 127)))
        return dtype == "i8" and bool((most < limit).all() and (least >= -limit).all())


PAIR_OFFSETS = (0, 4 * PITCH)
BLOCKS: tuple[Blocks, ...] = (
    Singles(),
    Blocks(1, 2, "widen_pairs", 8, PAIR_OFFSETS),
    Blocks(1, 4, "widen_quads", 8),
    Blocks(2, 2, "widen_pairs", 4, PAIR_OFFSETS),
    Blocks(2, 4, token=True),
    Blocks(4, 1, "widen_quads", 4, (0, 4 * PITCH, 2, 4 * PITCH + 2)),
)


def _bridged(kept: list[int], places: NDArray[np.int64]) -> list[int]:
    """With blocks of zeros where the way to the next one would be too far."""
    bridged, at = [], 0
    for index in kept:
        while places[index] - at > LARGEST_STEP:
            reached = np.flatnonzero(places <= at + LARGEST_STEP)
            bridged.append(int(reached[np.argmax(places[reached])]))
            at = places[bridged[-1]]
        bridged.append(index)
        at = places[index]
    return bridged
