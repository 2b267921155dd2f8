"""What can be known about a program's instructions before it runs: tables over half-words that the native hooks read."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from capstone import CS_ARCH_ARM, CS_MODE_MCLASS, CS_MODE_THUMB, Cs
from numpy.typing import NDArray

from .image import Code, Image

NODE = re.compile(r"tfc_node_(\d+)(?:\..*)?")  # compilers append .constprop.0 and the like
SCHEDULE = "schedule"
KEEP = -1
ALIGNED = ("ldm", "stm", "ldrd", "strd", "push", "pop")


@dataclass(frozen=True)
class Instruction:
    address: int
    size: int
    mnemonic: str
    operands: str


@dataclass(frozen=True)
class Tables:
    """Facts about each half-word of code from `base` on. `counts` and `stack_moves` are sums over all half-words before, with one
    entry more, so that a block's number is a difference.

    `owner` says whom a block that begins here makes current: a node, the schedule (the last of `names`), or KEEP for shared code.
    `stack` is by how many bytes the instruction moves the stack pointer (down is positive). `aligned` marks
    instructions that take word-aligned addresses only. `floats` are the addresses of floating-point instructions.
    """

    base: int
    names: tuple[str, ...]
    counts: NDArray[np.uint32]
    stack: NDArray[np.int32]
    stack_moves: NDArray[np.uint32]
    owner: NDArray[np.int32]
    aligned: NDArray[np.uint8]
    floats: tuple[int, ...]


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


def tables_of(image: Image) -> Tables:
    """Node functions are those named `tfc_node_<index>`; the functions that call or jump to them directly are the schedule."""
    base = min(code.address for code in image.code)
    halves = (max(code.address + len(code.data) for code in image.code) - base + 1) // 2
    counts = np.zeros(halves + 1, np.uint32)
    stack = np.zeros(halves, np.int32)
    aligned = np.zeros(halves, np.uint8)
    owner = np.full(halves, KEEP, np.int32)
    nodes = {function.address: int(match[1]) for function in image.functions if (match := NODE.fullmatch(function.name))}
    indices = sorted(set(nodes.values()))
    names = (*(f"tfc_node_{index}" for index in indices), SCHEDULE)
    callers = set()
    floats = []
    for code in image.code:
        for instruction in disassemble(code):
            half = (instruction.address - base) // 2
            counts[half + 1] = 1
            stack[half] = stack_bytes(instruction)
            aligned[half] = instruction.mnemonic.startswith(ALIGNED)
            if instruction.mnemonic.startswith("v"):  # as all floating-point mnemonics of Armv7-M, and no others
                floats.append(instruction.address)
            if branch_target(instruction) in nodes:
                callers.add(image.function_at(instruction.address))
    for function in image.functions:
        first, last = (function.address - base) // 2, (function.address + function.size - base) // 2
        if function.address in nodes:
            owner[first:last] = indices.index(nodes[function.address])
        elif function in callers:
            owner[first:last] = len(names) - 1
    moves = np.concatenate([[0], np.cumsum(stack != 0)]).astype(np.uint32)
    return Tables(base, names, np.cumsum(counts, dtype=np.uint32), stack, moves, owner, aligned, tuple(floats))


def branch_target(instruction: Instruction) -> int | None:
    """Where a direct call or jump goes."""
    if instruction.mnemonic.startswith("b") and instruction.operands.startswith("#"):
        return int(instruction.operands[1:], 0)
    return None


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
