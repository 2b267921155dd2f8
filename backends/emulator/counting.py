"""The native hooks on a chip: blocks, branches, the depth of the stack and, when asked for, every access to memory."""

import ctypes
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray
from unicorn.unicorn_const import UC_HOOK_BLOCK, UC_HOOK_CODE, UC_HOOK_MEM_READ, UC_HOOK_MEM_WRITE
from unicorn.unicorn_py3.unicorn import Uc, UcError, uclib

from .chip import Chip, unicorn_function
from .core import CoreState
from .native import native_function
from .structures import Block, State, Watched
from .tables import Tables

BLOCKS = 1 << 17  # different ones: megabytes of code
NO_ADDRESS = 0xFFFF_FFFF


class Counting:
    """Owns the state that the hooks share with Python, and the arrays that it points to.

    `blocks` are records of what ran, `events` what happened in each, by `core.events`.
    `touched` and `allowed` are maps over the bytes of each pool's memory; a write outside every allowed byte stops the machine.
    """

    def __init__(self, chip: Chip, tables: Tables, allowed: dict[str, NDArray[np.bool_]]) -> None:
        self.chip = chip
        self.tables = tables
        self.allowed = allowed
        self.core = CoreState(chip.target)
        self.touched = {name: np.zeros(len(array), np.bool_) for name, array in allowed.items()}
        self.heads = np.zeros(len(tables.owner), np.uint32)
        self.all_blocks = np.zeros(BLOCKS, np.dtype(Block))
        self.all_events = np.zeros((BLOCKS, len(self.core.events)), np.uint64)
        nothing = self.all_blocks[0]
        nothing["address"] = nothing["function"] = NO_ADDRESS
        nothing["events"] = self.all_events.ctypes.data
        self.watched = (Watched * len(allowed))()
        for entry, (name, array) in zip(self.watched, allowed.items(), strict=True):
            entry.base, entry.bytes = chip.target.memory(name).base, len(array)
            entry.touched, entry.allowed = self.touched[name].ctypes.data, array.ctypes.data
        names = ("pages", "counts", "stack_moves", "targets", "functions", "stack", "owner", "aligned", "branch_of", "entry")
        self.state = State(
            **{name: getattr(tables, name).ctypes.data for name in names},
            accesses=ctypes.addressof(tables.accesses),
            heads=self.heads.ctypes.data,
            blocks=self.all_blocks.ctypes.data,
            events=self.all_events.ctypes.data,
            block_count=1,
            block_limit=BLOCKS,
            event_count=len(self.core.events),
            watched=ctypes.addressof(self.watched),
            watched_count=len(self.watched),
            stop=unicorn_function("uc_emu_stop"),
            read_register=unicorn_function("uc_reg_read"),
        )
        self.core.connect(self.state)
        add_native_hook(chip.uc, UC_HOOK_BLOCK, "count_block", self.state)

    def clear(self, limit: int, stack_top: int) -> None:
        """Before a run: nothing counted, `limit` instructions allowed, the schedule current, caches empty, no branch known."""
        self.blocks["count"] = self.blocks["taken"] = self.events[:] = 0
        for array in self.touched.values():
            array[:] = False
        self.core.reset(self.state)
        self.state.block = self.all_blocks.ctypes.data
        self.state.current = len(self.tables.names) - 1
        self.state.budget, self.state.stack_low = limit, stack_top
        self.state.stray = self.state.misaligned = self.state.culprit = 0

    @property
    def blocks(self) -> NDArray[Any]:
        """The records so far, with the fields of `Block`; the first is none."""
        return self.all_blocks[: self.state.block_count]

    @property
    def events(self) -> NDArray[np.uint64]:
        """A row for each block."""
        return self.all_events[: self.state.block_count]

    @property
    def last_address(self) -> int:
        """Where the block begins that ran last."""
        return int(Block.from_address(self.state.block).address)

    @property
    def is_full(self) -> bool:
        return bool(self.state.block_count == BLOCKS)

    def by_owner(self, numbers: NDArray[Any]) -> NDArray[Any]:
        """Sums of a number a block (or of a row of them), for each of `tables.names`."""
        return sums(self.blocks["owner"], numbers, len(self.tables.names))

    @contextmanager
    def watching(self, *, writes: bool = False, caches: bool = False) -> Iterator[None]:
        """See every access while the body runs, several times slower: mark written bytes and check alignment, or follow the caches."""
        hooks = ((writes, UC_HOOK_MEM_READ | UC_HOOK_MEM_WRITE, "watch_access"), (caches, UC_HOOK_CODE, "follow_access"))
        with ExitStack() as stack:
            for wanted, kind, name in hooks:
                if wanted:
                    stack.enter_context(native_hook(self.chip.uc, kind, name, self.state))
            yield


def sums(keys: NDArray[Any], numbers: NDArray[Any], count: int) -> NDArray[Any]:
    """Of numbers, or of rows of them, that have the same key."""
    total = np.zeros((count, *numbers.shape[1:]), numbers.dtype)
    np.add.at(total, keys, numbers)
    return total


@contextmanager
def native_hook(uc: Uc, kind: int, name: str, state: State) -> Iterator[None]:
    """A hook for a while; translated code calls those that there were when it was translated."""
    handle = add_native_hook(uc, kind, name, state)
    uc.ctl_flush_tb()
    try:
        yield
    finally:
        uclib.uc_hook_del(uc_handle(uc), handle)
        uc.ctl_flush_tb()


def add_native_hook(uc: Uc, kind: int, name: str, state: ctypes.Structure, at: int | None = None) -> ctypes.c_size_t:
    """unicorn's Python binding only takes Python callbacks; its C function takes any. The hook is for one address, or for all."""
    handle = ctypes.c_size_t()
    first, last = (1, 0) if at is None else (at, at)
    function = native_function(name)
    status = uclib.uc_hook_add(uc_handle(uc), ctypes.byref(handle), kind, function, ctypes.byref(state), ctypes.c_uint64(first), ctypes.c_uint64(last))
    if status:
        raise UcError(status)
    return handle


def uc_handle(uc: Uc) -> Any:
    """The C handle, which the binding keeps to itself."""
    return uc._uch
