"""The parts of a core that remember: its branch unit, its caches, and the events that cost cycles there."""

import ctypes

import numpy as np
from numpy.typing import NDArray

from tfc.backends.target import Target

from .structures import Branches, Cache, Region, State
from .tables import PAGE_BITS, PAGES

NO_LINE = 0xFFFF_FFFF
FIXED_EVENTS = ("calls", "mispredicts", "btac_misses", "unaligned_loads")  # `enum event` of hooks/hooks.h


class BranchUnit:
    """The arrays behind `struct branches`."""

    def __init__(self, target: Target) -> None:
        self.sizes = target.branches
        self.btac = np.zeros((self.sizes.btac_entries, 2), np.uint32)
        self.counters = np.zeros(self.sizes.counters, np.uint8)
        self.returns = np.zeros(self.sizes.return_stack, np.uint32)

    def reset(self) -> Branches:
        """No branch is known."""
        self.btac[:] = 0
        self.counters[:] = self.sizes.initial_counter
        return Branches(
            btac=self.btac.ctypes.data,
            counters=self.counters.ctypes.data,
            returns=self.returns.ctypes.data,
            btac_mask=len(self.btac) - 1,
            counter_mask=len(self.counters) - 1,
            depth=len(self.returns),
        )


class CacheLines:
    """The array behind `struct cache`."""

    def __init__(self, size: int, ways: int, line_bytes: int, seed: int) -> None:
        self.line_bits, self.seed = line_bytes.bit_length() - 1, seed
        self.lines = np.zeros((size // (ways * line_bytes), ways), np.uint32)

    def reset(self) -> Cache:
        """Empty, about to replace by the same sequence."""
        self.lines[:] = NO_LINE
        sets, ways = self.lines.shape  # no sets where there is no cache: then no address is of a region
        return Cache(lines=self.lines.ctypes.data, line_bits=self.line_bits, set_mask=max(sets - 1, 0), ways=ways, random=self.seed, last=NO_LINE)


class CoreState:
    """Branch unit and caches of a target.

    `regions` are its cached memories, `fills` how often each of their lines was filled for a load; `events` are the names of what
    costs cycles, `penalties` how many each.
    """

    def __init__(self, target: Target) -> None:
        caches, branches = target.caches, target.branches
        self.branches = BranchUnit(target)
        self.fetches = CacheLines(caches.instruction_bytes, caches.instruction_ways, caches.line_bytes, caches.seed)
        self.loads = CacheLines(caches.data_bytes, caches.data_ways, caches.line_bytes, caches.seed)
        self.regions = [memory for memory in target.memories if memory.cached]
        self.fills = {memory.name: np.zeros(memory.size // caches.line_bytes, np.uint32) for memory in self.regions}
        self.fetch_region, self.load_region = (np.zeros(PAGES, np.uint8) for _ in range(2))
        self.table = (Region * (1 + len(self.regions)))()
        for index, memory in enumerate(self.regions, 1):
            inside = slice(memory.base >> PAGE_BITS, memory.end >> PAGE_BITS)
            self.fetch_region[inside] = index if caches.instruction_bytes else 0
            self.load_region[inside] = index if caches.data_bytes else 0
            self.table[index] = Region(memory.base, self.fills[memory.name].ctypes.data)
        kinds = ("instruction", "data")
        self.events = (*FIXED_EVENTS, *(f"{memory.name}_{kind}_misses" for kind in kinds for memory in self.regions))
        fixed = (0.0, branches.mispredict_cycles, branches.btac_miss_cycles, caches.unaligned_load_cycles)
        self.penalties: NDArray[np.float64] = np.array([*fixed, *(memory.line_fill_cycles for _ in kinds for memory in self.regions)])

    def connect(self, state: State) -> None:
        """Let the hooks see it; the state must not outlive this object."""
        state.fetch_region, state.load_region = self.fetch_region.ctypes.data, self.load_region.ctypes.data
        state.regions, state.region_count = ctypes.addressof(self.table), len(self.regions)
        self.reset(state)

    def reset(self, state: State) -> None:
        """As at power-on."""
        state.fetched = None
        state.branches, state.fetches, state.loads = self.branches.reset(), self.fetches.reset(), self.loads.reset()
        for fills in self.fills.values():
            fills[:] = 0
