"""The grid: every kernel that bids for a layer, the sparse ones at several densities."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from functools import cache

import numpy as np

from tfc.backends.kernels import KERNELS
from tfc.backends.streams import BLOCKS
from tfc.backends.target import Target
from tfc.ir.diagnostic import Diagnostic
from tfc.ir.graph import Graph, Scratch
from tfc.ir.int_rules import Call
from tfc.ir.types import Symbol
from tfc.passes.pipeline import run_pipeline

from .builder import Builder
from .elements import ELEMENTS
from .layer import Layer
from .products import PRODUCTS
from .random_layers import held_out, learning

LAYERS: dict[str, Layer] = {layer.name: layer for layer in (*PRODUCTS, *ELEMENTS)}
FORMS = {form.name: (form.height, form.width) for form in BLOCKS}
DENSITIES = (1.0, 0.5, 0.25, 0.15, 0.1, 0.05)
QUICK_DENSITIES = (1.0, 0.25, 0.1)


@dataclass(frozen=True)
class Case:
    """One thing to measure. A kernel that skips no blocks has density 1."""

    layer: str
    kernel: str
    density: float = 1.0

    @property
    def is_sparse(self) -> bool:
        """Whether the kernel skips what is zero."""
        return KERNELS[self.kernel].format in FORMS

    @property
    def block(self) -> tuple[int, int]:
        """Output and input channels of what the kernel skips."""
        return FORMS.get(KERNELS[self.kernel].format, (1, 1))


def cases(
    target: Target, *, kernels: Sequence[str] = ("*",), layers: Sequence[str] = ("*",), densities: Sequence[float] = DENSITIES, quick: bool = False
) -> list[Case]:
    """The grid of the kernels and layers that match one of the patterns. With a sparse kernel come the dense ones that it is compared with."""
    known(kernels, KERNELS, "kernel")
    known(layers, LAYERS, "layer")
    found = []
    for layer in LAYERS.values():
        if not matches(layer.name, layers) or (quick and not layer.quick):
            continue
        there = [Case(layer.name, name) for name in offered(layer.name, target)]
        wanted = [case for case in there if matches(case.kernel, kernels)]
        compared = any(case.is_sparse for case in wanted)
        for case in there:
            if case.is_sparse and case in wanted:
                found += [one for density in densities if takes(one := replace(case, density=density), target)]
            elif not case.is_sparse and (case in wanted or compared):
                found.append(case)
    if not found:
        raise Diagnostic("nothing is left to measure", help="fewer patterns, or not --quick")
    return found


def takes(case: Case, target: Target) -> bool:
    """Whether the kernel bids at this density: sums of many weights may be too large for it."""
    return KERNELS[case.kernel].bid(call_of(layer_graph(case.layer, case.density, case.block)), target) is not None


def matches(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def known(patterns: Sequence[str], names: Collection[str], what: str) -> None:
    """Each pattern stands for something."""
    for pattern in patterns:
        if not any(fnmatchcase(name, pattern) for name in names):
            raise Diagnostic(f"no {what} matches '{pattern}'", help=f"there are {', '.join(names)}")


@cache
def offered(layer: str, target: Target) -> tuple[str, ...]:
    """The kernels that bid for a layer, without those that it skips."""
    graph = layer_graph(layer, 0.05, (1, 1))  # bids of sparse weights are quick to make
    call = call_of(graph)
    there = (name for name, kernel in KERNELS.items() if call.node.op in kernel.ops and kernel.bid(call, target))
    return tuple(name for name in there if not matches(name, layer_named(layer).skip))


def layer_graph(layer: str, density: float, block: tuple[int, int]) -> Graph:
    """The layer with random constants: the same ones for the same density and block."""
    seed = f"{layer} {density!r} {block}".encode()
    return layer_named(layer).make(Builder(np.random.default_rng(list(seed)), density, block))


def layer_named(name: str) -> Layer:
    """Of the grid, or drawn at random."""
    return LAYERS[name] if name in LAYERS else {**learning(), **held_out()}[name].layer


def call_of(graph: Graph) -> Call:
    """The one node of a graph that computes."""
    node = graph[graph.results[0]]
    return Call(node, tuple(graph[name].type for name in node.operands), graph)


def placed_graph(case: Case, target: Target) -> Graph:
    """The layer with this kernel, its scratch and its format, planned as the compiler plans a model of one layer."""
    graph, kernel = layer_graph(case.layer, case.density, case.block), KERNELS[case.kernel]
    call = call_of(graph)
    cost = kernel.bid(call, target)
    if cost is None:
        raise Diagnostic(f"{case.kernel} does not compute {case.layer} at density {case.density:g}")
    graph.add(replace(call.node.but(kernel=Symbol(case.kernel)), scratch=Scratch(cost.scratch) if cost.scratch else None))
    if kernel.format != "dense":
        graph.add(graph[call.node.operands[1]].but(format=kernel.format))
    return run_pipeline(graph, target, "plan-memory")
