"""A unicorn Cortex-M7 with a target's memories; what goes wrong in it becomes a Diagnostic that names the function."""

import ctypes
import mmap
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from unicorn import unicorn_const as uc_const
from unicorn.arm_const import UC_ARM_REG_LR, UC_ARM_REG_PC, UC_ARM_REG_R0, UC_ARM_REG_SP, UC_CPU_ARM_CORTEX_M7
from unicorn.unicorn_py3.unicorn import Uc, UcError, uclib

from tfc.backends.target import MemoryKind, Target
from tfc.ir.diagnostic import Diagnostic

from .image import Image

THUMB = 1
ERASED = 0xFF
SYSTEM_CONTROL = 0xE000_E000  # plain memory here: start-up writes cache registers there
PAGE = 0x1000
PERMISSIONS = {
    "flash": uc_const.UC_PROT_READ | uc_const.UC_PROT_EXEC,
    "itcm": uc_const.UC_PROT_ALL,
    "dtcm": uc_const.UC_PROT_READ | uc_const.UC_PROT_WRITE,
    "sram": uc_const.UC_PROT_READ | uc_const.UC_PROT_WRITE,
}
ACCESSES = {
    uc_const.UC_MEM_READ_UNMAPPED: "reads unmapped memory",
    uc_const.UC_MEM_WRITE_UNMAPPED: "writes unmapped memory",
    uc_const.UC_MEM_FETCH_UNMAPPED: "jumps to unmapped memory",
    uc_const.UC_MEM_READ_PROT: "reads forbidden memory",
    uc_const.UC_MEM_WRITE_PROT: "writes read-only memory",
    uc_const.UC_MEM_FETCH_PROT: "jumps into data memory",
}
BREAKPOINT = "stops at a breakpoint"
UNDEFINED = "executes an undefined instruction"
EXCEPTIONS = {  # QEMU's numbers
    1: UNDEFINED,
    2: "calls a supervisor, which is not emulated",
    7: BREAKPOINT,
    8: "returns from an exception, and there was none",
}


@dataclass(frozen=True)
class Stop:
    """Why emulation ended before it reached its end."""

    reason: str
    address: int | None = None
    accessed: int | None = None


