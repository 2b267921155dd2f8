"""A chip with any program in it: in flash or RAM, as a debugger loads it, or as start-up code would have left it."""

from collections import Counter
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
from unicorn import unicorn_const as uc_const

from tfc.backends.target import MemoryKind, Target

from .chip import PAGE, SYSTEM_CONTROL, THUMB, Chip
from .image import Image

RAM: tuple[MemoryKind, ...] = ("dtcm", "sram", "itcm")
RETURN = 0x1FFF_F000  # where a called function returns to: executable, and in no chip's memory
# The lowest address of the stack, by the names that linker scripts give it; or where data end and the heap begins.
STACK_ENDS = ("__stack_limit", "__StackLimit", "_sstack", "__stack_start__", "end", "_end", "__end__", "_ebss", "__bss_end__", "__bss_end")
CPUID, CCR, CCSIDR, CPACR = 0xE000_ED00, 0xE000_ED14, 0xE000_ED80, 0xE000_ED88
CORTEX_M7, CCR_AT_RESET, FPU_ON = 0x410F_C271, 0x0004_0200, 0xF << 20


class LoadedChip(Chip):
    """RAM is executable where the program says that its code runs there, by pages."""

    def __init__(self, image: Image, target: Target) -> None:
        super().__init__(image, target, ("flash", *RAM))
        self.garbage = {m.name: np.random.default_rng(m.base).integers(0, 256, m.size, np.uint8) for m in target.memories if m.kind in RAM}
        for code in image.code:
            memory = target.memory_at(code.address)
            if memory and memory.kind in RAM:
                first, last = code.address // PAGE, (code.address + len(code.data) - 1) // PAGE
                self.uc.mem_protect(first * PAGE, (last - first + 1) * PAGE, uc_const.UC_PROT_ALL)
        self.map(RETURN, PAGE, uc_const.UC_PROT_READ | uc_const.UC_PROT_EXEC)
        self.context = self.uc.context_save()

    @property
    def vectors(self) -> tuple[int, int]:
        """The first words of the vector table: initial stack pointer and reset handler. It lies at the start of flash, or of what is loaded."""
        flash, loaded = self.target.flash.base, [segment.address for segment in self.image.segments if segment.data]
        table = self.read(flash if flash in loaded else min(loaded), 8)
        return int.from_bytes(table[:4], "little"), int.from_bytes(table[4:], "little")

    @property
    def stack_top(self) -> int | None:
        """The initial stack pointer, if it is the end of something in RAM."""
        top = self.vectors[0]
        return top if top % 4 == 0 and self.ram_below(top) is not None else None

    @property
    def stack_limit(self) -> int:
        """The lowest address that the stack may take: what the program's symbols say, or where RAM begins."""
        top = self.stack_top or self.target.pools[-1].end
        lowest = self.ram_below(top) or 0
        addresses = (self.image.symbols[name].address for name in STACK_ENDS if name in self.image.symbols)
        return next((address for address in addresses if lowest <= address < top), lowest)

    def ram_below(self, top: int) -> int | None:
        """Where the RAM begins that ends at `top` or goes on there; memories that touch are one."""
        lowest = None
        for memory in sorted(self.target.memories, key=lambda memory: -memory.base):
            if memory.kind in RAM and memory.kind != "itcm" and (memory.base < top <= memory.end if lowest is None else memory.end == lowest):
                lowest = memory.base
        return lowest

    def is_code(self, address: int) -> bool:
        """Whether the program has instructions there, in Thumb."""
        return bool(address & THUMB) and any(code.address <= address & ~THUMB < code.address + len(code.data) for code in self.image.code)

    def power_on(self) -> None:
        """RAM is garbage but for what is loaded into it; registers are those of reset, where programs look at them."""
        for name, garbage in self.garbage.items():
            self.memory[name][:] = garbage
        self.load_segments()
        self.system[:] = 0
        caches = self.target.caches
        sets = caches.sets(caches.data_bytes, caches.data_ways)
        line = (caches.line_bytes // 16).bit_length() - 1  # CCSIDR, Armv7-M ARM B4.8.3
        size = (sets - 1) << 13 | (caches.data_ways - 1) << 3 | line if sets else 0
        for register, value in ((CPUID, CORTEX_M7), (CCR, CCR_AT_RESET), (CCSIDR, size)):
            self.set_system(register, value)
        self.uc.context_restore(self.context)
        self.uc.ctl_flush_tb()

    def start_up(self) -> None:
        """What start-up code does before main: initialised data in place, the others zero, the FPU on."""
        for segment in self.image.segments:
            memory = self.target.memory_at(segment.runs_at)
            if memory and memory.kind in RAM:
                offset = segment.runs_at - memory.base
                room = self.memory[memory.name][offset : offset + segment.bytes]
                room[:] = 0
                data = np.frombuffer(segment.data, np.uint8)[: len(room)]
                room[: len(data)] = data
        self.set_system(CPACR, FPU_ON)

    def set_system(self, register: int, value: int) -> None:
        """Write a register of the system control space."""
        self.system[register - SYSTEM_CONTROL :][:4].view("<u4")[0] = value


def told_apart(image: Image) -> Image:
    """Functions of assembly often have no size: such a one reaches to the next function, or to the end of its code.

    Of those with one name, local to several sources, each gets its source behind its name.
    """
    ends = {code.address: code.address + len(code.data) for code in image.code}
    places = {(function.name, function.address) for function in image.functions}
    twice = Counter(name for name, _ in places)
    functions = list(image.functions)
    following = [after.address for _, after in pairwise(functions)] + [1 << 32]
    for index, (function, after) in enumerate(zip(functions, following, strict=True)):
        stretch = max((start for start in ends if start <= function.address), default=None)
        if not function.size and stretch is not None and function.address < ends[stretch]:
            function = replace(function, size=min(after, ends[stretch]) - function.address)
        name = f"{function.name}@{Path(function.file).name}" if function.file and twice[function.name] > 1 else function.name
        functions[index] = replace(function, name=name)
    return replace(image, functions=tuple(functions))
