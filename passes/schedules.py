"""The order of nodes with the least peak of live bytes: a search over the sets of nodes that have run.

What a set leaves alive does not depend on the order in which it ran, so each set is looked at once, and sets by growing peaks: those that are reached
with the least peak first. Two rules spare most sets. They hold because live bytes are submodular: what a node adds, it adds at most as much later.
1. A node that leaves no more alive than there was before it, and runs below the peak that is allowed anyway, runs at once.
2. The same goes for a node that adds something, with those that it makes ready and that then run at once, if they leave no more alive together.
"""

from __future__ import annotations

from dataclasses import dataclass
from heapq import heappop, heappush
from typing import Any, NamedTuple

from .lives import Lives, bits

LIMIT = 120_000  # nodes tried in sets: about a second
ATTEMPTS = 4  # to find a better order where the limit keeps the best from being known


@dataclass(frozen=True)
class Found:
    """The best order that is known, None for that of the graph; its peak; and the peak that no order is below."""

    order: list[int] | None
    peak: int
    bound: int


Way = tuple[Any, int]  # the last node of an order, behind the way to it or None


class State(NamedTuple):
    """Nodes that have run, the bytes that they leave alive, the nodes that may run next, and in which order they ran."""

    done: int
    live: int
    ready: int
    way: Way | None = None


def least_peak(lives: Lives, peak: int, limit: int = LIMIT, attempts: int = ATTEMPTS) -> Found:
    """The order of the least peak, if there is one with less than `peak`; where the limit ends the search, a good one and a bound."""
    order, bound, allowed = None, min(lives.floor, peak), lives.floor
    for tries in (limit, *attempts * [limit // ATTEMPTS]):
        if bound >= peak or allowed >= peak:
            break
        better, level = Search(lives, allowed, peak, tries).run()
        bound = level if level > allowed else bound
        if better is not None:
            order, peak, allowed = better, peak_of(lives, better), bound
        allowed += max((peak - allowed) // 2, 1)
    return Found(order, peak, bound)


class Search:
    """For an order with a peak below `known`, all peaks up to `level` being as good as each other."""

    def __init__(self, lives: Lives, level: int, known: int, limit: int) -> None:
        self.lives, self.level, self.known, self.left = lives, level, known, limit

    def run(self) -> tuple[list[int] | None, int]:
        """The order, None where there is none or the limit was reached; and the level that was: below it no order is, unless it is that of the start."""
        everything = self.lives.ready(self.lives.all, 0)
        here = [self.settled(State(0, self.lives.at_start, everything), everything)]
        later, seen = list[tuple[int, int, State]](), set[int]()
        while here or later:
            if not here:
                self.level = later[0][0]
                while later and later[0][0] == self.level:
                    state = heappop(later)[2]
                    here.append(self.settled(state, state.ready))
            state = here.pop()
            if state.done == self.lives.all:
                return order_of(state), self.level
            if state.done in seen:
                continue
            if self.left < 0:
                return None, self.level
            seen.add(state.done)
            for peak, after in sorted(self.following(state), key=lambda way: -way[1].live):  # the last is looked at first
                if peak <= self.level:
                    here.append(after)
                elif peak < self.known:
                    heappush(later, (peak, len(seen), after))
        return None, self.known

    def following(self, state: State) -> list[tuple[int, State]]:
        """What may come next, and the bytes that are alive on the way there."""
        found = []
        for index in bits(state.ready):
            peak, live = self.lives.run(index, state.done, state.live)
            after = self.after(state, index, live)
            if peak <= self.level:
                after = self.settled(after, after.ready & ~state.ready | self.lives.steps[index].near)
                if after.live <= state.live and after.done & state.ready == 1 << index:
                    return [(peak, after)]
            found.append((peak, after))
        self.left -= len(found)
        return found

    def settled(self, state: State, doubtful: int) -> State:
        """After all nodes that run at once; of those that are ready only the `doubtful` ones may."""
        while among := doubtful & state.ready:
            index = (among & -among).bit_length() - 1
            doubtful &= ~(1 << index)
            self.left -= 1
            peak, live = self.lives.run(index, state.done, state.live)
            if peak <= self.level and live <= state.live:
                after = self.after(state, index, live)
                doubtful |= after.ready & ~state.ready | self.lives.steps[index].near
                state = after
        return state

    def after(self, state: State, index: int, live: int) -> State:
        done = state.done | 1 << index
        return State(done, live, state.ready & ~(1 << index) | self.lives.ready(self.lives.steps[index].waiting, done), (state.way, index))


def order_of(state: State) -> list[int]:
    way, order = state.way, list[int]()
    while way is not None:
        way, index = way
        order.append(index)
    return order[::-1]


def peak_of(lives: Lives, order: list[int]) -> int:
    done, live, highest = 0, lives.at_start, lives.floor
    for index in order:
        peak, live = lives.run(index, done, live)
        highest, done = max(highest, peak), done | 1 << index
    return highest