@dataclass
class Chip:
    """The machine itself. `memory[name]` is the very memory that it reads and writes, as an array of bytes.

    `system` are the registers of the system control space: plain memory. Programs are loaded into memories of the kinds `loadable`.
    """

    image: Image
    target: Target
    loadable: tuple[MemoryKind, ...] = ("flash", "itcm")
    system: NDArray[np.uint8] = field(init=False)
    memory: dict[str, NDArray[np.uint8]] = field(init=False)
    uc: Uc = field(init=False)
    stop: Stop | None = field(init=False, default=None)
    until: int | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self.uc = Uc(uc_const.UC_ARCH_ARM, uc_const.UC_MODE_THUMB | uc_const.UC_MODE_MCLASS, UC_CPU_ARM_CORTEX_M7)
        self.memory = {memory.name: self.map(memory.base, memory.size, PERMISSIONS[memory.kind]) for memory in self.target.memories}
        self.system = self.map(SYSTEM_CONTROL, PAGE, uc_const.UC_PROT_READ | uc_const.UC_PROT_WRITE)
        self.memory[self.target.flash.name].fill(ERASED)
        self.load_segments()
        self.uc.hook_add(uc_const.UC_HOOK_MEM_INVALID, self.on_bad_access)
        self.uc.hook_add(uc_const.UC_HOOK_INSN_INVALID, self.on_undefined)
        self.uc.hook_add(uc_const.UC_HOOK_INTR, self.on_exception)

    def map(self, base: int, size: int, permissions: int) -> NDArray[np.uint8]:
        """Give the machine a piece of this process's memory, so that reset and comparison are array operations."""
        array = np.frombuffer(mmap.mmap(-1, size), np.uint8)
        self.uc.mem_map_ptr(base, size, permissions, array.ctypes.data)
        return array

    def load_segments(self) -> None:
        """Programme the whole image."""
        for segment in self.image.segments:
            if segment.data:
                self.load(segment.address, segment.data)

    def load(self, address: int, data: bytes) -> None:
        """Programme bytes, as a flash tool does."""
        memory = self.target.memory_at(address)
        if memory is None or address + len(data) > memory.end or memory.kind not in self.loadable:
            raise Diagnostic(
                f"{self.image.path} loads {len(data)} bytes at 0x{address:08x}",
                help=f"{self.target.name} has flash at 0x{self.target.flash.base:08x}, {self.target.flash.size} bytes",
            )
        offset = address - memory.base
        self.memory[memory.name][offset : offset + len(data)] = np.frombuffer(data, np.uint8)

    def read(self, address: int, size: int) -> bytes:
        """Bytes of the machine's memory; a place where there is none is a Diagnostic."""
        if size > max(memory.size for memory in self.target.memories):
            raise self.no_memory(address, size)
        try:
            return bytes(self.uc.mem_read(address, size))
        except UcError:
            raise self.no_memory(address, size) from None

    def write(self, address: int, data: bytes) -> None:
        """Put bytes into the machine's memory."""
        try:
            self.uc.mem_write(address, data)
        except UcError:
            raise self.no_memory(address, len(data)) from None

    def no_memory(self, address: int, size: int) -> Diagnostic:
        return Diagnostic(f"{self.image.path} names {size} bytes at 0x{address:08x}, where {self.target.name} has no memory")

    def reset(self) -> None:
        """As the core does: the stack pointer and the address of the first instruction come from the vector table in flash."""
        vectors = self.read(self.target.flash.base, 8)
        for register in range(UC_ARM_REG_R0, UC_ARM_REG_R0 + 13):
            self.uc.reg_write(register, 0)
        self.uc.reg_write(UC_ARM_REG_SP, int.from_bytes(vectors[:4], "little"))
        self.uc.reg_write(UC_ARM_REG_LR, 0xFFFF_FFFF)
        self.uc.reg_write(UC_ARM_REG_PC, int.from_bytes(vectors[4:], "little"))

    def start(self, begin: int, until: int) -> None:
        """Run from `begin` until the instruction at `until`, or until a hook stops it; then `stop` says why."""
        self.stop = None
        if until != self.until:
            self.until = until
            self.uc.ctl_flush_tb()  # translated code ends where the earlier run was to end, and not here
        try:
            self.uc.emu_start(begin | THUMB, until)
        except UcError as error:
            if self.stop is None:
                self.stop = Stop(f"fails: {error}", self.pc)

    @property
    def pc(self) -> int:
        return int(self.uc.reg_read(UC_ARM_REG_PC)) & ~THUMB

    def fault(self, stop: Stop) -> Diagnostic:
        """What to raise for it."""
        at = self.pc if stop.address is None else stop.address
        return Diagnostic(f"{self.image.where(at)} {stop.reason}", at=str(self.image.path))

    def on_bad_access(self, _uc: Uc, access: int, address: int, size: int, _value: int, _data: object) -> bool:
        memory = self.target.memory_at(address)
        place = f"0x{address:08x}" + (f" ({memory.name})" if memory else "")
        self.stop = Stop(f"{ACCESSES[access]} at {place}, {size} bytes", accessed=address)
        return False

    def on_undefined(self, _uc: Uc, _data: object) -> bool:
        self.stop = Stop(UNDEFINED)
        return False

    def on_exception(self, uc: Uc, number: int, _data: object) -> None:
        self.stop = Stop(EXCEPTIONS.get(number, f"raises exception {number}"), self.pc)
        uc.emu_stop()


def unicorn_function(name: str) -> int:
    """The address of one of unicorn's own C functions, for native hooks."""
    return ctypes.cast(getattr(uclib, name), ctypes.c_void_p).value or 0
