"""A compiled folder, read back: run it, verify it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from tfc.accuracy import Accuracy
from tfc.backends.emulator.machine import Machine, Run, Timing
from tfc.backends.emulator.profile import Profile
from tfc.backends.host.cache import user_cache
from tfc.backends.host.model import HostModel, compile_host
from tfc.backends.qemu.machine import QemuMachine, QemuRun
from tfc.backends.target import Target, load_target
from tfc.differences import Difference, find_on_emulator, find_on_host, search
from tfc.ir.diagnostic import Diagnostic
from tfc.ir.evaluate import dequantize_array, evaluate_batch
from tfc.ir.graph import Graph, Node, Tensor
from tfc.ir.types import DTYPES
from tfc.ir.weights import load_graph, load_tensors
from tfc.verdict import Verdict

Track = Callable[[Iterable[int]], Iterable[int]]


def load(folder: Path | str) -> Compiled:
    """The compiled model in a folder."""
    folder = Path(folder)
    try:
        report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise Diagnostic(f"{folder} is no compiled folder: it has no readable report.json", help="tfc compile MODEL -o DIR writes one") from None
    return Compiled(folder, load_graph(folder / "model.tfir"), load_target(report["target"]), report)


@dataclass(frozen=True)
class Compiled:
    """The placed graph, the target and the report of a compiled folder."""

    folder: Path
    graph: Graph
    target: Target
    report: dict[str, Any]

    @property
    def fits(self) -> bool:
        return bool(self.report["fits"])

    @property
    def elf(self) -> Path:
        """The linked firmware."""
        elf = self.folder / "build" / "firmware.elf"
        if not elf.exists():
            raise Diagnostic(f"{elf} does not exist: this model was not linked", help=f"{self.folder / 'report.json'} says what does not fit")
        return elf

    @cached_property
    def machine(self) -> Machine:
        """The emulated chip with this firmware in it."""
        return Machine(self.elf, self.target)

    @cached_property
    def qemu(self) -> QemuMachine:
        """QEMU with this firmware in it."""
        return QemuMachine(self.elf, self.target)

    @cached_property
    def host(self) -> HostModel:
        """The same network as native code of this machine."""
        return compile_host(self.graph, cache=user_cache())

    def golden(self, name: str) -> list[Tensor]:
        """Arrays [N, …] of golden/NAME.npz, in the order of arguments or results."""
        arrays = {str(key): array for key, array in load_tensors(self.folder / "golden" / f"{name}.npz").items()}
        nodes = [arg.name for arg in self.graph.arguments] if name == "inputs" else self.graph.results
        return [arrays[node] for node in nodes]

    def emulate(self, inputs: Sequence[Tensor], *, watch: bool = False, timing: Timing = None) -> tuple[list[Tensor], Run]:
        """One sample (integers in the model's own layout) on the emulated chip: the outputs, and what it counted and timed."""
        run = self.machine.run(self.input_bytes(inputs), watch=watch, timing=timing)
        return self.output_arrays(run.outputs), run

    def second_opinion(self, inputs: Sequence[Tensor]) -> tuple[list[Tensor], QemuRun]:
        """One sample (integers in the model's own layout) in QEMU."""
        run = self.qemu.run(self.input_bytes(inputs))
        return self.output_arrays(run.outputs), run

    def input_bytes(self, inputs: Sequence[Tensor]) -> list[bytes]:
        """A sample in the model's own layout as the firmware takes it."""
        laid_out = [np.transpose(x, arg.attrs.get("axes", range(x.ndim))) for x, arg in zip(inputs, self.graph.arguments, strict=True)]
        return [np.ascontiguousarray(x).tobytes() for x in laid_out]

    def output_arrays(self, outputs: Sequence[bytes]) -> list[Tensor]:
        """What the firmware gives, by result."""
        results = [self.graph[name].type for name in self.graph.results]
        return [np.frombuffer(data, DTYPES[type.dtype]).reshape(type.shape) for data, type in zip(outputs, results, strict=True)]

    def to_float(self, outputs: Sequence[Tensor]) -> list[Tensor]:
        """Integer results as the numbers they stand for."""
        quantizations = [self.graph[name].type.quantization for name in self.graph.results]
        return [dequantize_array(y, q) for y, q in zip(outputs, quantizations, strict=True) if q is not None]

    def verify(self, samples: int | None = None, *, inputs: Sequence[Tensor] | None = None, track: Track = lambda steps: steps) -> Verdict:
        """Compare the evaluator with the host and the emulated chip on golden samples, or on other inputs (integers [N, …]), with ==.

        The distance to the float model is that of the golden samples.
        """
        given = [x[:samples] for x in (self.golden("inputs") if inputs is None else inputs)]
        expected = evaluate_batch(self.graph, given)
        native = self.host.run_batch(given)
        differing: dict[str, list[int]] = {"host": [], "emulator": []}
        for index in track(range(len(given[0]))):
            outputs, _ = self.emulate([x[index] for x in given])
            for road, got in (("host", [y[index] for y in native]), ("emulator", outputs)):
                if any(not np.array_equal(y, e[index]) for y, e in zip(got, expected, strict=True)):
                    differing[road].append(index)
        golden = None if inputs is not None else self.unlike_golden(expected)
        return Verdict(len(given[0]), differing, golden, *self.distance())

    def unlike_golden(self, outputs: Sequence[Tensor]) -> list[int]:
        """The first samples' outputs that are not the golden ones, which were made before layouts, kernels and rows were chosen."""
        pairs = list(zip(outputs, self.golden("outputs"), strict=True))
        return [index for index in range(len(outputs[0])) if any(not np.array_equal(y[index], e[index]) for y, e in pairs)]

    def find(self, road: str, sample: int, inputs: Sequence[Tensor] | None = None) -> Difference | None:
        """The first node at which a road leaves the evaluator on a sample; None where none does."""
        given = [x[sample : sample + 1] for x in (self.golden("inputs") if inputs is None else inputs)]
        seeking = search(self.graph, road, sample, given)
        if road == "host":
            return find_on_host(self.host, seeking, given)
        return find_on_emulator(self.machine, seeking, self.input_bytes([x[0] for x in given]))

    def accuracy(self, images: Sequence[Tensor], labels: Tensor, *, progress: Callable[[int], None] = lambda done: None) -> Accuracy:
        """Top-1 of the first result through the host backend; images are integers [N, …], labels class numbers [N]."""
        started = time.perf_counter()
        scores = self.host.run_batch(images, progress=progress)[0].reshape(len(labels), -1)
        chosen = scores.argmax(axis=1)
        counts = np.zeros((scores.shape[1],) * 2, np.int64)
        if labels.min() < 0 or labels.max() >= len(counts):
            raise Diagnostic(f"labels lie in {labels.min()}…{labels.max()}, the model has {len(counts)} classes")
        np.add.at(counts, (labels.astype(np.int64), chosen), 1)
        return Accuracy(counts, len(labels) / (time.perf_counter() - started))

    def distance(self) -> tuple[float, float, float]:
        """Mean absolute error, cosine, and agreement of the first result's largest element (per cent), on the golden samples."""
        integer, reference = self.to_float(self.golden("outputs")), self.golden("float")
        a, b = (np.concatenate([y.reshape(len(y), -1) for y in ys], axis=1).astype(np.float64) for ys in (integer, reference))
        cosine = float((a * b).sum() / max(np.linalg.norm(a) * np.linalg.norm(b), 1e-30))
        agree = np.mean(integer[0].reshape(len(a), -1).argmax(1) == reference[0].reshape(len(a), -1).argmax(1))
        return float(np.abs(a - b).mean()), cosine, float(100 * agree)

    def scheduled(self) -> list[tuple[int, Node]]:
        """The nodes that run, in order, each with the number of its function tfc_node_<number> in the firmware."""
        return [(index, node) for index, node in enumerate(self.graph) if "kernel" in node.attrs]

    def costs(self, profile: Profile) -> list[dict[str, Any]]:
        """What each node cost in a profiled run, in the order in which they run; `share` in per cent."""
        parts = {part.name: part for part in profile.nodes}
        ran = [(node, parts[name]) for index, node in self.scheduled() if (name := f"tfc_node_{index}") in parts]
        return [
            {
                "name": node.name,
                "kernel": node.attrs["kernel"],
                "instructions": part.instructions,
                "cycles": round(part.cycles),
                "ms": round(profile.milliseconds(part.cycles), 4),
                "share": round(100 * part.cycles / profile.cycles, 1),
                "events": {name: count for name, count in part.events.items() if count},
            }
            for node, part in ran
        ]
