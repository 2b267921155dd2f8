"""Find the range of every value on samples, clipped where that loses least."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfc.backends.target import Target
from tfc.ir.diagnostic import Diagnostic
from tfc.ir.evaluate import evaluate_batch
from tfc.ir.graph import Graph, Node, Tensor
from tfc.ir.pointwise import CLAMPS
from tfc.ir.types import Symbol
from tfc.ir.verify import require

from .constants import add_tensor

BINS = 2048
BATCH = 32


def calibrate(graph: Graph, target: Target, *, data: str, samples: int = 256) -> Graph:
    """Ranges from a .npy or .npz of samples, each of the shape of the model's own input."""
    return calibrate_on(graph, read_samples(Path(data), len(graph.arguments)), samples)


def calibrate_on(graph: Graph, inputs: Sequence[Tensor], samples: int = 256) -> Graph:
    """Write `range` on every value, `pre_range` where a table of 1,024 entries follows an accumulator, `means` and `peaks` of channels where weights follow.

    Each input holds samples along a leading axis; the first `samples` of them are used.
    """
    require(graph, "float")
    if not inputs or not len(inputs[0]):
        raise Diagnostic("calibration needs at least one sample")
    inputs = [x[:samples] for x in inputs]
    opened = open_activations(graph)
    extremes = observe(opened, inputs, Extremes)
    histograms = observe(opened, inputs, lambda name: Histogram(extremes[name]))
    graph = graph.copy()
    for node in graph:
        if node.op == "const":
            continue
        seen_as = histograms[cut_to(graph, node)]
        span = image_range(extremes[node.name]) if node.op == "arg" else seen_as.clipped(256)
        pre = f"{node.name}.pre"
        pre_span = histograms[pre].clipped(1024) if pre in histograms else None
        graph.add(node.but(range=span, pre_range=node.attrs.get("pre_range", pre_span), **channel_facts(graph, node, extremes[node.name])))
    return graph


def cut_to(graph: Graph, node: Node) -> str:
    """The value whose range a node takes: its own, or that of the clamp which alone reads it. What that cuts off needs no integers."""
    users = graph.users(node)
    if len(users) != 1 or node.name in graph.results or "qparams" in {*node.attrs, *users[0].attrs}:
        return node.name
    return users[0].name if cuts(users[0]) else node.name


def cuts(node: Node) -> bool:
    """Whether a node is a clamp that keeps zero: with one quantization before and behind it, saturation does its work."""
    lo, hi = node.attrs["parameters"] if node.op == "clip" else CLAMPS.get(node.op, (1.0, 0.0))
    return bool(lo <= 0 <= hi)


def channel_facts(graph: Graph, node: Node, seen: Extremes) -> dict[str, Symbol]:
    """What weights that follow want to know of each channel."""
    if not any(user.op in ("conv2d", "linear") and user.operands[0] == node.name for user in graph.users(node)):
        return {}
    return {key: add_tensor(graph, f"{node.name}.{key}", value) for key, value in (("means", seen.means), ("peaks", seen.peaks))}


def open_activations(graph: Graph) -> Graph:
    """The same network with every fused table activation as a node of its own, behind `NAME.pre`."""
    opened = Graph(graph.name, tensors=graph.tensors)
    for node in graph:
        if has_table(node):
            parameters = {"parameters": node.attrs["parameters"]} if "parameters" in node.attrs else {}
            opened.add(replace(node.but(activation=None, parameters=None), name=f"{node.name}.pre"))
            opened.add(Node(node.name, node.attrs["activation"], (f"{node.name}.pre",), node.type, parameters))
        else:
            opened.add(node)
    opened.results = graph.results
    return opened


def has_table(node: Node) -> bool:
    """Whether a fused activation is more than a clamp."""
    return "activation" in node.attrs and node.attrs["activation"] not in CLAMPS


def observe(graph: Graph, inputs: Sequence[Tensor], make: Any) -> dict[str, Any]:
    """One observer for each value, fed with all samples."""
    seen: dict[str, Any] = {node.name: make(node.name) for node in graph if node.op != "const"}
    for at in range(0, len(inputs[0]), BATCH):
        evaluate_batch(graph, [x[at : at + BATCH] for x in inputs], observe=lambda node, value: seen[node.name].add(value) if node.op != "const" else None)
    return seen


@dataclass
class Extremes:
    """Least and greatest value seen, and the sum and largest magnitude of each channel (the last axis)."""

    name: str
    lo: float = np.inf
    hi: float = -np.inf
    total: Any = 0.0
    largest: Any = 0.0
    count: int = 0

    def add(self, value: Tensor) -> None:
        if not np.isfinite(value).all():
            raise Diagnostic(f"%{self.name} is not finite on the calibration data", help="check that the samples are what the model expects")
        self.lo, self.hi = min(self.lo, float(value.min())), max(self.hi, float(value.max()))
        rows = value.reshape(-1, value.shape[-1])
        self.total, self.count = self.total + rows.sum(axis=0, dtype=np.float64), self.count + len(rows)
        self.largest = np.maximum(self.largest, np.abs(rows).max(axis=0))

    @property
    def peaks(self) -> NDArray[np.float32]:
        """The largest magnitude of each channel."""
        return np.asarray(self.largest, np.float32)

    @property
    def means(self) -> NDArray[np.float32]:
        """The mean of each channel."""
        return np.asarray(self.total / self.count, np.float32)


def image_range(seen: Extremes) -> tuple[float, float]:
    """An argument whose samples stay within 0…1 and use half of it is an image: it has that range whatever the samples were."""
    return (0.0, 1.0) if seen.lo >= 0 and 0.5 < seen.hi <= 1 else (seen.lo, seen.hi)


class Histogram:
    """How often each value occurs, and the range that loses least when it is quantized."""

    def __init__(self, seen: Extremes) -> None:
        self.lo, self.hi = min(seen.lo, 0.0), max(seen.hi, 0.0, min(seen.lo, 0.0) + 1e-6)
        self.counts: NDArray[np.float64] = np.zeros(BINS)

    def add(self, value: Tensor) -> None:
        self.counts += np.histogram(value, BINS, (self.lo, self.hi))[0]

    def clipped(self, levels: int) -> tuple[float, float]:
        """The range of least mean squared error: rounding inside it (step² / 12), distance outside. It contains 0."""
        centres = self.lo + (np.arange(BINS) + 0.5) * (self.hi - self.lo) / BINS
        best, chosen = np.inf, (self.lo, self.hi)
        for low in np.unique(self.lo * np.linspace(1, 0.2, 33)):
            below = (self.counts * np.minimum(centres - low, 0) ** 2).sum()
            for high in np.unique(self.hi * np.linspace(1, 0.2, 33)):
                step = (high - low) / (levels - 1)
                error = below + (self.counts * np.maximum(centres - high, 0) ** 2).sum() + self.counts.sum() * step * step / 12
                if error < best:
                    best, chosen = error, (float(low), float(high))
        return chosen


def read_samples(path: Path, count: int) -> list[Tensor]:
    """The arrays of a .npy (one input) or .npz (one array an input, in the order of the file), float32."""
    try:
        loaded = np.load(path, allow_pickle=False)
        arrays = [loaded] if isinstance(loaded, np.ndarray) else [loaded[name] for name in loaded.files]
    except (OSError, ValueError) as error:
        raise Diagnostic(f"{path} holds no samples: {error}", help="a .npy or .npz of float32 in the model's own input layout") from None
    if len(arrays) != count:
        raise Diagnostic(f"{path} holds {len(arrays)} arrays, the network has {count} inputs")
    return [array.astype(np.float32) for array in arrays]
