"""The formats of weights that walk strips (runtime/include/tfc/strip.h), and the dense one of them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .interleave import filled, interleave, straighten
from .strips import PITCH, QUAD_BYTES, Windows

Bytes = NDArray[np.int8]
LONGEST_RUN = 512  # quads


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
    token: bool = False  # whether there is a loop for one token that lies by itself

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
        return [self.row(row, places, windows.quad_bytes) for row in blocks.reshape(*blocks.shape[:2], -1)]

    def starts(self, bias: NDArray[Any]) -> list[bytes]:
        """Of the sums of each row of blocks."""
        rows = np.append(bias, np.repeat(bias[-1:], -len(bias) % self.height)).astype("<u4").reshape(-1, self.height)
        return [row.tobytes() for row in rows]

    def takes(self, dtype: str, weights: NDArray[Any], bias: Callable[[], NDArray[Any]]) -> bool:
        """Whether sums of inputs of this type are exact; `bias` gives where they start, the zero point taken off."""
        return True

    @abstractmethod
    def row(self, blocks: Bytes, places: NDArray[np.int64], quad_bytes: int) -> bytes:
        """Of blocks [blocks along the inputs, height · width]; neighbouring quads of a strip lie `quad_bytes` apart."""

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
    token: bool = True

    @property
    def name(self) -> str:
        return "pairs"

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

    def read(self, data: bytes, at: int, places: list[int]) -> tuple[Bytes, int]:
        blocks, quad = np.zeros((len(places), 8), np.int8), 0
        while length := int(np.frombuffer(data, "<u2", 1, at + 2)[0]) // QUAD_BYTES:
            blocks[quad : quad + length] = np.frombuffer(data, np.int8, 8 * length, at + 4).reshape(length, 8)
            quad, at = quad + length, at + 4 + 8 * length
        return blocks, at + 4
