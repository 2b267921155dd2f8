"""Why a node takes what it takes: what the kernels bid, what the cycles go into, and from which density on zeros pay."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from tfc.backends.cost import CYCLES
from tfc.backends.formats import format_named
from tfc.backends.kernels import KERNELS
from tfc.backends.streams import Blocks
from tfc.backends.target import Target
from tfc.ir.graph import Graph, Node
from tfc.passes.offers import Ways, ways, weights_of
from tfc.sparsity import Sparsity, random_weights

SHOWN = 3  # kernels of each node
PROBES = (0.1, 0.5)  # densities between which and beyond which cycles are a straight line
KINDS = {  # of work, by the last part of its name; the rest is what loops and calls take beside it
    "products": ("mac", "step_quad", "score_quad", "score_step", "score_turn", "score_tail", "weight", "weight_biased"),
    "packing": ("widened", "input", "step", "loose", "loose_step", "loose_row", "pack_quad", "pack_turn", "pack_step", "unaligned"),
    "results": ("result", "sum", "activation", "clamp", "residual", "table", "pair_quad"),
    "elements": ("element",),
}
FLASH, LOOPS = "weights from flash", "loops"


@dataclass(frozen=True)
class Explanation:
    """Of one node: its kernels with their cycles, the fastest first; shares of the cycles of the fastest, by kind of work; and for each block the density
    below which it is faster than dense, None where it never is."""

    node: str
    bids: tuple[tuple[str, int], ...]
    shares: Mapping[str, float]
    break_even: Mapping[str, float | None]

    @property
    def dominant(self) -> str:
        return max(self.shares, key=lambda kind: self.shares[kind], default="")


def explained(graph: Graph, target: Target, node: Node) -> Explanation:
    """A node of a quantized graph, as its weights are."""
    fastest: dict[str, int] = {}
    for kernel, _, cost in ways(node, graph, target):
        fastest[kernel] = min(fastest.get(kernel, round(cost.cycles)), round(cost.cycles))
    bids = tuple(sorted(fastest.items(), key=lambda bid: bid[1]))
    best = min((cost for _, _, cost in ways(node, graph, target)), key=lambda cost: cost.cycles)
    return Explanation(node.name, bids, shares_of(best.work, target), break_evens(graph, target, node))


def shares_of(work: Mapping[str, float], target: Target) -> dict[str, float]:
    """Of the cycles, by kind of work."""
    kind_of = {name: kind for kind, names in KINDS.items() for name in names}
    cycles: dict[str, float] = {}
    for name, count in work.items():
        kind = FLASH if name == CYCLES else kind_of.get(name.rpartition(".")[2], LOOPS)
        cycles[kind] = cycles.get(kind, 0.0) + (count if name == CYCLES else count * target.fit.rates[name])
    total = sum(cycles.values())
    return {kind: part / total for kind, part in cycles.items() if part}


def break_evens(graph: Graph, target: Target, node: Node) -> dict[str, float | None]:
    """By block, between two densities and on the line through them."""
    weights = weights_of(graph, node)
    if weights is None:
        return {}
    found: dict[str, float | None] = {}
    for kernel, dense in sparse_kernels(with_density(graph, node, Sparsity()), node, target):
        form = format_named(KERNELS[kernel].format)
        assert isinstance(form, Blocks)
        block = form.height, form.width
        low, high = (cycles_of(ways(node, with_density(graph, node, Sparsity(block, density)), target), kernel) for density in PROBES)
        found[f"{block[0]}x{block[1]}"] = crossing(low, high, dense)
    return found


def sparse_kernels(graph: Graph, node: Node, target: Target) -> list[tuple[str, float]]:
    """The kernels that skip zeros, each with the cycles of the best one that does not, on dense weights."""
    there = ways(node, graph, target)
    skips = {kernel: isinstance(format_named(KERNELS[kernel].format), Blocks) for kernel, _, _ in there}
    dense = min((cost.cycles for kernel, _, cost in there if not skips[kernel]), default=0.0)
    return [(kernel, dense) for kernel in skips if skips[kernel]]


def cycles_of(found: Ways, kernel: str) -> float:
    return min((cost.cycles for name, _, cost in found if name == kernel), default=float("inf"))


def crossing(low: float, high: float, dense: float) -> float | None:
    """The density at which a line through two probes meets `dense`."""
    first, second = PROBES
    slope = (high - low) / (second - first)
    density = first + (dense - low) / slope if slope > 0 else 1.0
    return round(min(density, 1.0), 2) if density > 0 else None


def with_density(graph: Graph, node: Node, sparsity: Sparsity) -> Graph:
    """The graph with random weights of this density for one node."""
    weights = graph[node.operands[1]]
    other = graph.copy()
    other.tensors = {**graph.tensors, weights.attrs["data"]: random_weights(weights.type.shape, sparsity)}
    other.add(replace(weights.but(format=None)))
    return other
