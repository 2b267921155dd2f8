"""What a value is: element type, shape, quantization, storage layout."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod

import numpy as np

DTYPES = {"f32": np.float32, "i8": np.int8, "i16": np.int16, "i32": np.int32, "i64": np.int64, "u8": np.uint8, "i1": np.bool_}

Shape = tuple[int, ...]
Pair = tuple[int, int]
Quad = tuple[int, int, int, int]


class Symbol(str):
    """A name that stands outside the text: a tensor beside it, a function, a kernel. Prints as `@name`."""

    __slots__ = ()


@dataclass(frozen=True)
class Quantization:
    """An integer q stands for scale · (q − zero_point).

    With `axis`, `scale` is the symbol of a float64 vector with one scale for each index along that axis.
    """

    scale: float | Symbol
    zero_point: int = 0
    axis: int | None = None


@dataclass(frozen=True)
class TensorType:
    """Element type, logical shape, quantization, and the storage layout where it is not the row-major one."""

    dtype: str
    shape: Shape
    quantization: Quantization | None = None
    layout: str | None = None

    @property
    def size(self) -> int:
        """Number of elements."""
        return prod(self.shape)

    @property
    def bytes(self) -> int:
        """Storage of the row-major layout."""
        return self.size * np.dtype(DTYPES[self.dtype]).itemsize

    @property
    def is_float(self) -> bool:
        return self.dtype == "f32"

    def with_shape(self, shape: Shape) -> TensorType:
        return replace(self, shape=tuple(shape))


def f32(*shape: int) -> TensorType:
    """A float tensor type: `f32(1, 3, 32, 32)`."""
    return TensorType("f32", shape)
