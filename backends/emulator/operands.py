"""The registers and addresses among capstone's operands."""

from capstone import CsInsn
from capstone.arm import ARM_OP_MEM, ARM_OP_REG

from .signatures import Signature

WHEN = {"l": "late", "r": "late", "e": "early", "m": "multiplicand", "a": "accumulator", "s": "store", "b": "early"}
TWO_OPERANDS = ("early_alu", "alu", "multiply")  # of three, where the first is also the second: `adds r0, #1`
BANKS = 8  # bytes: an even and an odd word


def registers_of(insn: CsInsn, signature: Signature) -> tuple[list[tuple[str, str]], list[str]]:
    """What is read when, and what is written, by the signature's roles."""
    operands, roles = insn.operands, signature.roles
    if signature.kind in TWO_OPERANDS and len(operands) == 2 and len(roles) == 3:
        roles = (roles[0] + roles[1], roles[2])
    if roles[-1:] == ("*",):
        roles = (*roles[:-1], *[roles[-2]] * (len(operands) - len(roles) + 1))
    reads, writes = [], []
    for operand, role in zip(operands, roles, strict=False):
        if operand.type == ARM_OP_REG:
            names = whole_registers(insn.reg_name(operand.reg))
            writes += names if "w" in role else []
            when = "early" if operand.shift.type and "l" in role else WHEN.get(role[-1])
            reads += [(name, when) for name in names if when]
    for operand in operands:
        if operand.type == ARM_OP_MEM:
            reads += [(insn.reg_name(register), "early") for register in (operand.mem.base, operand.mem.index) if register]
    return reads, writes


def whole_registers(name: str) -> list[str]:
    """A double-precision register is two single ones."""
    return [f"s{2 * int(name[1:])}", f"s{2 * int(name[1:]) + 1}"] if name[0] == "d" else [name]


def address_of(insn: CsInsn) -> tuple[str | None, int | None]:
    """Base and offset of a load or store; post-indexed ones use their base as it is."""
    for operand in insn.operands:
        if operand.type == ARM_OP_MEM:
            base = insn.reg_name(operand.mem.base)
            literal = (insn.address + 4) // 4 * 4 if base == "pc" else 0
            return base, None if operand.mem.index else (operand.mem.disp + literal) % BANKS if literal else operand.mem.disp
    if insn.operands and insn.writeback:  # LDM and STM name their base first
        return insn.reg_name(insn.operands[0].reg), None
    return None, None


def is_shifted(insn: CsInsn) -> bool:
    """Whether a register is shifted before it is used; addresses have an adder of their own."""
    return any(operand.type == ARM_OP_REG and operand.shift.type for operand in insn.operands)


def is_rotated_immediate(data: bytes) -> bool:
    """Armv7-M ARM A5.3.2: a modified immediate that is neither a byte nor a pattern of bytes."""
    if len(data) != 4:
        return False
    first, second = int.from_bytes(data[:2], "little"), int.from_bytes(data[2:], "little")
    return first & 0xFA00 == 0xF000 and not second & 0x8000 and bool(first & 0x0400 or second & 0x4000)
