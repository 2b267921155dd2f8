"""The formats of weights that walk strips (runtime/include/tfc/strip.h): dense, and streams of the blocks that are not zero."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .interleave import filled, interleave, straighten
from .strips import LARGEST_STEP, PITCH, QUAD_BYTES, Windows

Bytes = NDArray[np.int8]
LONGEST_RUN = 512  # quads
END = -4


@dataclass(frozen=True)
class Walked(ABC):
    """Weights for loops over strips: what `height` output channels read behind the starts of their sums, `width` input channels at a time.

    `widen` is the kernel that makes a strip, `together` how many columns a loop finishes. `offsets` are where the inputs of the blocks of
    a quad lie in it, in bytes. A last, incomplete row of blocks repeats its last channel.
    """

    height: int
    width: int
    widen: str = "widen_quads"
    together: int = 4
    offsets: tuple[int, ...] = (0,)
    columns: int = PITCH  # of a strip

    @property
    @abstractmethod
    def name(self) -> str: ...

    def windows(self, kernel: tuple[int, int], channels: int, stride: int = 1, dilation: int = 1) -> Windows:
        """How windows lie in the strips of this format."""
        return Windows.of(kernel, channels, stride, dilation, columns=self.columns, together=self.together)

    def rows(self, weights: NDArray[Any], windows: Windows) -> list[bytes]:
        """What the loops read of each row of blocks; `weights` are [out, kernel_h · kernel_w · channels]."""
        taps = windows.kernel[0] * windows.kernel[1]
        full = filled(weights.reshape(len(weights), taps, windows.channels), 2, 4).reshape(len(weights), -1)
        full = np.concatenate([full, np.repeat(full[-1:], -len(full) % self.height, axis=0)])
        blocks = full.reshape(-1, self.height, full.shape[1] // self.width, self.width).swapaxes(1, 2)
        blocks = interleave(blocks) if self.height == 2 else blocks
        places = (windows.places[..., None] + np.array(self.offsets)).reshape(-1)
        return [self.row(row, places) for row in blocks.reshape(*blocks.shape[:2], -1)]

    def starts(self, bias: NDArray[Any]) -> list[bytes]:
        """Of the sums of each row of blocks."""
        rows = np.append(bias, np.repeat(bias[-1:], -len(bias) % self.height)).astype("<u4").reshape(-1, self.height)
        return [row.tobytes() for row in rows]

    def takes(self, dtype: str, weights: NDArray[Any], bias: NDArray[Any]) -> bool:
        """Whether sums of inputs of this type are exact; `bias` holds the zero point."""
        return True

    @abstractmethod
    def row(self, blocks: Bytes, places: NDArray[np.int64]) -> bytes:
        """Of blocks [blocks along the inputs, height · width]."""

    @abstractmethod
    def read(self, data: bytes, at: int, places: list[int]) -> tuple[Bytes, int]:
        """The blocks of a row that begins at a byte, and where it ends."""

    def pack(self, weights: NDArray[Any]) -> Bytes:
        """As for tokens, without starts."""
        return np.frombuffer(b"".join(self.rows(weights, self.windows((1, 1), weights.shape[1]))), np.int8)

    @abstractmethod
    def size(self, weights: NDArray[Any]) -> int:
        """Bytes of `pack`."""

    def unpack(self, data: Bytes, out: int, inputs: int) -> Bytes:
        raw, at, quads = data.tobytes(), 0, -(-inputs // 4)
        places = [quad * QUAD_BYTES + offset for quad in range(quads) for offset in self.offsets]
        blocks = np.zeros((-(-out // self.height), len(places), self.height * self.width), np.int8)
        for row in range(len(blocks)):
            blocks[row], at = self.read(raw, at, places)
        parts = blocks.reshape(*blocks.shape[:2], self.height, self.width)
        parts = straighten(parts) if self.height == 2 else parts
        return np.ascontiguousarray(parts.transpose(0, 2, 1, 3).reshape(-1, 4 * quads)[:out, :inputs])


@dataclass(frozen=True)
class Pairs(Walked):
    """Dense. Runs of quads that lie behind one another: the way from the end of the run before it (i16) and its length (u16), in bytes of the
    strip, then its weights, for each quad k: a.k0 b.k0 a.k2 b.k2, a.k1 b.k1 a.k3 b.k3. A run of no length is the end.
    """

    height: int = 2
    width: int = 4

    @property
    def name(self) -> str:
        return "pairs"

    def row(self, blocks: Bytes, places: NDArray[np.int64]) -> bytes:
        breaks = np.flatnonzero(np.diff(places, prepend=-QUAD_BYTES - 1) != QUAD_BYTES)
        starts = [at for first, end in zip(breaks, [*breaks[1:], len(places)], strict=True) for at in range(first, end, LONGEST_RUN)]
        data, at = b"", 0
        for first, end in zip(starts, [*starts[1:], len(places)], strict=True):
            length = (end - first) * QUAD_BYTES
            data += np.array([places[first] - at, length], "<i4").astype("<u2").tobytes() + blocks[first:end].tobytes()
            at = places[first] + length
        return data + bytes(4)

    def size(self, weights: NDArray[Any]) -> int:
        rows: int = -(-len(weights) // 2)
        quads: int = -(-weights.shape[1] // 4)
        return rows * (8 * quads + 4 * -(-quads // LONGEST_RUN) + 4)

    def read(self, data: bytes, at: int, places: list[int]) -> tuple[Bytes, int]:
        blocks, quad = np.zeros((len(places), 8), np.int8), 0
        while length := int(np.frombuffer(data, "<u2", 1, at + 2)[0]) // QUAD_BYTES:
            blocks[quad : quad + length] = np.frombuffer(data, np.int8, 8 * length, at + 4).reshape(length, 8)
            quad, at = quad + length, at + 4 + 8 * length
        return blocks, at + 4


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

    def row(self, blocks: Bytes, places: NDArray[np.int64]) -> bytes:
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
            values = self.weights(np.frombuffer(data, np.int8, self.bytes(here), at))
            for step, value in zip(steps[:here], values, strict=False):
                place += step
                blocks[index[place]] = value
            at += self.bytes(here)
            if here < self.group:
                return blocks, at

    def bytes(self, blocks: int) -> int:
        """Of the weights of a group that has so many blocks."""
        return -(-blocks * self.height * self.width // 4) * 4

    def words(self, blocks: Bytes) -> bytes:
        """The weights of a group."""
        filled_up = np.pad(blocks.reshape(-1), (0, self.bytes(len(blocks)) - blocks.size))
        return (filled_up.reshape(-1, 2, 2).swapaxes(1, 2) if (self.height, self.width) == (1, 2) else filled_up).tobytes()

    def weights(self, words: Bytes) -> Bytes:
        """The inverse; a last block may be of zeros."""
        straight = words.reshape(-1, 2, 2).swapaxes(1, 2) if (self.height, self.width) == (1, 2) else words
        return straight.reshape(-1, self.height * self.width)

    def size(self, weights: NDArray[Any]) -> int:
        if -(-weights.shape[1] // 4) * QUAD_BYTES > LARGEST_STEP:
            return self.pack(weights).size
        whole, rest = np.divmod(self.stored(weights), self.group)
        sizes = np.array([2 * self.group + self.bytes(blocks) for blocks in range(self.group + 1)])
        return int((whole * sizes[-1] + sizes[rest]).sum())

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

    def bytes(self, blocks: int) -> int:
        return 4

    def takes(self, dtype: str, weights: NDArray[Any], bias: NDArray[Any]) -> bool:
        w, limit = weights.astype(np.int64), 1 << (HALF - 1)
        most, least = (bias + (w * np.where(w > 0, *reach)).sum(axis=1) for reach in ((127, -128), (-128, 127)))
        return dtype == "i8" and bool((most < limit).all() and (least >= -limit).all())


PAIR_OFFSETS = (0, 4 * PITCH)
BLOCKS: tuple[Blocks, ...] = (
    Singles(),
    Blocks(1, 2, "widen_pairs", 8, PAIR_OFFSETS),
    Blocks(1, 4, "widen_quads", 8),
    Blocks(2, 2, "widen_pairs", 4, PAIR_OFFSETS),
    Blocks(2, 4),
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
