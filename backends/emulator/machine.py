"""Run a compiled model's firmware: bytes in, bytes and counts out, and a Diagnostic for whatever it should not do."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from unicorn.arm_const import UC_ARM_REG_LR, UC_ARM_REG_PC, UC_ARM_REG_R0, UC_ARM_REG_SP

from tfc.backends.target import Target
from tfc.ir.diagnostic import Diagnostic

from .chip import THUMB, Chip
from .counting import BLOCKS, Counting
from .firmware import Firmware, read_firmware
from .image import read_image
from .profile import Clock, Profile
from .semihosting import SelfTest, run_self_test
from .tables import tables_of

LIMIT = 10**10  # instructions: half a minute here, a minute on the chip
START_UP_LIMIT = 10**8  # instructions until main
NOWHERE = 0xFFFF_FFFE  # no instruction lies there
Timing = Literal["blocks", "full"] | None


@dataclass(frozen=True)
class NodeCount:
    """What ran between a node's start and its return, shared kernels included; the calls between nodes are `schedule`."""

    name: str
    instructions: int


@dataclass(frozen=True)
class Run:
    """One inference. Peaks are bytes from the start of a pool, and below the top of the stack.

    Of a watched run they are exact, and `arena_touched` marks each written byte of each pool; else they come from a pattern, which
    a written byte may happen to equal.
    """

    outputs: tuple[bytes, ...]
    instructions: int
    nodes: tuple[NodeCount, ...]
    stack_peak_bytes: int
    arena_peak_bytes: tuple[int, ...]
    arena_touched: tuple[NDArray[np.bool_], ...] | None = field(compare=False)
    profile: Profile | None = field(default=None, compare=False)


