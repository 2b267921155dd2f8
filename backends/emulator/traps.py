"""What a Cortex-M7 faults on and unicorn lets pass: native checks, and what each of them found, in words."""

import ctypes
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from unicorn import arm_const
from unicorn.unicorn_const import UC_HOOK_BLOCK, UC_HOOK_CODE

from tfc.ir.diagnostic import Diagnostic

from .chip import Chip
from .counting import NO_ADDRESS, Counting, add_native_hook
from .instructions import Instruction, disassemble
from .structures import POINTER, U64, fields
from .tables import PAGE_BITS, PAGE_HALVES

CODE, FLOAT, DOUBLE = 1, 2, 4  # `enum fact` of hooks/traps.c
NOWHERE = 1  # of `enum kind`


@dataclass(frozen=True)
class Found:
    """A text for `enum kind` of hooks/traps.c; `{by}` is who did it, `{address}` what it concerns."""

    text: str
    help: str | None = None


FOUND = (
    Found(""),
    Found("{by} jumps to 0x{address:08x}, where the program has no code"),
    Found("{by} takes the stack down to 0x{address:08x}, and it ends at 0x{limit:08x}", "a larger stack, or fewer and smaller frames"),
    Found("{by} is a floating-point instruction, and {chip} has no FPU", "build it with soft floating point"),
    Found("{by} is a floating-point instruction, and the FPU is off", "start-up must set bits 20 to 23 of CPACR (0xe000ed88), then ISB"),
    Found("{by} is a double-precision instruction, which an {fpu} does not know", "build it for that FPU"),
    Found("{by} branches to itself for ever", "end the program by semihosting, or call one function with --entry"),
    Found("{by} divides by zero, and CCR.DIV_0_TRP is set"),
)


class TrapState(ctypes.Structure):
    """`struct traps`."""

    _fields_ = (*fields(POINTER, "state control facts"), *fields(U64, "any_floats has_floats has_doubles stack_limit left before kind culprit address"))


class Divide(ctypes.Structure):
    """`struct divide`."""

    _fields_ = (*fields(POINTER, "traps"), *fields(U64, "divisor"))


class Traps:
    """The checks on a chip whose blocks are counted. `stack_limit` is the lowest address that the stack may take."""

    def __init__(self, chip: Chip, counting: Counting, stack_limit: int) -> None:
        self.chip, self.counting = chip, counting
        self.facts = np.zeros(len(counting.tables.owner), np.uint8)
        fpu = chip.target.fpu
        self.state = TrapState(
            state=ctypes.addressof(counting.state),
            control=chip.system.ctypes.data,
            facts=self.facts.ctypes.data,
            any_floats=bool(counting.tables.floats),
            has_floats=fpu.startswith("fpv"),
            has_doubles=fpu.startswith("fpv") and "-sp-" not in fpu,
            stack_limit=stack_limit,
        )
        self.divides: list[Divide] = []  # unicorn keeps their addresses
        add_native_hook(chip.uc, UC_HOOK_BLOCK, "check_block", self.state)
        for code in chip.image.code:
            self.half(code.address, len(code.data))[:] = CODE
            for instruction in disassemble(code):
                self.note(instruction)

    def half(self, address: int, size: int = 2) -> NDArray[np.uint8]:
        """The facts about a stretch of code; pages that follow each other do so in the tables."""
        first = int(self.counting.tables.pages[address >> PAGE_BITS]) + (address >> 1 & PAGE_HALVES - 1)
        return self.facts[first : first + size // 2]

    def note(self, instruction: Instruction) -> None:
        """What there is to check about an instruction before it runs."""
        facts = self.half(instruction.address)
        if instruction.mnemonic.startswith("v"):
            facts |= FLOAT | (DOUBLE if ".f64" in instruction.mnemonic else 0)
        if instruction.mnemonic.startswith(("sdiv", "udiv")):
            register = instruction.operands.rpartition(" ")[2]
            divide = Divide(ctypes.addressof(self.state), getattr(arm_const, f"UC_ARM_REG_{register.upper()}"))
            add_native_hook(self.chip.uc, UC_HOOK_CODE, "check_divide", divide, instruction.address)
            self.divides.append(divide)

    def clear(self) -> None:
        """Before a run."""
        self.state.kind, self.state.left, self.state.before = 0, NO_ADDRESS, NO_ADDRESS

    def end_of(self, block: int) -> int:
        """The last instruction of a block that ran: whoever jumped to where nothing can run."""
        blocks = self.counting.blocks
        found = blocks[blocks["address"] == block]
        return int(found[-1]["last"]) if len(found) else block

    def is_code(self, address: int) -> bool:
        """Whether the program has code there."""
        return bool(self.half(address & 0xFFFF_FFFE)[0])

    def diagnostic(self) -> Diagnostic | None:
        """What was found, if anything."""
        image, target, state = self.chip.image, self.chip.target, self.state
        found = FOUND[state.kind]
        if not found.text:
            return None
        culprit = state.culprit if state.kind != NOWHERE else self.end_of(state.culprit)
        text = found.text.format(by=image.where(culprit), address=state.address, limit=state.stack_limit, fpu=target.fpu, chip=target.name)
        return Diagnostic(text, at=str(image.path), help=found.help)
