"""What can be known about a program's code before it runs: tables over half-words that the native hooks read."""

import ctypes
import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .accesses import access_of
from .flow import branch_of, branch_target
from .image import Image
from .instructions import disassemble, stack_bytes
from .structures import Access

NODE = re.compile(r"tfc_node_(\d+)(?:\..*)?")  # compilers append .constprop.0 and the like
SCHEDULE = "schedule"
KEEP = -1
ALIGNED = ("ldm", "stm", "ldrd", "strd", "push", "pop")
PAGE_BITS = 12
PAGES = 1 << 32 - PAGE_BITS
PAGE_HALVES = 1 << PAGE_BITS - 1


@dataclass(frozen=True)
class Tables:
    """Facts about each half-word of the code, which stands page behind page in the order of addresses: `pages` says where each
    page begins. The first page holds no facts and serves all addresses without code; so does the last, which a block may reach.

    `counts` and `stack_moves` are sums over all half-words before, so that a block's number is a difference.
    `owner` says whom a block that begins here makes current: a node, the schedule (the last of `names`), or KEEP for shared code.
    `stack` is by how many bytes the instruction moves the stack pointer (down is positive). `aligned` marks instructions that take
    word-aligned addresses only. `accesses` are those of accesses.py, `branch_of` and `targets` those of flow.py. `functions` are
    indices of the image's functions, their number where none is, and `entry` marks where one begins. `floats` are the addresses of
    floating-point instructions.
    """

    names: tuple[str, ...]
    pages: NDArray[np.uint32]
    accesses: "ctypes.Array[Access]"
    counts: NDArray[np.uint32]
    stack: NDArray[np.int32]
    stack_moves: NDArray[np.uint32]
    owner: NDArray[np.int32]
    aligned: NDArray[np.uint8]
    branch_of: NDArray[np.uint8]
    targets: NDArray[np.uint32]
    functions: NDArray[np.uint32]
    entry: NDArray[np.uint8]
    floats: tuple[int, ...]


def tables_of(image: Image) -> Tables:
    """Node functions are those named `tfc_node_<index>`; the functions that call or jump to them directly are the schedule."""
    used = sorted({page for code in image.code for page in range(code.address >> PAGE_BITS, (code.address + len(code.data) - 1 >> PAGE_BITS) + 1)})
    pages = np.zeros(PAGES, np.uint32)
    pages[used] = np.arange(1, len(used) + 1) * PAGE_HALVES
    halves = (len(used) + 2) * PAGE_HALVES
    starts, targets = (np.zeros(halves, np.uint32) for _ in range(2))
    accesses = (Access * halves)()
    aligned, branches, entry = (np.zeros(halves, np.uint8) for _ in range(3))
    stack, owner = np.zeros(halves, np.int32), np.full(halves, KEEP, np.int32)
    functions = np.full(halves, len(image.functions), np.uint32)
    nodes = {function.address: int(match[1]) for function in image.functions if (match := NODE.fullmatch(function.name))}
    indices = sorted(set(nodes.values()))
    callers = set()
    floats = []

    def half_of(address: int) -> int:
        return int(pages[address >> PAGE_BITS]) + (address >> 1 & PAGE_HALVES - 1)

    for code in image.code:
        for instruction in disassemble(code):
            half = half_of(instruction.address)
            starts[half] = 1
            stack[half] = stack_bytes(instruction)
            accesses[half] = access_of(instruction)
            aligned[half] = instruction.mnemonic.startswith(ALIGNED)
            branches[half] = branch_of(instruction.mnemonic, instruction.operands)
            target = branch_target(instruction.mnemonic, instruction.operands)
            targets[half] = (target or 0) & 0xFFFF_FFFF
            if target in nodes:
                callers.add(image.function_at(instruction.address))
            if instruction.mnemonic.startswith("v"):  # as all floating-point mnemonics of Armv7-M, and no others
                floats.append(instruction.address)
    for index, function in enumerate(image.functions):
        if not pages[function.address >> PAGE_BITS]:
            continue
        first = half_of(function.address)
        inside = slice(first, first + max(function.size, 2) // 2)
        functions[inside], entry[first] = index, 1
        if function.address in nodes:
            owner[inside] = indices.index(nodes[function.address])
        elif function in callers:
            owner[inside] = len(indices)
    return Tables(
        names=(*(f"tfc_node_{index}" for index in indices), SCHEDULE),
        pages=pages,
        accesses=accesses,
        counts=sums_before(starts),
        stack=stack,
        stack_moves=sums_before((stack != 0).astype(np.uint32)),
        owner=owner,
        aligned=aligned,
        branch_of=branches,
        targets=targets,
        functions=functions,
        entry=entry,
        floats=tuple(floats),
    )


def sums_before(marks: NDArray[np.uint32]) -> NDArray[np.uint32]:
    """One entry more than there are marks."""
    return np.concatenate([[0], np.cumsum(marks)]).astype(np.uint32)
