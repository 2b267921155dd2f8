"""How windows lie in strips (runtime/include/tfc/strip.h)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

PITCH = 12  # columns
QUAD_BYTES = 2 * 4 * PITCH
LARGEST_STEP = (1 << 15) - PITCH  # bytes


@dataclass(frozen=True)
class Windows:
    """Windows over strips: rows of a strip for a row of the map, columns beyond the first, columns in a strip and that loops finish together."""

    kernel: tuple[int, int]
    channels: int
    phases: int
    halo: int
    stride: int
    dilation: int
    columns: int
    together: int
    pitch: int = PITCH  # words between the pairs of a quad; 1 for a token alone

    @classmethod
    def of(cls, kernel: tuple[int, int], channels: int, stride: int = 1, dilation: int = 1, *, columns: int = PITCH, together: int = 4) -> Windows:
        reach = (kernel[1] - 1) * dilation
        return cls(kernel, channels, min(stride, reach + 1), reach // stride, stride, dilation, columns, together)

    @property
    def span(self) -> int:
        """Results in a strip; 0 where the windows are too wide."""
        return max(self.columns - self.halo, 0) // self.together * self.together

    @property
    def quads(self) -> int:
        return -(-self.channels // 4)

    def alone(self) -> Windows:
        """The same for one token, whose pairs lie one behind another."""
        return replace(self, pitch=1)

    @property
    def quad_bytes(self) -> int:
        return 2 * 4 * self.pitch

    @property
    def row_bytes(self) -> int:
        return self.phases * self.quads * self.quad_bytes

    @cached_property
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
