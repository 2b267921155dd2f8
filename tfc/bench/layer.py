"""What a kernel is measured on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tfc.ir.graph import Graph

from .builder import Builder


@dataclass(frozen=True)
class Layer:
    """One operator at one size. All kernels that bid are measured but those of the patterns in `skip`; `quick` layers are small."""

    name: str
    make: Callable[[Builder], Graph]
    skip: tuple[str, ...] = ()
    quick: bool = False


def size_name(shape: tuple[int, ...]) -> str:
    """`16x16x64`"""
    return "x".join(map(str, shape))
