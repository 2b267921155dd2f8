"""Any bare-metal program for a Cortex-M7: run it from reset, or call one of its functions, and tell the time."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

import numpy as np
from unicorn.arm_const import UC_ARM_REG_LR, UC_ARM_REG_PC, UC_ARM_REG_R0, UC_ARM_REG_SP

from tfc.backends.target import Target
from tfc.ir.diagnostic import Diagnostic

from .chip import THUMB
from .counting import BLOCKS, Counting
from .faults import fault
from .image import read_image
from .loader import RETURN, LoadedChip, told_apart
from .profile import Clock, Profile
from .semihosting import Host
from .tables import tables_of
from .traps import Traps

LIMIT = 10**9  # instructions: seconds on the chip
NOWHERE = 0xFFFF_FFFE  # no instruction lies there
IN_REGISTERS = 4  # arguments
Say = Callable[[str], object]


@dataclass(frozen=True)
class Execution:
    """What a program did. `result` is its exit code or what the called function left in r0, as a signed number; `text` is what it wrote.

    `stack` are the addresses that it took of the stack.
    """

    result: int
    text: str
    stack: range
    profile: Profile


def unheard(text: str) -> None:
    """Nobody listens."""


class Program:
    """A chip with a program in it. Runs begin alike: with the same memory, empty caches, and no branch known."""

    def __init__(self, elf: Path, target: Target) -> None:
        self.image, self.target = told_apart(read_image(elf)), target
        self.chip = LoadedChip(self.image, target)
        self.counting = Counting(self.chip, tables_of(self.image), {pool.name: np.ones(pool.size, np.bool_) for pool in target.pools})
        self.traps = Traps(self.chip, self.counting, self.chip.stack_limit)
        self.clock = Clock(self.image, target)

    def run(self, *, limit: int = LIMIT, say: Say = unheard) -> Execution:
        """From reset until the program exits by semihosting."""
        top, start = self.chip.vectors
        if self.chip.stack_top is None or not self.chip.is_code(start):
            message = f"{self.image.path} has no vector table: the first words that are loaded are 0x{top:08x} and 0x{start:08x}"
            raise Diagnostic(message, help="--entry SYMBOL calls one of its functions")
        self.chip.power_on()
        return self.go(top, 0xFFFF_FFFF, start, limit=limit, say=say)

    def call(self, entry: str, arguments: Sequence[int] = (), *, limit: int = LIMIT, say: Say = unheard) -> Execution:
        """One function, until it returns. No start-up code runs: its work on memory and FPU is done, its time is not counted."""
        start = self.address(entry) | THUMB
        if not self.chip.is_code(start):
            raise Diagnostic(f"{entry} is at 0x{start & ~THUMB:08x}, where the program has no code", help="the entry must be a function")
        self.chip.power_on()
        self.chip.start_up()
        words = [value & 0xFFFF_FFFF for value in arguments]
        top = (self.chip.stack_top or self.target.pools[-1].end) - 4 * len(words[IN_REGISTERS:]) & ~7
        self.chip.write(top, b"".join(word.to_bytes(4, "little") for word in words[IN_REGISTERS:]))
        for index, word in enumerate(words[:IN_REGISTERS]):
            self.chip.uc.reg_write(UC_ARM_REG_R0 + index, word)
        return self.go(top, RETURN | THUMB, start, limit=limit, say=say)

    def address(self, symbol: str) -> int:
        """Of a function, with its Thumb bit, or of data; no such symbol is a Diagnostic."""
        if symbol not in self.image.symbols:
            close = get_close_matches(symbol, self.image.symbols)
            raise Diagnostic(f"{self.image.path} has no symbol {symbol}", help=f"there is {', '.join(close)}" if close else None)
        address = self.image.symbols[symbol].address
        return address | THUMB if self.chip.is_code(address | THUMB) else address

    def go(self, top: int, behind: int, start: int, *, limit: int, say: Say) -> Execution:
        """From `start` until the program exits, or returns from there."""
        uc, host, counting = self.chip.uc, Host(self.chip, say), self.counting
        for register, value in ((UC_ARM_REG_SP, top), (UC_ARM_REG_LR, behind), (UC_ARM_REG_PC, start)):
            uc.reg_write(register, value)
        counting.clear(limit, top)
        self.traps.clear()
        with counting.watching(caches=True):
            while host.exit_code is None and self.chip.pc != RETURN:
                self.chip.start(self.chip.pc, RETURN)
                self.check(limit)
                if self.chip.pc != RETURN and not host.answer():
                    raise fault(self.chip, self.traps)
        result = uc.reg_read(UC_ARM_REG_R0) if host.exit_code is None else host.exit_code
        text = host.text.decode(errors="replace")
        return Execution((result ^ 1 << 31) - (1 << 31), text, range(counting.state.stack_low, top), self.clock.profile(counting))

    def check(self, limit: int) -> None:
        """Raise what the hooks found."""
        state, at = self.counting.state, str(self.image.path)
        if found := self.traps.diagnostic():
            raise found
        if state.misaligned:
            raise Diagnostic(f"{self.image.where(state.culprit)} moves several words at 0x{state.misaligned:08x}, which is not aligned: the chip faults", at=at)
        if state.budget < 0:
            last = self.image.where(self.counting.last_address)
            raise Diagnostic(f"more than {limit:,} instructions ran, the last in {last}", at=at, help="--limit N lets it run longer")
        if self.counting.is_full:
            raise Diagnostic(f"more than {BLOCKS} different blocks ran", at=at)
