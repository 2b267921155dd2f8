"""Estimates for many candidates: what repeats between them is found once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfc.backends.target import Target, load_target
from tfc.compiled import load
from tfc.estimator import FEW_CHANNELS, Estimate, estimated
from tfc.explain import Explanation, explained
from tfc.fitting import fitted
from tfc.importer.model import import_model
from tfc.ir.diagnostic import Diagnostic
from tfc.ir.graph import Graph, Node, Tensor
from tfc.ir.types import Shape, Symbol
from tfc.ir.verify import reached
from tfc.ir.weights import load_graph
from tfc.options import Options
from tfc.passes.choose_kernels import bound
from tfc.passes.lifetimes import live_bytes
from tfc.passes.offers import Schedule, best_of, offers_for, offers_of, schedule_of, taken_of, with_fair_scratch
from tfc.passes.optimum import Offer
from tfc.passes.pipeline import FLOAT, INTEGER, run_pipeline
from tfc.passes.plan_memory import Plan, make_plan
from tfc.sparsity import Sparsities, Sparsity, by_layer, random_weights, read_sparsities

if TYPE_CHECKING:
    from torch import Tensor as TorchTensor
    from torch import nn

    Model = Path | str | nn.Module | Graph
    Example = tuple[TorchTensor, ...] | None
PLANS = 10_000  # that a session keeps


@dataclass
class Prepared:
    """A network without samples, quantized and in order; what was found about it stays here."""

    graph: Graph
    schedule: Schedule
    layers: dict[str, list[Node]]  # the weights that may be sparse, by module path
    own: dict[Symbol, Tensor]  # the tensors as the model has them
    is_bound: bool  # whether its kernels are chosen
    offers: dict[tuple[str, int], list[Offer]] = field(default_factory=dict)  # of a node, by identity of its weights
    plans: dict[tuple[tuple[str, int | None, int], ...], Plan] = field(default_factory=dict)


class Session:
    """Estimates for one chip and one set of options. Not for several threads at a time; each takes a session of its own."""

    def __init__(self, target: str = "stm32f746", options: Options | None = None) -> None:
        self.target: Target = load_target(target)
        self.options = options or Options()
        self.budget = self.options.budget(self.target)

    def estimate(self, model: Model | Prepared, example: Example = None, *, sparsity: Sparsities | str | None = None) -> Estimate:
        """Of a file, a module with example inputs, a graph, or what `prepared` made of one of these.

        With a `sparsity`, weights count as random ones of this density, those of layers that it leaves out as dense; without, zeros are those of the
        weights. A compiled folder or a graph whose kernels are chosen is taken as it is.
        """
        known = model if isinstance(model, Prepared) else self.prepared(model, example)
        graph = known.graph
        if known.is_bound:
            if sparsity is not None:
                raise Diagnostic("the kernels of this graph are chosen for the weights that it has", help="give the model that it was compiled from")
            return self.of_bound(graph)
        given = read_sparsities(sparsity) if isinstance(sparsity, str) else sparsity
        graph.tensors = known.own if given is None else self.sparse_tensors(known, given)
        return self.quick(known) or self.thorough(graph)

    def prepared(self, model: Model, example: Example = None, *, shapes: Sequence[Shape] | None = None) -> Prepared:
        """Import, simplify, quantize with usual ranges, and order a network: what does not depend on sparsity."""
        graph = graph_of(model, example, shapes)
        if not reached(graph, "quantized"):
            graph = run_pipeline(graph, self.target, f"{FLOAT},assume-ranges,{INTEGER}", check=False)
        return Prepared(graph, schedule_of(graph), sparsifiable(graph), graph.tensors, reached(graph, "bound"))

    def explain(self, prepared: Prepared, found: Estimate) -> list[Explanation]:
        """Of each node of an estimate, with the weights that it was made for."""
        there = (prepared.graph[node.name] for node in found.nodes if node.name in prepared.graph)
        return [explained(prepared.graph, self.target, node) for node in there]

    def of_bound(self, graph: Graph) -> Estimate:
        """Of a graph whose kernels are chosen."""
        offers = offers_of(graph, self.target, stored=True)
        taken = {name: taken_of(graph, name, offers) for name in offers}
        return estimated(graph, self.target, self.budget, self.options.stack, taken, make_plan(graph, self.target))

    def sparse_tensors(self, prepared: Prepared, sparsities: Sparsities) -> dict[Symbol, Tensor]:
        """All tensors, with random weights of the densities that are asked for."""
        chosen = by_layer(sparsities, list(prepared.layers))
        tensors = dict(prepared.own)
        for layer, weights in prepared.layers.items():
            for node in weights:
                tensors[node.attrs["data"]] = random_weights(node.type.shape, chosen.get(layer, Sparsity()))
        return tensors

    def quick(self, prepared: Prepared) -> Estimate | None:
        """Where no budget and no peak keeps any node from its fastest kernel, what `thorough` finds."""
        if self.options.optimize != "latency":
            return None
        graph, target, schedule = prepared.graph, self.target, prepared.schedule
        offers: dict[str, list[Offer]] = {}
        for step, node in enumerate(schedule.values):
            if not schedule.views.computed(node):
                continue
            weights = graph.constant(node.operands[1]) if len(node.operands) > 1 else None
            key = node.name, id(weights)
            if key not in prepared.offers:
                prepared.offers[key] = offers_for(step, node, graph, target, schedule)
            offers[node.name] = prepared.offers[key]
        ram = self.budget.ram - self.budget.reserve - self.options.stack
        taken = best_of(graph, offers, "latency", ram, self.budget.flash)
        choice = tuple((offer.kernel, offer.together, offer.scratch) for offer in taken.values())
        if choice not in prepared.plans:
            if len(prepared.plans) >= PLANS:
                prepared.plans.clear()
            prepared.plans[choice] = make_plan(bound(graph, taken), target)
        found = estimated(graph, target, self.budget, self.options.stack, taken, prepared.plans[choice])
        return found if found.fits and max(live_bytes(with_fair_scratch(graph, target))) <= ram else None

    def thorough(self, graph: Graph) -> Estimate:
        """As the compiler goes about it: by rows where RAM is short, with other kernels where flash is."""
        found: list[Estimate] = []

        def judged(placed: Graph, ram: int) -> dict[str, Any]:
            found.append(self.of_bound(placed))
            return found[-1].as_json()

        fitted(graph, self.target, self.options, judged)
        return found[-1]


def estimate(
    model: Model, example: Example = None, *, target: str = "stm32f746", sparsity: Sparsities | str | None = None, options: Options | None = None
) -> Estimate:
    """What a model would take: a file, a module with example inputs, a compiled folder, or a graph at any stage. `sparsity` takes the place of the zeros
    that its weights have. Who asks for many keeps a `Session`."""
    return Session(target, options).estimate(model, example, sparsity=sparsity)


def graph_of(model: Model, example: Example, shapes: Sequence[Shape] | None) -> Graph:
    """A graph at any stage."""
    if isinstance(model, Graph):
        return model
    if isinstance(model, (Path, str)) and Path(model).is_dir():
        return load(model).graph
    if isinstance(model, (Path, str)) and Path(model).suffix == ".tfir":
        return load_graph(Path(model))
    return import_model(model, example, shapes=shapes)


def sparsifiable(graph: Graph) -> dict[str, list[Node]]:
    """The weights of convolutions and linears that kernels read as streams of blocks, by module path or, without one, by node."""
    found: dict[str, list[Node]] = {}
    for node in graph.of_op("conv2d", "linear"):
        weights = graph[node.operands[1]]
        if weights.op == "const" and node.attrs.get("groups", 1) == 1 and weights.type.shape[-1] > FEW_CHANNELS:
            found.setdefault((node.source.module if node.source else "") or node.name, []).append(weights)
    return found
