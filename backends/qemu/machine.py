"""A compiled model's firmware on QEMU's board mps2-an500: outputs and executed instructions, as a second opinion on the emulator."""

import shutil
import struct
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tfc.backends.emulator.firmware import read_firmware
from tfc.backends.emulator.image import read_image
from tfc.backends.target import Target
from tfc.ir.diagnostic import Diagnostic

from .remote import Remote

PROGRAM = "qemu-system-arm"
MACHINE = "mps2-an500"
SECONDS = 600
# Each instruction takes 2^7 ns of virtual time, and timer 0 of the board counts every 40 ns, so ticks tell instructions exactly.
SHIFT, TICK_NS = 7, 40
TIMER = 0x4000_0000
STUB = 0x6000_0000  # PSRAM, which the firmware does not use
# Machine words are those of r4 = TIMER, r5 = run, r6 = most ticks, r7 = enable and set the status when they are over.
CODE = (
    0x6066,  # str r6, [r4, #4]    value
    0x60A6,  # str r6, [r4, #8]    reload
    0x6027,  # str r7, [r4]        control
    0x6866,  # ldr r6, [r4, #4]
    0x47A8,  # blx r5
    0x6867,  # ldr r7, [r4, #4]
    0x68E5,  # ldr r5, [r4, #12]   status
    0xE7FE,  # b .
)
STUB_END = STUB + 2 * (len(CODE) - 1)
STUB_COUNTED = 2  # blx, and the second read of the timer
MOST_TICKS = 0xFFFF_FFFF
PC = 15


@dataclass(frozen=True)
class QemuRun:
    """One inference; `instructions` from the first of the firmware's run to its return."""

    outputs: tuple[bytes, ...]
    instructions: int


class QemuMachine:
    """QEMU with a firmware in it; each run is a QEMU of its own, from reset."""

    def __init__(self, elf: Path, target: Target) -> None:
        if target.name != MACHINE:
            raise Diagnostic(f"QEMU has no machine for {target.name}", help=f"tfc compile … --target {MACHINE}")
        if (program := shutil.which(PROGRAM)) is None:
            raise Diagnostic(f"{PROGRAM} is not installed", help="install it (Debian: apt install qemu-system-arm)")
        self.image = read_image(elf)
        board = ("-M", MACHINE, "-display", "none", "-serial", "none", "-monitor", "none", "-kernel", str(elf))
        # Native semihosting: a fault exits through it. icount: virtual time is instructions.
        self.command = [program, *board, "-semihosting-config", "enable=on,target=native", "-icount", f"shift={SHIFT}", "-S", "-gdb", "stdio"]

    def run(self, inputs: Sequence[bytes]) -> QemuRun:
        """One inference: the bytes of each input, in the firmware's order, to the bytes of each output."""
        with Remote(self.command) as remote:
            watchdog = threading.Timer(SECONDS, remote.process.kill)
            watchdog.start()
            try:
                return self.infer(remote, inputs)
            finally:
                watchdog.cancel()

    def infer(self, remote: Remote, inputs: Sequence[bytes]) -> QemuRun:
        main = self.image.symbol("main").address & ~1
        remote.run_to(main)
        firmware = read_firmware(self.image.symbol("tfc_firmware").address, remote.read)
        sizes = [tensor.bytes for tensor in firmware.inputs]
        if [len(data) for data in inputs] != sizes:
            raise Diagnostic(f"the inputs have {[len(data) for data in inputs]} bytes, the firmware takes {sizes}")
        for tensor, data in zip(firmware.inputs, inputs, strict=True):
            remote.write(firmware.address(tensor), data)
        remote.write(STUB, struct.pack(f"<{len(CODE)}H", *CODE))
        for register, value in {0: firmware.arena, 4: TIMER, 5: firmware.run | 1, 6: MOST_TICKS, 7: 0b1001, PC: STUB}.items():
            remote.set_register(register, value)
        remote.run_to(STUB_END)
        if failure := remote.register(0):
            raise Diagnostic(f"the firmware's run returns {failure}", at=str(self.image.path))
        if remote.register(5):
            raise Diagnostic(f"more than {instructions(MOST_TICKS)} instructions ran, which QEMU's timer cannot count", at=str(self.image.path))
        return QemuRun(
            outputs=tuple(remote.read(firmware.address(tensor), tensor.bytes) for tensor in firmware.outputs),
            instructions=instructions(remote.register(6) - remote.register(7)) - STUB_COUNTED,
        )


def instructions(ticks: int) -> int:
    """How many instructions take so many ticks of the timer."""
    return round(ticks * TICK_NS / (1 << SHIFT))
