"""The self-test's way out: the semihosting calls that a firmware makes by `BKPT 0xAB`."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

from unicorn.arm_const import UC_ARM_REG_PC, UC_ARM_REG_R0, UC_ARM_REG_R1

from tfc.ir.diagnostic import Diagnostic

from .chip import BREAKPOINT, THUMB, Chip

BKPT_AB = b"\xab\xbe"


class Call(IntEnum):
    """Operation numbers, from Arm's Semihosting for AArch32 and AArch64."""

    WRITEC = 0x03
    WRITE0 = 0x04
    EXIT = 0x18
    EXIT_EXTENDED = 0x20


APPLICATION_EXIT = 0x20026
TEXT_LIMIT = 1 << 16


@dataclass(frozen=True)
class SelfTest:
    """What the firmware's own main said through semihosting."""

    exit_code: int
    text: str


def run_self_test(chip: Chip, go_on: Callable[[], None]) -> SelfTest:
    """Let the chip run from call to call until it exits; `go_on` runs it to its next stop."""
    text = bytearray()
    while True:
        go_on()
        stop = chip.stop
        if stop is None or stop.reason != BREAKPOINT or chip.read(chip.pc, 2) != BKPT_AB:
            raise chip.fault(stop) if stop else Diagnostic(f"the firmware ran away to 0x{chip.pc:08x}")
        operation, argument = chip.uc.reg_read(UC_ARM_REG_R0), chip.uc.reg_read(UC_ARM_REG_R1)
        match operation:
            case Call.WRITEC:
                text += chip.read(argument, 1)
            case Call.WRITE0:
                text += read_text(chip, argument)
            case Call.EXIT:
                return SelfTest(0 if argument == APPLICATION_EXIT else 1, text.decode(errors="replace"))
            case Call.EXIT_EXTENDED:
                reason, code = (int.from_bytes(chip.read(argument + at, 4), "little") for at in (0, 4))
                return SelfTest(code if reason == APPLICATION_EXIT else 1, text.decode(errors="replace"))
            case _:
                raise Diagnostic(f"{chip.image.where(chip.pc)} makes the unknown semihosting call 0x{operation:02x}")
        chip.uc.reg_write(UC_ARM_REG_PC, (chip.pc + len(BKPT_AB)) | THUMB)


def read_text(chip: Chip, address: int) -> bytes:
    """The bytes up to a 0."""
    text = bytearray()
    while (byte := chip.read(address + len(text), 1)) != b"\0":
        text += byte
        if len(text) > TEXT_LIMIT:
            raise Diagnostic(f"{chip.image.where(chip.pc)} prints a text without an end")
    return bytes(text)
