"""What stopped a program, as a Diagnostic: by whom, where, and what would help."""

from unicorn.arm_const import UC_ARM_REG_XPSR

from tfc.ir.diagnostic import Diagnostic

from .chip import EXCEPTIONS, UNDEFINED, Chip, Stop
from .traps import Traps

WAITS = {0xBF10: "yields, and there is nobody else", 0xBF20: "waits for an event, and none will come", 0xBF30: "waits for an interrupt, and none will come"}
THUMB_STATE = 1 << 24
# What lies at addresses that are not emulated, by where they begin and end.
PLACES = (
    (0x4000_0000, 0x6000_0000, "peripherals are not emulated: call one function with --entry, or build without them"),
    (0xA000_0000, 0xE000_0000, "external devices are not emulated"),
    (0xE000_0000, 0xF000_0000, "the units for debugging and tracing are not emulated, nor is their cycle counter: tfc counts by itself"),
)


def fault(chip: Chip, traps: Traps) -> Diagnostic:
    """Of a program that stopped neither at its end nor at a call of its debugger's."""
    stop, at, pc = chip.stop, str(chip.image.path), chip.pc
    wait = WAITS.get(int.from_bytes(chip.read(pc - 2, 2), "little")) if traps.state.left != pc and traps.is_code(pc - 2) else None
    if wait and (stop is None or stop.reason == UNDEFINED):
        return Diagnostic(f"{chip.image.where(pc - 2)} {wait}", at=at, help="interrupts are not emulated")
    if stop is None:
        return Diagnostic(f"{chip.image.where(pc)} is where the program stops, for no known reason", at=at)
    if stop.reason == UNDEFINED and not chip.uc.reg_read(UC_ARM_REG_XPSR) & THUMB_STATE:
        return chip.fault(Stop(f"jumps to 0x{pc:08x} without the Thumb bit", traps.end_of(traps.state.before)))
    if stop.reason == EXCEPTIONS[2]:  # it stands behind the call
        return chip.fault(Stop(stop.reason, pc - 2))
    found = chip.fault(stop if traps.is_code(pc) else Stop(stop.reason, traps.end_of(traps.state.left)))
    found.help = next((text for start, end, text in PLACES if stop.accessed is not None and start <= stop.accessed < end), None)
    return found
