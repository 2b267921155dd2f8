"""Evaluate a graph after each integer pass, and name the pass that changed a bit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from tfc.data import input_shape
from tfc.ir.diagnostic import Diagnostic
from tfc.ir.evaluate import evaluate_batch
from tfc.ir.graph import Graph, Node, Tensor
from tfc.ir.text import print_node
from tfc.ir.types import DTYPES
from tfc.ir.verify import reached
from tfc.passes.pipeline import Pass

SAMPLES = 4


def noise(graph: Graph, samples: int = SAMPLES) -> list[Tensor]:
    """Integers from all of their range, for each argument of a quantized graph."""
    rng = np.random.default_rng(0)
    limits = [(arg, np.iinfo(DTYPES[arg.type.dtype])) for arg in graph.arguments]
    return [rng.integers(limit.min, limit.max, (samples, *input_shape(arg)), limit.dtype, endpoint=True) for arg, limit in limits]


@dataclass
class Checking:
    """A hook for `run_pipeline`. From the first quantized graph on, results must stay the same; a pass that changes one is a Diagnostic.

    `inputs` gives integers [N, …] for the arguments of a quantized graph.
    """

    inputs: Callable[[Graph], Sequence[Tensor]] = noise
    checked: int = 0  # passes that were found to keep every bit
    graph: Graph | None = None
    given: Sequence[Tensor] = ()
    results: list[Tensor] = field(default_factory=list)

    def start(self, graph: Graph) -> None:
        """Take this graph's results for right, if it is quantized."""
        if reached(graph, "quantized"):
            self.graph, self.given = graph, self.inputs(graph)
            self.results = evaluate_batch(graph, self.given)

    @property
    def summary(self) -> str:
        return f"{self.checked} integer passes kept every bit of {SAMPLES} samples"

    def __call__(self, step: Pass, graph: Graph) -> None:
        if self.graph is None:
            self.start(graph)
        else:
            after = evaluate_batch(graph, self.given)
            for name, was, now in zip(graph.results, self.results, after, strict=True):
                if was.shape != now.shape or not np.array_equal(was, now):
                    raise self.changed(step, self.graph, graph, name)
            self.checked += 1
            self.graph = graph

    def changed(self, step: Pass, before: Graph, after: Graph, result: str) -> Diagnostic:
        """What to say of a pass that changed a result: the first value which both graphs have and which differs."""
        was: dict[str, Tensor] = {}
        first: list[tuple[Node, Tensor, Tensor]] = []

        def compare(node: Node, value: Tensor) -> None:
            if not first and node.name in was and node.op != "const" and not np.array_equal(was[node.name], value):
                first.append((node, was[node.name], value))

        evaluate_batch(before, self.given, observe=lambda node, value: was.update({node.name: value}))
        evaluate_batch(after, self.given, observe=compare)
        message = f"{step} changed what %{result} is"
        if not first:
            return Diagnostic(message, at=print_node(after[result]))
        node, old, new = first[0]
        former = print_node(before[node.name])
        if old.shape != new.shape:
            return Diagnostic(f"{message}; %{node.name} had the shape {old.shape[1:]}", at=print_node(node), help=f"before the pass: {former}")
        sample, *element = (int(i) for i in np.argwhere(old != new)[0])
        values = f"element {element} of sample {sample} was {old[sample, *element]} and is {new[sample, *element]}"
        return Diagnostic(f"{message}; the first value to differ is %{node.name}: {values}", at=print_node(node), help=f"before the pass: {former}")
