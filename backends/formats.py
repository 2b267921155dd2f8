"""How constants are stored: dense, dense by pairs of channels, and streams of the blocks that are not zero."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from tfc.ir.diagnostic import Diagnostic
from tfc.ir.graph import Graph, Node

from .interleave import filled, interleave, straighten
from .measures import once
from .strips import Blocks2x4, Pairs

Bytes = NDArray[np.int8]
LARGEST_STEP = (1 << 16) - 1


class Format(Protocol):
    """Weights [out, inputs] of int8 to stored bytes and back, exactly."""

    @property
    def name(self) -> str: ...

    def pack(self, weights: NDArray[Any]) -> Bytes: ...

    def size(self, weights: NDArray[Any]) -> int:
        """Bytes of what `pack` makes, without making it: every choice between formats asks for all of them."""
        ...

    def unpack(self, data: Bytes, out: int, inputs: int) -> Bytes: ...


@dataclass(frozen=True)
class Dense:
    """Row-major, as the tensor is."""

    name: str = "dense"

    def pack(self, weights: NDArray[Any]) -> Bytes:
        return np.ascontiguousarray(weights, np.int8).reshape(-1)

    def size(self, weights: NDArray[Any]) -> int:
        return int(weights.size)

    def unpack(self, data: Bytes, out: int, inputs: int) -> Bytes:
        return data.reshape(out, inputs)


@dataclass(frozen=True)
class Blocks:
    """A stream of the blocks of `height` output × `width` input channels that are not zero; little-endian.

    A row of blocks is its number of blocks (u32), then groups: for each block of the group the step from the block before it,
    counted in blocks along the inputs (u16), then the weights of all blocks of the group. A last, smaller group is padded to words.
    Two bytes that SXTB16 shall widen together lie two apart: a 2×2 block is a0 b0 a1 b1, two 1×2 blocks of a group the same (the second
    is 0 where there is none). Other blocks are row-major.
    """

    height: int
    width: int

    @property
    def name(self) -> str:
        return f"block{self.height}x{self.width}"

    @property
    def group(self) -> int:
        """Blocks that share a word of steps, and whose weights fill words."""
        return max(2, 4 // (self.height * self.width))

    def blocks(self, weights: NDArray[Any]) -> Bytes:
        """[rows, columns, height · width]: all blocks, in storage order; channels are filled up with 0."""
        full = filled(filled(weights, 0, self.height), 1, self.width)
        parts = full.reshape(full.shape[0] // self.height, self.height, -1, self.width).transpose(0, 2, 1, 3)
        if self.height == 2:
            parts = interleave(parts)
        return np.ascontiguousarray(parts).reshape(*parts.shape[:2], -1)

    def pack(self, weights: NDArray[Any]) -> Bytes:
        stream = bytearray()
        for row in self.blocks(weights):
            columns = np.flatnonzero(row.any(axis=1))
            steps = np.diff(columns, prepend=0)
            if steps.size and steps.max() > LARGEST_STEP:
                raise Diagnostic(f"{self.name} reaches {LARGEST_STEP} blocks ahead, not {steps.max()}")
            stream += np.uint32(len(columns)).astype("<u4").tobytes()
            for first in range(0, len(columns), self.group):
                here = slice(first, first + self.group)
                stream += _words(steps[here].astype("<u2").tobytes()) + _words(self._weights(row[columns[here]]).tobytes())
        return np.frombuffer(bytes(stream), np.int8)

    def size(self, weights: NDArray[Any]) -> int:
        whole, rest = np.divmod(self.stored(weights), self.group)
        groups = whole * self._group_bytes(self.group) + np.array([self._group_bytes(blocks) for blocks in range(self.group)])[rest]
        return int(4 * len(whole) + groups.sum())

    def _group_bytes(self, blocks: int) -> int:
        return _padded(2 * blocks) + _padded(blocks * self.height * self.width)

    def unpack(self, data: Bytes, out: int, inputs: int) -> Bytes:
        raw, at = data.tobytes(), 0
        rows, columns = -(-out // self.height), -(-inputs // self.width)
        size = self.height * self.width
        blocks = np.zeros((rows, columns, size), np.int8)
        for row in blocks:
            count, at, column = int(np.frombuffer(raw, "<u4", 1, at)[0]), at + 4, 0
            for first in range(0, count, self.group):
                here = min(self.group, count - first)
                steps, at = np.frombuffer(raw, "<u2", here, at), at + _padded(2 * here)
                values, at = self._weights(np.frombuffer(raw, np.int8, _padded(here * size), at)), at + _padded(here * size)
                for step, value in zip(steps, values.reshape(-1, size), strict=False):
                    column += int(step)
                    row[column] = value
        parts = blocks.reshape(rows, columns, self.height, self.width)
        if self.height == 2:
            parts = straighten(parts)
        return np.ascontiguousarray(parts.transpose(0, 2, 1, 3).reshape(rows * self.height, -1)[:out, :inputs])

    def _weights(self, values: Bytes) -> Bytes:
        """The weights of a group in the order of the stream, or back: what 1×2 blocks do is its own inverse."""
        if (self.height, self.width) != (1, 2):
            return values
        return np.pad(values.reshape(-1), (0, -values.size % 4)).reshape(2, 2).T.reshape(-1)

    def stored(self, weights: NDArray[Any]) -> NDArray[np.int64]:
        """Blocks that are stored of each row of blocks."""
        full = filled(filled(weights != 0, 0, self.height), 1, self.width)
        blocks = full.reshape(full.shape[0] // self.height, self.height, -1, self.width).any(axis=(1, 3))
        return np.asarray(blocks.sum(axis=1), np.int64)

    def count(self, weights: NDArray[Any]) -> int:
        """Blocks that are stored."""
        return int(self.stored(weights).sum())


BLOCKS: tuple[Blocks | Blocks2x4, ...] = (Blocks(1, 1), Blocks(1, 2), Blocks(1, 4), Blocks(2, 2), Blocks2x4(), Blocks(4, 1))
ALL: tuple[Format, ...] = (Dense(), Pairs(), *BLOCKS)
FORMATS = {form.name: form for form in ALL}


def format_named(name: str) -> Format:
    if name not in FORMATS:
        raise Diagnostic(f"there is no format '{name}'", help=f"formats: {', '.join(FORMATS)}")
    return FORMATS[name]


def matrix(weights: NDArray[Any]) -> NDArray[Any]:
    """OI or OHWI weights as [out, inputs]."""
    return weights.reshape(weights.shape[0], -1)


def stored_bytes(graph: Graph, node: Node) -> int:
    """Bytes in flash of a constant in its format."""
    form = format_named(node.attrs.get("format", "dense"))
    return node.type.bytes if form.name == "dense" else once(form.size, graph.tensors[node.attrs["data"]])


def _padded(size: int) -> int:
    return -(-size // 4) * 4


def _words(data: bytes) -> bytes:
    return data + bytes(_padded(len(data)) - len(data))
