"""What an instruction does to the flow of the program, for the branch unit."""

import re
from enum import IntFlag

CONDITION = "eq|ne|hs|cs|lo|cc|mi|pl|vs|vc|hi|ls|ge|lt|gt|le"


class Branch(IntFlag):
    """`enum branch` of hooks/hooks.h."""

    BRANCH = 1
    CONDITIONAL = 2
    DIRECT = 4
    CALL = 8
    RETURN = 16


NONE = Branch(0)
# By mnemonic, and by which operands it branches at all.
BRANCHES: dict[str, tuple[tuple[str, Branch], ...]] = {
    "b": ((r"#.*", Branch.DIRECT),),
    "bl": ((r"#.*", Branch.DIRECT | Branch.CALL),),
    "blx": ((r".*", Branch.CALL),),
    "bx": ((r"lr", Branch.RETURN), (r".*", NONE)),
    "cbz": ((r".*", Branch.DIRECT | Branch.CONDITIONAL),),
    "cbnz": ((r".*", Branch.DIRECT | Branch.CONDITIONAL),),
    "tbb": ((r".*", NONE),),
    "tbh": ((r".*", NONE),),
    "pop": ((r".*pc\}", Branch.RETURN),),
    "ldm": ((r"sp!, .*pc\}", Branch.RETURN), (r".*pc\}", NONE)),
    "ldmdb": ((r".*pc\}", NONE),),
    "ldr": ((r"pc, \[sp\], .*", Branch.RETURN), (r"pc, .*", NONE)),
    "mov": ((r"pc, lr", Branch.RETURN), (r"pc, .*", NONE)),
    "add": ((r"pc, .*", NONE),),
}
MNEMONIC = re.compile(rf"({'|'.join(BRANCHES)})({CONDITION})?(?:\.[wn])?")


def branch_of(mnemonic: str, operands: str) -> Branch:
    """0 of what is no branch; in an IT block the mnemonic ends in the condition."""
    if match := MNEMONIC.fullmatch(mnemonic):
        for pattern, kind in BRANCHES[match[1]]:
            if re.fullmatch(pattern, operands):
                return Branch.BRANCH | kind | (Branch.CONDITIONAL if match[2] else NONE)
    return NONE


def branch_target(mnemonic: str, operands: str) -> int | None:
    """Where a direct call or jump goes."""
    if branch_of(mnemonic, operands) & Branch.DIRECT:
        return int(operands[operands.index("#") + 1 :], 0)
    return None
