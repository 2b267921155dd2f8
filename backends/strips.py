"""How windows lie in strips (runtime/include/tfc/strip.h), and the formats of weights that walk them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .interleave import filled, interleave, straighten

Bytes = NDArray[np.int8]
PITCH = 12  # columns
QUAD_BYTES = 2 * 4 * PITCH
LARGEST_STEP = (1 << 15) - PITCH  # bytes
LONGEST_RUN = 512  # quads
END = -4


@dataclass(frozen=True)
class Windows:
    """Windows over strips: rows of a strip for a row of the map, columns beyond the first, results in a strip, quads of channels."""

    kernel: tuple[int, int]
    channels: int
    phases: int
    halo: int
    stride: int
    dilation: int
    pitch: int = PITCH  # columns; of a token alone 1

    @classmethod
    def of(cls, kernel: tuple[int, int], channels: int, stride: int, dilation: int) -> Windows:
        reach = (kernel[1] - 1) * dilation
        return cls(kernel, channels, min(stride, reach + 1), reach // stride, stride, dilation)

    @property
    def span(self) -> int:
        """Results; 0 where the windows are too wide."""
        return max(PITCH - self.halo, 0) // 4 * 4

    @property
    def quads(self) -> int:
        return -(-self.channels // 4)

    @property
    def quad_bytes(self) -> int:
        return 2 * 4 * self.pitch

    @property
    def row_bytes(self) -> int:
        return self.phases * self.quads * self.quad_bytes

    @property
    def runs(self) -> int:
        """Runs of quads that lie behind one another."""
        return int((np.diff(self.places.reshape(-1)) != self.quad_bytes).sum()) + 1

    def widened(self, shape: tuple[int, ...]) -> float:
        """Inputs of a map [n, h, w, c] that are widened, halos as often as strips need them."""
        return shape[1] * shape[2] * 4 * self.quads * (1 + self.halo / self.span)

    @property
    def places(self) -> NDArray[np.int64]:
        """[kernel_h, kernel_w, quads]: where in a strip column 0 finds the inputs of a quad, in bytes."""
        column = np.arange(self.kernel[1]) * self.dilation
        rows = np.arange(self.kernel[0])[:, None, None] * self.phases + (column % self.stride)[None, :, None]
        return (rows * self.quads + np.arange(self.quads)) * self.quad_bytes + 4 * (column // self.stride)[None, :, None]


def one_by_one(inputs: int) -> Windows:
    """Of tokens, and of windows that are gathered first."""
    return Windows.of((1, 1), inputs, 1, 1)


def alone(inputs: int) -> Windows:
    """Of one token, whose pairs lie one behind another."""
    return replace(one_by_one(inputs), pitch=1)


@dataclass(frozen=True)
class Walked(ABC):
    """Weights for loops over strips: what each pair of output channels reads behind the starts of its sums."""

    name: str

    def rows(self, weights: NDArray[Any], windows: Windows) -> list[bytes]:
        """One for each pair; `weights` are [out, kernel_h · kernel_w · channels]. A last odd channel is paired with itself."""
        taps = windows.kernel[0] * windows.kernel[1]
        quads = filled(weights.reshape(len(weights), taps, windows.channels), 2, 4).reshape(len(weights), -1, 4)
        paired = np.concatenate([quads, quads[-1:]]) if len(quads) % 2 else quads
        blocks = interleave(paired.reshape(-1, 2, *paired.shape[1:]).swapaxes(1, 2)).reshape(len(paired) // 2, -1, 8)
        return [self.row(row, windows.places.reshape(-1), windows.quad_bytes) for row in blocks]

    @abstractmethod
    def row(self, blocks: Bytes, places: NDArray[np.int64], quad_bytes: int) -> bytes:
        """Of blocks [quads, 8]; neighbours in a row of a strip lie `quad_bytes` apart."""

    @abstractmethod
    def read(self, data: bytes, at: int, quads: int) -> tuple[Bytes, int]:
        """Blocks [quads, 8] of a row that begins at a byte, and where it ends."""

    def pack(self, weights: NDArray[Any]) -> Bytes:
        """As for tokens, without starts."""
        return np.frombuffer(b"".join(self.rows(weights, one_by_one(weights.shape[1]))), np.int8)

    @abstractmethod
    def size(self, weights: NDArray[Any]) -> int:
        """Bytes of `pack`."""

    def unpack(self, data: Bytes, out: int, inputs: int) -> Bytes:
        raw, at, quads = data.tobytes(), 0, -(-inputs // 4)
        blocks = np.zeros((-(-out // 2), quads, 8), np.int8)
        for row in range(len(blocks)):
            blocks[row], at = self.read(raw, at, quads)
        parts = straighten(blocks.reshape(*blocks.shape[:2], 2, 4))
        return np.ascontiguousarray(parts.transpose(0, 2, 1, 3).reshape(-1, 4 * quads)[:out, :inputs])


@dataclass(frozen=True)
class Pairs(Walked):
    """Dense. Runs of quads that lie behind one another: the way from the end of the run before it (i16) and its length (u16), in bytes of the
    strip, then its weights, for each quad k: a.k0 b.k0 a.k2 b.k2, a.k1 b.k1 a.k3 b.k3. A run of no length is the end.
    """

    name: str = "pairs"

    def row(self, blocks: Bytes, places: NDArray[np.int64], quad_bytes: int) -> bytes:
        breaks = np.flatnonzero(np.diff(places, prepend=-quad_bytes - 1) != quad_bytes)
        starts = [at for first, end in zip(breaks, [*breaks[1:], len(places)], strict=True) for at in range(first, end, LONGEST_RUN)]
        data, at = b"", 0
        for first, end in zip(starts, [*starts[1:], len(places)], strict=True):
            length = (end - first) * quad_bytes
            data += np.array([places[first] - at, length], "<i4").astype("<u2").tobytes() + blocks[first:end].tobytes()
            at = places[first] + length
        return data + bytes(4)

    def size(self, weights: NDArray[Any]) -> int:
        rows: int = -(-len(weights) // 2)
        quads: int = -(-weights.shape[1] // 4)
        return rows * (8 * quads + 4 * -(-quads // LONGEST_RUN) + 4)

    def read(self, data: bytes, at: int, quads: int) -> tuple[Bytes, int]:
        blocks, quad = np.zeros((quads, 8), np.int8), 0
        while length := int(np.frombuffer(data, "<u2", 1, at + 2)[0]) // QUAD_BYTES:
            blocks[quad : quad + length] = np.frombuffer(data, np.int8, 8 * length, at + 4).reshape(length, 8)
            quad, at = quad + length, at + 4 + 8 * length
        return blocks, at + 4


@dataclass(frozen=True)
class Blocks2x4(Walked):
    """A stream of the blocks of two output and four input channels that are not zero, in groups of two: the way to the second and to the first
    from the block before it (i16, bytes of the strip), then the weights of both, in the order of `Pairs`. Instead of a block, a way of −4 is the end.
    """

    name: str = "block2x4"
    height: int = 2
    width: int = 4

    def row(self, blocks: Bytes, places: NDArray[np.int64], quad_bytes: int) -> bytes:
        kept = _bridged([index for index in np.argsort(places, kind="stable").tolist() if blocks[index].any()], places)
        steps = [*np.diff(places[kept], prepend=0).tolist(), END]
        data = b""
        for first in range(0, len(steps), 2):
            pair = steps[first : first + 2]
            data += np.array([*pair[1:], *[0] * (2 - len(pair)), pair[0]], "<i2").tobytes() + blocks[kept[first : first + 2]].tobytes()
        return data

    def read(self, data: bytes, at: int, quads: int) -> tuple[Bytes, int]:
        blocks, place = np.zeros((quads, 8), np.int8), 0
        while True:
            second, first = np.frombuffer(data, "<i2", 2, at).tolist()
            for step, weights in ((first, at + 4), (second, at + 12)):
                if step == END:
                    return blocks, weights
                place += step
                blocks[place // QUAD_BYTES] = np.frombuffer(data, np.int8, 8, weights)
            at += 20

    def size(self, weights: NDArray[Any]) -> int:
        if -(-weights.shape[1] // 4) * QUAD_BYTES > LARGEST_STEP:
            return self.pack(weights).size
        stored = self.stored(weights)
        return int((8 * stored + 4 * (stored // 2 + 1)).sum())

    def stored(self, weights: NDArray[Any]) -> NDArray[np.int64]:
        """Blocks of each pair of channels that are not zero."""
        pairs = filled(filled(weights != 0, 0, 2), 1, 4)
        return np.asarray(pairs.reshape(len(pairs) // 2, 2, -1, 4).any(axis=(1, 3)).sum(axis=1), np.int64)

    def count(self, weights: NDArray[Any]) -> int:
        """Blocks that are not zero."""
        return int(self.stored(weights).sum())


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
