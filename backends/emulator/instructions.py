"""A program's instructions as capstone prints them, and by how much they move the stack."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from capstone import CS_ARCH_ARM, CS_MODE_MCLASS, CS_MODE_THUMB, Cs

from .image import Code


@dataclass(frozen=True)
class Instruction:
    address: int
    size: int
    mnemonic: str
    operands: str


def disassemble(code: Code) -> Iterator[Instruction]:
    """All instructions; one that capstone does not know is passed over by the length that its first half-word tells."""
    capstone = Cs(CS_ARCH_ARM, CS_MODE_THUMB | CS_MODE_MCLASS)
    start, end = code.address, code.address + len(code.data)
    while start < end:
        for address, size, mnemonic, operands in capstone.disasm_lite(code.data[start - code.address :], start):
            yield Instruction(address, size, mnemonic, operands)
            start = address + size
        if start < end:
            high = code.data[start - code.address + 1] >> 3
            size = 4 if high in (0b11101, 0b11110, 0b11111) else 2
            yield Instruction(start, size, "?", "")
            start += size


def stack_bytes(instruction: Instruction) -> int:
    """By how many bytes the instruction lowers the stack pointer; what cannot be read off the instruction counts as nothing."""
    name, operands = instruction.mnemonic.removesuffix(".w"), instruction.operands
    if name in ("push", "pop"):
        return register_bytes(operands) * (1 if name == "push" else -1)
    if name == "stmdb" and operands.startswith("sp!"):
        return register_bytes(operands)
    if name == "ldm" and operands.startswith("sp!"):
        return -register_bytes(operands)
    if match := re.fullmatch(r"sp, (?:sp, )?#(\w+)", operands):
        return int(match[1], 0) * {"sub": 1, "subw": 1, "add": -1, "addw": -1}.get(name, 0)
    if match := re.search(r"\[sp, #(-?\w+)\]!|\[sp\], #(-?\w+)", operands):
        return -int(match[1] or match[2], 0)
    return 0


def register_bytes(operands: str) -> int:
    """Of a register list as capstone prints it: `{r4, r5, lr}`, each name spelt out."""
    return 4 * len(operands[operands.index("{") + 1 : operands.index("}")].split(","))
