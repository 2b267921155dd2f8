"""The native hooks on a chip: instructions of each node, the depth of the stack and, when asked for, every access to memory."""

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray
from unicorn.unicorn_const import UC_HOOK_BLOCK, UC_HOOK_MEM_READ, UC_HOOK_MEM_WRITE
from unicorn.unicorn_py3.unicorn import Uc, UcError, uclib

from .chip import Chip, unicorn_function
from .instructions import Tables
from .native import State, Watched, native_function


class Counting:
    """Owns the state that the hooks share with Python, and the arrays that it points to.

    `touched` and `allowed` are maps over the bytes of each pool's memory; a write outside every allowed byte stops the machine.
    """

    def __init__(self, chip: Chip, tables: Tables, allowed: dict[str, NDArray[np.bool_]]) -> None:
        self.chip = chip
        self.tables = tables
        self.allowed = allowed
        self.touched = {name: np.zeros(len(array), np.bool_) for name, array in allowed.items()}
        self.counters = np.zeros(len(tables.names), np.uint64)
        self.watched = (Watched * len(allowed))()
        for entry, (name, array) in zip(self.watched, allowed.items(), strict=True):
            entry.base, entry.bytes = chip.target.memory(name).base, len(array)
            entry.touched, entry.allowed = self.touched[name].ctypes.data, array.ctypes.data
        self.state = State(
            base=tables.base,
            halves=len(tables.owner),
            counts=tables.counts.ctypes.data,
            stack_moves=tables.stack_moves.ctypes.data,
            stack=tables.stack.ctypes.data,
            owner=tables.owner.ctypes.data,
            aligned=tables.aligned.ctypes.data,
            counters=self.counters.ctypes.data,
            watched=ctypes.cast(self.watched, ctypes.POINTER(Watched)),
            watched_count=len(self.watched),
            stop=unicorn_function("uc_emu_stop"),
            read_register=unicorn_function("uc_reg_read"),
        )
        add_native_hook(chip.uc, UC_HOOK_BLOCK, "count_block", self.state)

    def clear(self, limit: int, stack_top: int) -> None:
        """Before a run: nothing counted, `limit` instructions allowed, the schedule current."""
        self.counters[:] = 0
        for array in self.touched.values():
            array[:] = False
        self.state.current = len(self.tables.names) - 1
        self.state.budget, self.state.stack_low = limit, stack_top
        self.state.stray = self.state.misaligned = self.state.culprit = 0

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Mark written bytes and check alignment while the body runs, several times slower."""
        handle = add_native_hook(self.chip.uc, UC_HOOK_MEM_READ | UC_HOOK_MEM_WRITE, "watch_access", self.state)
        self.chip.uc.ctl_flush_tb()  # translated code calls the hooks that were there when it was translated
        try:
            yield
        finally:
            uclib.uc_hook_del(uc_handle(self.chip.uc), handle)
            self.chip.uc.ctl_flush_tb()


def add_native_hook(uc: Uc, kind: int, name: str, state: State) -> ctypes.c_size_t:
    """unicorn's Python binding only takes Python callbacks; its C function takes any."""
    handle = ctypes.c_size_t()
    everywhere = (ctypes.c_uint64(1), ctypes.c_uint64(0))
    status = uclib.uc_hook_add(uc_handle(uc), ctypes.byref(handle), kind, native_function(name), ctypes.byref(state), *everywhere)
    if status:
        raise UcError(status)
    return handle


def uc_handle(uc: Uc) -> Any:
    """The C handle, which the binding keeps to itself."""
    return uc._uch
