"""What the kernels offer for the nodes of a graph, and the choice among them that is best for all."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace

from tfc.backends.cost import Cost
from tfc.backends.formats import stored_bytes
from tfc.backends.kernels import KERNELS, bids, loop_orders
from tfc.backends.target import Target
from tfc.ir.diagnostic import Diagnostic
from tfc.ir.graph import Graph, Node, Scratch
from tfc.ir.text import print_node
from tfc.ir.types import Symbol

from .lifetimes import aligned, buffers, live_bytes, overlaps_of, saved
from .optimum import Offer, hardly_more, optimum
from .views import views_of


@dataclass(frozen=True)
class Forced:
    """What a budget ("ram" or "flash") kept from a node: the kernel that it would have else, and the cycles that this costs."""

    budget: str
    kernel: str
    cycles: int


def choose(graph: Graph, target: Target, objective: str, ram: int | None, flash: int | None, *, stored: bool = False) -> dict[str, Offer]:
    """The offer for each node that a kernel computes, best in this schedule; of kernels that read weights as they are `stored`, or of all.

    `ram` bounds all that is alive at a time, `flash` what kernels bid of it; without, they are those of the target.
    """
    return best_of(
        graph, offers_of(graph, target, stored=stored), objective, target.ram_bytes if ram is None else ram, target.flash.size if flash is None else flash
    )


def best_of(graph: Graph, offers: dict[str, list[Offer]], objective: str, ram: int, flash: int) -> dict[str, Offer]:
    """The nodes that read the same weights stand together."""
    groups: dict[str, list[str]] = {}
    for name in offers:
        weights = weights_of(graph, graph[name])
        groups.setdefault(f"@{weights.attrs['data']}" if weights else name, []).append(name)
    best = optimum([[offers[name] for name in names] for names in groups.values()], objective, ram=ram, flash=flash)
    return {name: offer for names, chosen in zip(groups.values(), best, strict=True) for name, offer in zip(names, chosen, strict=True)}


def forced(graph: Graph, target: Target, objective: str, ram: int) -> dict[str, Forced]:
    """The nodes of a bound graph that would have another kernel if there were no budgets; `ram` is that of the arena."""
    offers = offers_of(graph, target)
    found = {}
    for name, free in best_of(graph, offers, objective, sys.maxsize, sys.maxsize).items():
        taken = taken_of(graph, name, offers)
        if (taken.cycles, taken.peak, taken.flash + taken.stored) != (free.cycles, free.peak, free.flash + free.stored):
            found[name] = Forced("ram" if free.peak > ram else "flash", free.kernel, taken.cycles - free.cycles)
    return found


def flash_bid(graph: Graph, target: Target) -> int:
    """The bytes of flash that the kernels of a bound graph bid, weights counted once for each form."""
    offers = offers_of(graph, target, stored=True)
    taken = {name: taken_of(graph, name, offers) for name in offers}
    stored = {(weights.attrs["data"], taken[name].form): taken[name].stored for name in taken if (weights := weights_of(graph, graph[name]))}
    return sum(offer.flash for offer in taken.values()) + sum(stored.values())


def taken_of(graph: Graph, name: str, offers: dict[str, list[Offer]]) -> Offer:
    """The offer that a node has taken."""
    attrs = graph[name].attrs
    return next(offer for offer in offers[name] if (offer.kernel, offer.together) == (attrs["kernel"], attrs.get("together")))


def offers_of(graph: Graph, target: Target, *, stored: bool = False) -> dict[str, list[Offer]]:
    """All offers for each node. A peak is at least that of the steps that no choice changes; cycles are whole, so that sums are exact."""
    values, views = values_alone(graph), views_of(graph)
    items, live = {item.name: item for item in buffers(values)}, live_bytes(values)
    least = max(bytes for bytes, node in zip(live, [None, *values, None], strict=True) if node is None or not views.computed(node))
    found: dict[str, list[Offer]] = {}
    for step, node in enumerate(values):
        if not views.computed(node):
            continue
        weights = weights_of(graph, node)
        form = weights.attrs.get("format", "dense") if weights and stored else None
        usable = [way for way in ways(node, graph, target) if form is None or KERNELS[way[0]].format == form]
        if not usable:
            what = node.op + (f" from {form} weights" if form else "")
            raise Diagnostic(f"no kernel computes this {what}", at=print_node(node), help="`tfc kernels` lists what there is")
        found[node.name] = []
        for name, together, cost in usable:
            reads = KERNELS[name].format if weights else ""
            bytes = stored_bytes(graph, weights.but(format=reads)) if weights else 0
            over = saved(overlaps_of(node.but(kernel=Symbol(name), together=together), graph, views, items), items)
            peak = max(least, live[step + 1] + aligned(cost.scratch) - over)
            found[node.name].append(Offer(name, round(cost.cycles), cost.scratch, peak, cost.flash - bytes, reads, bytes, together))
    return found


def ways(node: Node, graph: Graph, target: Target) -> list[tuple[str, int | None, Cost]]:
    """Each kernel that applies, as it is fastest, and finishing fewer rows or strips together where it can."""
    fewer: dict[int, dict[str, Cost]] = {}  # what all kernels bid: several share the values of `together`
    found: list[tuple[str, int | None, Cost]] = []
    for name, cost in bids(node.but(together=None), graph, target).items():
        found.append((name, None, cost))
        for together in loop_orders(name, node, graph)[1:]:
            if together not in fewer:
                fewer[together] = bids(node.but(together=together), graph, target)
            found.append((name, together, fewer[together][name]))
    return found


def with_least_scratch(graph: Graph, target: Target) -> Graph:
    """The graph with the kernels that ask for the least scratch, where none is chosen yet."""
    graph, views = graph.copy(), views_of(graph)
    for node in graph:
        if "kernel" not in node.attrs and views.computed(node) and (found := ways(node, graph, target)):
            graph.add(with_kernel(node, *min(found, key=lambda way: way[2].scratch)))
    return graph


def with_fair_scratch(graph: Graph, target: Target) -> Graph:
    """The graph with the kernels of the least scratch by which each node takes hardly more cycles than it could."""
    graph, views = graph.copy(), views_of(graph)
    for node in graph:
        if views.computed(node) and (found := ways(node, graph, target)):
            enough = hardly_more(min(round(cost.cycles) for _, _, cost in found))
            graph.add(with_kernel(node, *min((way for way in found if round(way[2].cycles) <= enough), key=lambda way: way[2].scratch)))
    return graph


def with_kernel(node: Node, name: str, together: int | None, cost: Cost) -> Node:
    return replace(node.but(kernel=Symbol(name), together=together), scratch=Scratch(cost.scratch) if cost.scratch else None)


def values_alone(graph: Graph) -> Graph:
    """The graph without kernels and their scratch."""
    graph = graph.copy()
    for node in graph:
        if node.scratch or "kernel" in node.attrs:
            graph.add(replace(node.but(kernel=None, together=None), scratch=None))
    return graph


def weights_of(graph: Graph, node: Node) -> Node | None:
    """The constant whose storage may be chosen: the weights of a convolution or linear."""
    weights = graph[node.operands[1]] if node.op in ("conv2d", "linear") else None
    return weights if weights and weights.op == "const" else None
