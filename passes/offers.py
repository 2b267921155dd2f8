"""What the kernels offer for the nodes of a graph, and the choice among them that is best for all."""

from __future__ import annotations

import sys
from collections.abc import Hashable
from dataclasses import dataclass, replace
from weakref import ref

from tfc.backends.cost import Cost
from tfc.backends.formats import stored_bytes
from tfc.backends.kernels import KERNELS, bids, loop_orders
from tfc.backends.target import Target
from tfc.ir.diagnostic import Diagnostic
from tfc.ir.graph import Graph, Node, Scratch, Tensor
from tfc.ir.text import print_node
from tfc.ir.types import Symbol

from .lifetimes import Buffer, aligned, buffers, live_bytes, overlaps_of, saved
from .optimum import Offer, hardly_more, optimum
from .views import Views, views_of

MARGIN, LESS_FLASH = 0.05, 0.05  # what bids are off by, and which share of flash is worth as much


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
    offers = {name: worthwhile(found) for name, found in offers.items()}
    groups: dict[str, list[str]] = {}
    for name in offers:
        weights = weights_of(graph, graph[name])
        groups.setdefault(f"@{weights.attrs['data']}" if weights else name, []).append(name)
    best = optimum([[offers[name] for name in names] for names in groups.values()], objective, ram=ram, flash=flash)
    return {name: offer for names, chosen in zip(groups.values(), best, strict=True) for name, offer in zip(names, chosen, strict=True)}


def worthwhile(offers: list[Offer]) -> list[Offer]:
    """Without those that save fewer cycles than bids are off by, and take more flash for it."""

    def is_beaten(offer: Offer) -> bool:
        bytes = offer.flash + offer.stored
        smaller = (one for one in offers if one.flash + one.stored < (1 - LESS_FLASH) * bytes and one.peak <= offer.peak)
        return any(one.cycles <= (1 + MARGIN) * offer.cycles for one in smaller)

    return [offer for offer in offers if not is_beaten(offer)]


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


@dataclass(frozen=True)
class Schedule:
    """What offers depend on beside their nodes: the graph without kernels, what lies where, and the bytes that are alive at each step without any scratch.
    `least` is the peak of the steps that no choice changes."""

    values: Graph
    views: Views
    items: dict[str, Buffer]
    live: list[int]
    least: int


def schedule_of(graph: Graph) -> Schedule:
    values, views = values_alone(graph), views_of(graph)
    live = live_bytes(values)
    least = max(bytes for bytes, node in zip(live, [None, *values, None], strict=True) if node is None or not views.computed(node))
    return Schedule(values, views, {item.name: item for item in buffers(values)}, live, least)


def offers_of(graph: Graph, target: Target, *, stored: bool = False) -> dict[str, list[Offer]]:
    """All offers for each node."""
    schedule = schedule_of(graph)
    computed = ((step, node) for step, node in enumerate(schedule.values) if schedule.views.computed(node))
    return {node.name: offers_for(step, node, graph, target, schedule, stored=stored) for step, node in computed}


def offers_for(step: int, node: Node, graph: Graph, target: Target, schedule: Schedule, *, stored: bool = False) -> list[Offer]:
    """Of one node; cycles are whole, so that sums are exact."""
    weights = weights_of(graph, node)
    form = weights.attrs.get("format", "dense") if weights and stored else None
    usable = [way for way in ways(node, graph, target) if form is None or KERNELS[way[0]].format == form]
    if not usable:
        what = node.op + (f" from {form} weights" if form else "")
        raise Diagnostic(f"no kernel computes this {what}", at=print_node(node), help="`tfc kernels` lists what there is")
    found = []
    for name, together, cost in usable:
        reads = KERNELS[name].format if weights else ""
        bytes = stored_bytes(graph, weights.but(format=reads)) if weights else 0
        over = saved(overlaps_of(node.but(kernel=Symbol(name), together=together), graph, schedule.views, schedule.items), schedule.items)
        peak = max(schedule.least, schedule.live[step + 1] + aligned(cost.scratch) - over)
        found.append(Offer(name, round(cost.cycles), cost.scratch, peak, cost.flash - bytes, reads, bytes, together))
    return found


Ways = list[tuple[str, int | None, Cost]]

KNOWN = 20_000  # nodes
_known: dict[Hashable, tuple[list[ref[Tensor]], Ways]] = {}


def ways(node: Node, graph: Graph, target: Target) -> Ways:
    """Each kernel that applies, as it is fastest, and finishing fewer rows or strips together where it can.

    Every choice asks for them again, and so does a search for each of its candidates: nodes of the same types, attributes and constants have the same.
    """
    constants = [tensor for name in node.operands if (tensor := graph.constant(name)) is not None]
    key = (target, *signature(node, graph), *map(id, constants))
    alive, found = _known.get(key, ([], []))
    if not found or any(kept() is not tensor for kept, tensor in zip(alive, constants, strict=True)):
        found = all_ways(node, graph, target)
        while len(_known) >= KNOWN:
            del _known[next(iter(_known))]
        _known[key] = [ref(tensor) for tensor in constants], found
    return found


def signature(node: Node, graph: Graph) -> tuple[Hashable, ...]:
    """What bids depend on beside constants and the chip. How constants are called does not matter."""
    operands = [graph[name] for name in node.operands]
    types = (x.type.shape if x.op == "const" else x.type for x in operands)
    attrs = ((name, value) for name, value in node.attrs.items() if name not in ("kernel", "together"))
    return (node.op, node.type, *types, *attrs)


def all_ways(node: Node, graph: Graph, target: Target) -> Ways:
    fewer: dict[int, dict[str, Cost]] = {}  # what all kernels bid: several share the values of `together`
    found: Ways = []
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
