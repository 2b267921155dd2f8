"""Sizes and counts of weights, each found once: every choice between kernels asks for all of them, many times."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from weakref import finalize

from numpy.typing import NDArray

Measure = Callable[[NDArray[Any]], int]  # a method of a format, such as `size`; equal formats have equal methods

_known: dict[int, dict[Measure, int]] = {}  # by the identity of an array that lives


def once(measure: Measure, weights: NDArray[Any]) -> int:
    """What `measure` says of OI or OHWI weights as [out, inputs]. Tensors of a graph are never written in place."""
    found = _known.get(id(weights))
    if found is None:
        found = _known[id(weights)] = {}
        finalize(weights, _known.pop, id(weights), None)
    if measure not in found:
        found[measure] = measure(weights.reshape(weights.shape[0], -1))
    return found[measure]
