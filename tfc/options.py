"""What a user may choose about a compilation."""

from __future__ import annotations

from dataclasses import dataclass

from tfc.backends.memory_map import STACK_BYTES
from tfc.backends.target import Target
from tfc.ir.diagnostic import Diagnostic
from tfc.report import Budget


@dataclass(frozen=True)
class Options:
    """What a user may choose; sizes in bytes, None is all that the chip has."""

    ram: int | None = None
    flash: int | None = None
    reserve: int = 0
    stack: int = STACK_BYTES
    optimize: str = "latency"
    toolchain: str = "zig"
    rescue: bool = False
    times: bool = False

    def budget(self, target: Target) -> Budget:
        """The budget in bytes; more than the chip has is a Diagnostic."""
        given = {"ram": (self.ram, target.ram_bytes), "flash": (self.flash, target.flash.size)}
        for name, (asked, there) in given.items():
            if asked is not None and asked > there:
                raise Diagnostic(f"{name}: {asked} bytes are asked for, {target.name} has {there}")
        return Budget(self.ram or target.ram_bytes, self.flash or target.flash.size, self.reserve)