class Machine:
    """A chip with a firmware in it, started up to `main`. Each run begins from that same state."""

    def __init__(self, elf: Path, target: Target) -> None:
        self.target = target
        self.image = read_image(elf)
        address = self.image.symbol("tfc_firmware").address
        self.main = self.image.symbol("main").address & ~1
        self.stack = range(self.image.symbol("__stack_limit").address, self.image.symbol("__stack_top").address)
        self.chip = Chip(self.image, target)
        self.firmware: Firmware = read_firmware(address, self.chip.read)
        allowed = {pool.name: np.zeros(pool.size, np.bool_) for pool in target.pools}
        for base, size in ((self.stack.start, len(self.stack)), *self.firmware.pools):
            mark(target, allowed, base, size)
        tables = tables_of(self.image)
        if tables.floats:  # unicorn would run it; the chip faults, because nothing enables its FPU
            raise Diagnostic(f"{self.image.where(tables.floats[0])} is a floating-point instruction", at=str(elf))
        self.counting = Counting(self.chip, tables, allowed)
        # Memory holds anything at power-on; this pattern also shows afterwards what was written.
        self.pattern = {pool.name: np.random.default_rng(pool.base).integers(0, 256, pool.size, np.uint8) for pool in target.pools}
        self.power_on(START_UP_LIMIT)
        self.go_on(self.main, START_UP_LIMIT)
        self.started = {name: np.where(allowed[name], self.pattern[name], self.chip.memory[name]) for name in allowed}
        self.context = self.chip.uc.context_save()

    @cached_property
    def clock(self) -> Clock:
        """What tells the time of this firmware."""
        return Clock(self.image, self.target)

    def run(self, inputs: Sequence[bytes], *, watch: bool = False, timing: Timing = None, limit: int = LIMIT) -> Run:
        """One inference: the bytes of each input, in the firmware's order, to the bytes of each output.

        A write outside arena and stack, a fault, a failing run and more than `limit` instructions are Diagnostics. `watch` is
        several times slower, marks each written byte, and also finds unaligned LDM, STM, LDRD and STRD, which unicorn allows
        and the chip does not.

        `timing` fills `profile`: of "blocks" without what waiting for data costs, at full speed; "full" follows each access to
        memory. Caches are empty and no branch is known when a run begins, so equal inputs take equal cycles.
        """
        self.set_up(inputs, limit)
        with self.counting.watching(writes=watch, caches=timing == "full"):
            self.go_on(self.main, limit)
        if (strays := self.changed_outside()) and not watch:
            self.run(inputs, watch=True, limit=limit)  # tells who wrote
        if strays:
            raise Diagnostic(f"a run changes 0x{strays[0]:08x}, outside arena and stack", at=str(self.image.path))
        if failure := self.chip.uc.reg_read(UC_ARM_REG_R0):
            raise Diagnostic(f"the firmware's run returns {failure}", at=str(self.image.path))
        return replace(self.result(watch=watch), profile=self.clock.profile(self.counting) if timing else None)

    def self_test(self, limit: int = LIMIT) -> SelfTest:
        """Run the firmware's own main from reset: its exit code and what it printed."""
        self.power_on(limit)
        return run_self_test(self.chip, lambda: self.go_on(None, limit))

    def power_on(self, limit: int) -> None:
        """Everything in RAM is garbage, the registers are those of reset, nothing is counted."""
        for name, garbage in self.pattern.items():
            self.chip.memory[name][:] = garbage
        self.chip.reset()
        self.counting.clear(limit, self.stack.stop)

    def set_up(self, inputs: Sequence[bytes], limit: int) -> None:
        """The state in which main stood, about to call the firmware's run, with the inputs in the arena."""
        sizes = [tensor.bytes for tensor in self.firmware.inputs]
        if [len(data) for data in inputs] != sizes:
            raise Diagnostic(f"the inputs have {[len(data) for data in inputs]} bytes, the firmware takes {sizes}")
        for name, state in self.started.items():
            self.chip.memory[name][:] = state
        uc = self.chip.uc
        uc.context_restore(self.context)
        uc.reg_write(UC_ARM_REG_SP, self.stack.stop)
        uc.reg_write(UC_ARM_REG_R0, self.firmware.arena)
        uc.reg_write(UC_ARM_REG_LR, self.main | THUMB)
        uc.reg_write(UC_ARM_REG_PC, self.firmware.run | THUMB)
        self.counting.clear(limit, self.stack.stop)
        for tensor, data in zip(self.firmware.inputs, inputs, strict=True):
            address = self.firmware.address(tensor)
            self.chip.write(address, data)
            mark(self.target, self.counting.touched, address, len(data))

    def go_on(self, until: int | None, limit: int) -> None:
        """Run from the present instruction; raise what went wrong before `until` was reached."""
        state = self.counting.state
        self.chip.start(self.chip.pc, NOWHERE if until is None else until)
        at = str(self.image.path)
        if self.chip.stop and until is not None:
            raise self.chip.fault(self.chip.stop)
        if state.budget < 0:
            raise Diagnostic(f"more than {limit} instructions ran, the last in {self.image.where(self.counting.last_address)}", at=at)
        if self.counting.is_full:
            raise Diagnostic(f"more than {BLOCKS} different blocks ran", at=at)
        if (depth := self.stack.stop - state.stack_low) > len(self.stack):
            raise Diagnostic(f"the stack needs {depth} bytes and has {len(self.stack)}", at=at, help="compile with a larger stack")
        if state.misaligned:
            raise Diagnostic(f"{self.image.where(state.culprit)} moves several words at 0x{state.misaligned:08x}, which is not aligned: the chip faults", at=at)
        if state.stray:
            raise Diagnostic(f"{self.image.where(state.culprit)} writes at 0x{state.stray:08x}, outside arena and stack", at=at)

    def changed_outside(self) -> list[int]:
        """Addresses in RAM that a run changed though they are neither arena nor stack."""
        return [
            pool.base + int(offset)
            for pool in self.target.pools
            for offset in np.flatnonzero((self.chip.memory[pool.name] != self.started[pool.name]) & ~self.counting.allowed[pool.name])[:1]
        ]

    def result(self, *, watch: bool) -> Run:
        """What the run left behind."""
        written = {name: self.counting.touched[name] | (self.chip.memory[name] != state) for name, state in self.started.items()}
        touched = tuple(self.range_of(written, base, size) for base, size in self.firmware.pools)
        stack = np.flatnonzero(self.range_of(written, self.stack.start, len(self.stack)))
        depth = len(self.stack) - int(stack[0]) if len(stack) else 0
        counting = self.counting
        counts = counting.by_owner(counting.blocks["count"] * counting.blocks["instructions"])
        nodes = tuple(NodeCount(name, int(count)) for name, count in zip(counting.tables.names, counts, strict=True))
        return Run(
            outputs=tuple(self.chip.read(self.firmware.address(tensor), tensor.bytes) for tensor in self.firmware.outputs),
            instructions=sum(node.instructions for node in nodes),
            nodes=nodes,
            stack_peak_bytes=max(depth, self.stack.stop - counting.state.stack_low),
            arena_peak_bytes=tuple(int(np.flatnonzero(pool)[-1]) + 1 if pool.any() else 0 for pool in touched),
            arena_touched=touched if watch else None,
        )

    def range_of(self, maps: dict[str, NDArray[np.bool_]], base: int, size: int) -> NDArray[np.bool_]:
        """The part of maps over the pools that belongs to a range, which may span adjacent pools."""
        parts = [maps[pool.name][max(base, pool.base) - pool.base : max(base + size - pool.base, 0)] for pool in self.target.pools if base < pool.end]
        return np.concatenate([part for part in parts if len(part)] or [np.zeros(0, np.bool_)])


def mark(target: Target, maps: dict[str, NDArray[np.bool_]], base: int, size: int) -> None:
    """Set a range in maps over the pools; it may span adjacent ones."""
    for pool in target.pools:
        start, end = max(base, pool.base), min(base + size, pool.end)
        if start < end:
            maps[pool.name][start - pool.base : end - pool.base] = True
