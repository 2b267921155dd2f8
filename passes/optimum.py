"""One offer for each node, so that all of them together are best: cycles, flash and the peak of RAM.

RAM couples nothing: a node's offer fits under a peak or it does not. Flash adds up, and what several nodes read is stored once for each form that
one of them wants. So the nodes that share a constant are solved together, then all groups by the dynamic programme of a knapsack, which is exact.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from itertools import accumulate, combinations

import numpy as np
from numpy.typing import NDArray

from tfc.ir.diagnostic import Diagnostic

OBJECTIVES = ("latency", "ram", "flash")
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Offer:
    """A kernel for a node: cycles, scratch, the bytes of RAM that are alive while it runs, bytes of flash of its own, the bytes of its weights in the
    form that it reads, which it shares with all who read that form of them, and what it finishes together where that is less than it could."""

    kernel: str
    cycles: int
    scratch: int
    peak: int
    flash: int
    form: str = ""
    stored: int = 0
    together: int | None = None


Group = Sequence[Sequence[Offer]]  # the offers for each node that reads one constant


@dataclass(frozen=True)
class Front:
    """Choices by growing flash and falling cycles, none beaten in both by another; `picks[i]` are the offers of choice i, by node."""

    flash: Ints
    cycles: Ints
    picks: Ints

    def __getitem__(self, which: NDArray[np.bool_] | Ints | slice) -> Front:
        return Front(self.flash[which], self.cycles[which], self.picks[which])


def optimum(groups: Sequence[Group], objective: str, *, ram: int, flash: int) -> list[list[Offer]]:
    """The best offers inside these bytes; where none are, those that exceed first RAM, then flash, by the least.

    The best has the fewest cycles, then the least flash, then the lowest peak (latency), or these with flash put first. For RAM it has the lowest peak
    at which there are choices that take hardly more cycles than the fastest of all, and then the fewest.
    """
    if objective not in OBJECTIVES:
        raise Diagnostic(f"there is no objective '{objective}'", help=f"objectives: {', '.join(OBJECTIVES)}")
    if objective == "latency" and (best := fastest(groups, ram, flash)):
        return best
    nodes = [offers for group in groups for offers in group]
    floor = max((min(offer.peak for offer in offers) for offers in nodes), default=0)
    ram = max(ram, floor)
    flash = max(flash, smallest(fronts(groups, ram)))

    def solve(peak: int) -> Front:
        return ends(fronts(groups, peak), 0) if objective == "flash" else fewest_cycles(fronts(groups, peak), flash)

    peaks = sorted({floor, *(offer.peak for offers in nodes for offer in offers if floor < offer.peak <= ram)})
    wanted = solve(ram)
    enough = hardly_more(int(wanted.cycles[0])) if objective == "ram" else 0

    def good(peak: int) -> bool:
        if smallest(fronts(groups, peak)) > flash:
            return False
        found = solve(peak)
        return bool(found.cycles[0] <= enough) or same(found, wanted)

    peak = lowest(peaks, good)
    picks = iter(solve(peak).picks[0].tolist())
    return [[offers[next(picks)] for offers in group] for group in groups]


def fastest(groups: Sequence[Group], ram: int, flash: int) -> list[list[Offer]] | None:
    """The same where no budget keeps anything from any node and no two nodes share a constant: each takes what is best for itself."""
    if any(len(group) != 1 for group in groups):
        return None
    least = [min((offer.cycles, offer.flash + offer.stored) for offer in offers) for (offers,) in groups]
    equals = [[offer for offer in offers if (offer.cycles, offer.flash + offer.stored) == pair] for (offers,), pair in zip(groups, least, strict=True)]
    floor = max((min(offer.peak for offer in offers) for (offers,) in groups), default=0)
    peak = max([floor, *(min(offer.peak for offer in offers) for offers in equals)])
    if peak > ram or sum(bytes for _, bytes in least) > flash:
        return None
    return [[min((offer for offer in offers if offer.peak <= peak), key=lambda offer: offer.scratch)] for offers in equals]


def hardly_more(cycles: int) -> int:
    """What the least RAM may cost: kernels that need none of it can be forty times slower."""
    return cycles + cycles // 20


def same(one: Front, other: Front) -> bool:
    return bool(one.flash[0] == other.flash[0] and one.cycles[0] == other.cycles[0])


def lowest(candidates: Sequence[int], good: Callable[[int], bool]) -> int:
    """The first good one, by bisection: the last is good, and so is whatever follows a good one."""
    low, high = 0, len(candidates) - 1
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if good(candidates[middle]) else (middle + 1, high)
    return candidates[low]


def fronts(groups: Iterable[Group], peak: int) -> list[Front]:
    """The front of each group, of offers that stay below this peak."""
    return [front_of_group(group, peak) for group in groups]


def front_of_group(group: Group, peak: int) -> Front:
    """For each set of forms that may be stored, all readers by those; alone, a reader pays for its form itself."""
    if len(group) == 1:
        return front_of_node(group[0], peak)
    bytes_of = {offer.form: offer.stored for offers in group for offer in offers if offer.peak <= peak}
    bytes_of = {form: bytes for form, bytes in bytes_of.items() if not any(beaten(group, peak, form, other) for other in bytes_of if bytes_of[other] < bytes)}
    found = []
    for count in range(1, min(len(bytes_of), len(group)) + 1):
        for kept in combinations(sorted(bytes_of), count):
            readers = [front_of_node(offers, peak, kept) for offers in group]
            if all(reader.flash.size for reader in readers):
                together = reduce(joined, readers)
                found.append(replace(together, flash=together.flash + sum(bytes_of[form] for form in kept)))
    return unbeaten(*(np.concatenate([getattr(front, part) for front in found]) for part in ("flash", "cycles", "picks")))


def beaten(group: Group, peak: int, form: str, other: str) -> bool:
    """Whether each offer for this form has one for the other, to the same node, that is nowhere worse."""
    for offers in group:
        usable = [offer for offer in offers if offer.peak <= peak and offer.form == other]
        if any(not any(o.cycles <= x.cycles and o.flash <= x.flash for o in usable) for x in offers if x.peak <= peak and x.form == form):
            return False
    return True


def front_of_node(offers: Sequence[Offer], peak: int, kept: Collection[str] | None = None) -> Front:
    """By the forms that are kept anyway, or by all, with their bytes. Among equals the offer of least scratch, then the first."""
    usable = [index for index, offer in enumerate(offers) if offer.peak <= peak and (kept is None or offer.form in kept)]
    picks = np.array(sorted(usable, key=lambda index: offers[index].scratch), np.int64)
    flash = np.array([offers[i].flash + (offers[i].stored if kept is None else 0) for i in picks], np.int64)
    return unbeaten(flash, np.array([offers[i].cycles for i in picks], np.int64), picks[:, None])


def joined(one: Front, other: Front) -> Front:
    """Every choice of one with every choice of the other."""
    a, b = (index.reshape(-1) for index in np.indices((one.flash.size, other.flash.size)))
    return unbeaten(one.flash[a] + other.flash[b], one.cycles[a] + other.cycles[b], np.hstack([one.picks[a], other.picks[b]]))


def unbeaten(flash: Ints, cycles: Ints, picks: Ints) -> Front:
    order = np.lexsort((cycles, flash))
    fastest_before = np.minimum.accumulate(np.concatenate([[np.iinfo(np.int64).max], cycles[order]]))[:-1]
    kept = order[cycles[order] < fastest_before]
    return Front(flash[kept], cycles[kept], picks[kept])


def ends(fronts: Sequence[Front], end: int) -> Front:
    """The choice at one end of all fronts."""
    return Front(
        np.array([sum(int(front.flash[end]) for front in fronts)]),
        np.array([sum(int(front.cycles[end]) for front in fronts)]),
        np.concatenate([np.zeros(0, np.int64), *(front.picks[end] for front in fronts)])[None],
    )


def smallest(fronts: Sequence[Front]) -> int:
    """The least flash there is."""
    return int(ends(fronts, 0).flash[0])


def fewest_cycles(fronts: Sequence[Front], room: int) -> Front:
    """The fastest choice whose flash has room, and of those the smallest; there is one.

    Where the fastest of each group have no room together, a price for each byte (Lagrange) tells of every partial choice how many cycles it will take
    at least: whatever cannot become as fast as a choice that is known goes.
    """
    if (fastest := ends(fronts, -1)).flash[0] <= room:
        return fastest
    price, known = price_of_a_byte(fronts, room)
    bytes_left = behind(int(front.flash[0]) for front in fronts)
    cycles_left = behind(float((front.cycles + price * front.flash).min()) for front in fronts)
    best = Front(np.zeros(1, np.int64), np.zeros(1, np.int64), np.zeros((1, 0), np.int64))
    for front, bytes, cycles in zip(fronts, bytes_left, cycles_left, strict=True):
        best = joined(best, front)
        promise = best.cycles + price * best.flash + cycles - price * room
        best = best[(best.flash + bytes <= room) & (promise <= known + 1)]  # one cycle for the rounding of floats
    return best[-1:]


def behind(costs: Iterable[float]) -> list[float]:
    """What all later ones cost together, for each."""
    sums = list(accumulate(reversed(list(costs)), initial=0))
    return sums[-2::-1]


def price_of_a_byte(fronts: Sequence[Front], room: int) -> tuple[float, int]:
    """The least price in cycles at which each group for itself takes so little flash that all have room, and the cycles of that choice."""

    def at(price: float) -> tuple[int, int]:
        chosen = [(front, int(np.argmin(front.cycles + price * front.flash))) for front in fronts]
        return sum(int(front.flash[i]) for front, i in chosen), sum(int(front.cycles[i]) for front, i in chosen)

    low, high = 0.0, 1.0
    while at(high)[0] > room:
        low, high = high, 2 * high
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if at(middle)[0] <= room else (middle, high)
    return high, at(high)[1]
