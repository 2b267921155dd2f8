"""A program's calls to the debugger, `BKPT 0xAB`: what it writes, and its way out (Arm: Semihosting for AArch32 and AArch64)."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from unicorn.arm_const import UC_ARM_REG_PC, UC_ARM_REG_R0, UC_ARM_REG_R1

from tfc.ir.diagnostic import Diagnostic

from .chip import BREAKPOINT, THUMB, Chip

BKPT_AB = b"\xab\xbe"
APPLICATION_EXIT = 0x20026
TEXT_LIMIT = 1 << 16
CONSOLE = b":tt"
NONE = 0xFFFF_FFFF  # -1: no such file


@dataclass(frozen=True)
class SelfTest:
    """What the firmware's own main said through semihosting."""

    exit_code: int
    text: str


@dataclass
class Host:
    """The other end of the calls: a console, no files and no clock. `say` hears each piece of text at once."""

    chip: Chip
    say: Callable[[str], object] = lambda text: None
    text: bytearray = field(default_factory=bytearray)
    exit_code: int | None = None

    def answer(self) -> bool:
        """If the chip stands at a call, serve it and go behind it; False if it does not."""
        chip = self.chip
        if chip.stop is None or chip.stop.reason != BREAKPOINT or chip.read(chip.pc, 2) != BKPT_AB:
            return False
        operation, argument = chip.uc.reg_read(UC_ARM_REG_R0), chip.uc.reg_read(UC_ARM_REG_R1)
        if operation not in CALLS:
            raise Diagnostic(f"{chip.image.where(chip.pc)} makes the unknown semihosting call 0x{operation:02x}")
        chip.uc.reg_write(UC_ARM_REG_R0, CALLS[operation](self, argument) & 0xFFFF_FFFF)
        chip.uc.reg_write(UC_ARM_REG_PC, (chip.pc + len(BKPT_AB)) | THUMB)
        return True

    def words(self, address: int, count: int) -> list[int]:
        data = self.chip.read(address, 4 * count)
        return [int.from_bytes(data[at : at + 4], "little") for at in range(0, 4 * count, 4)]

    def write(self, data: bytes) -> int:
        self.text += data
        self.say(data.decode(errors="replace"))
        return 0

    def write_block(self, argument: int) -> int:
        """SYS_WRITE: to whatever is open, and that is the console. Returns the bytes that were not written."""
        _, address, size = self.words(argument, 3)
        return self.write(self.chip.read(address, size))

    def open(self, argument: int) -> int:
        """SYS_OPEN: the console is the only file."""
        address, mode, size = self.words(argument, 3)
        return (2 if mode >= 4 else 1) if self.chip.read(address, size) == CONSOLE else NONE

    def heap(self, argument: int) -> int:
        """SYS_HEAPINFO: four zeros leave heap and stack to the program's own linker script."""
        self.chip.write(self.words(argument, 1)[0], bytes(16))
        return 0

    def exit(self, reason: int, code: int = 0) -> int:
        self.exit_code = code if reason == APPLICATION_EXIT else 1
        return 0


def constant(value: int, _host: Host, _argument: int) -> int:
    return value


CALLS: dict[int, Callable[[Host, int], int]] = {
    0x01: Host.open,
    0x02: partial(constant, 0),  # SYS_CLOSE
    0x03: lambda host, argument: host.write(host.chip.read(argument, 1)),  # SYS_WRITEC
    0x04: lambda host, argument: host.write(read_text(host.chip, argument)),  # SYS_WRITE0
    0x05: Host.write_block,
    0x06: lambda host, argument: host.words(argument, 3)[2],  # SYS_READ: nothing came
    0x07: partial(constant, 0),  # SYS_READC
    0x09: partial(constant, 1),  # SYS_ISTTY
    0x0A: partial(constant, NONE),  # SYS_SEEK
    0x0C: partial(constant, 0),  # SYS_FLEN
    0x10: partial(constant, NONE),  # SYS_CLOCK
    0x11: partial(constant, NONE),  # SYS_TIME
    0x13: partial(constant, 0),  # SYS_ERRNO
    0x15: partial(constant, NONE),  # SYS_GET_CMDLINE
    0x16: Host.heap,
    0x18: Host.exit,
    0x20: lambda host, argument: host.exit(*host.words(argument, 2)),  # SYS_EXIT_EXTENDED
    0x30: partial(constant, NONE),  # SYS_ELAPSED
    0x31: partial(constant, NONE),  # SYS_TICKFREQ
}


def run_self_test(chip: Chip, go_on: Callable[[], None]) -> SelfTest:
    """Let the chip run from call to call until it exits; `go_on` runs it to its next stop."""
    host = Host(chip)
    while host.exit_code is None:
        go_on()
        if not host.answer():
            raise chip.fault(chip.stop) if chip.stop else Diagnostic(f"the firmware ran away to 0x{chip.pc:08x}")
    return SelfTest(host.exit_code, host.text.decode(errors="replace"))


def read_text(chip: Chip, address: int) -> bytes:
    """The bytes up to a 0."""
    text = bytearray()
    while (byte := chip.read(address + len(text), 1)) != b"\0":
        text += byte
        if len(text) > TEXT_LIMIT:
            raise Diagnostic(f"{chip.image.where(chip.pc)} prints a text without an end")
    return bytes(text)
