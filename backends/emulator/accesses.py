"""Which memory an instruction reads or writes, as far as can be known before it runs: registers and an offset to add.

The native hook adds them when the instruction runs. unicorn's own memory hooks first find the program counter, for each access, in
the notes of the translation: five times slower on unrolled kernels.
"""

import re

from unicorn import arm_const

from .flow import CONDITION
from .instructions import Instruction
from .structures import Access

BYTES = {"": 4, "t": 4, "ex": 4, "d": 4, "b": 1, "bt": 1, "exb": 1, "sb": 1, "sbt": 1, "h": 2, "ht": 2, "exh": 2, "sh": 2, "sht": 2}
SINGLE = re.compile(rf"(ldr|str|vldr|vstr)({'|'.join(BYTES)})(?:{CONDITION})?(?:\.w|\.32|\.64)?")
SEVERAL = re.compile(rf"v?(ldm|stm|push|pop)(ia|db)?(?:{CONDITION})?(?:\.w|\.32|\.64)?")
TABLES = {"tbb": 1, "tbh": 2}
PLACE = re.compile(r"\[(\w+)(?:, #(-?\w+)|, (\w+)(?:, lsl #(\w+))?)?\]")
LIST = re.compile(r"\{(.*)\}")
WRITES = ("str", "vstr", "stm", "push")
NONE = Access()


def register(name: str) -> int:
    """unicorn's number."""
    return int(getattr(arm_const, f"UC_ARM_REG_{name.upper()}"))


def words_of(names: str) -> int:
    """Of a list of registers."""
    return sum(2 if name.startswith("d") else 1 for name in names.split(", "))


def access_of(instruction: Instruction) -> Access:
    """Of size 0 if the instruction leaves memory alone. A double register and a pair are two words."""
    mnemonic, operands = instruction.mnemonic, instruction.operands
    if match := SINGLE.fullmatch(mnemonic):
        words = 2 if match[2] == "d" else words_of(operands.partition(",")[0])
        return placed(instruction, Access(size=BYTES[match[2]], words=words, writes=match[1] in WRITES))
    if match := SEVERAL.fullmatch(mnemonic):
        names = LIST.search(operands)
        words = words_of(names[1]) if names else 0
        base = "sp" if match[1] in ("push", "pop") else operands.partition(",")[0].rstrip("!")
        down = match[1] == "push" or match[2] == "db"
        return Access(base=register(base), offset=-4 * words if down else 0, size=4 if words else 0, words=words, writes=match[1] in WRITES)
    if mnemonic in TABLES:
        return placed(instruction, Access(size=TABLES[mnemonic], words=1))
    return NONE


def placed(instruction: Instruction, access: Access) -> Access:
    """With the address: `[base]`, `[base, #offset]` or `[base, index, lsl #shift]`; what stands behind the bracket is added later."""
    match = PLACE.search(instruction.operands)
    if match is None:
        return NONE
    base, offset, index, shift = match.groups()
    access.offset = int(offset or "0", 0)
    access.shift = int(shift or "0", 0)
    access.index = register(index) if index else 0
    if base == "pc":
        access.offset += instruction.address + 4 if index else instruction.address + 4 & ~3
    else:
        access.base = register(base)
    return access
