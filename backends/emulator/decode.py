"""Thumb instructions as the pipeline model sees them: which registers, read when, written by what."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cache

from capstone import CS_ARCH_ARM, CS_MODE_MCLASS, CS_MODE_THUMB, Cs

from .image import Code
from .instructions import disassemble
from .operands import BANKS, address_of, is_rotated_immediate, is_shifted, registers_of
from .signatures import READS_FLAGS, SETS_FLAGS, Kind, Unit, signature_of

STACK = ("push", "pop", "vpush", "vpop")


@dataclass(frozen=True)
class Decoded:
    """One instruction. Two are equal if they cost the same: neither text nor address counts.

    `reads` pairs a register with the field of Ready that tells when it may be read. `base` and `offset` are a single load's; an
    offset that is not known is None, that of a literal is its address modulo the two banks. `registers` is how many a `multiple` moves.
    """

    text: str = field(compare=False)
    address: int = field(compare=False)
    size: int
    kind: Kind = "other"
    units: frozenset[Unit] = frozenset()
    reads: tuple[tuple[str, str], ...] = ()
    writes: tuple[str, ...] = ()
    write_back: str | None = None
    base: str | None = None
    offset: int | None = None
    registers: int = 0
    conditional: bool = False
    reads_flags: bool = False
    sets_flags: bool = False

    @property
    def mnemonic(self) -> str:
        return self.text.partition(" ")[0].removesuffix(".w")


def decode(code: Code) -> tuple[Decoded, ...]:
    """All instructions of a stretch of code, which must not begin inside an IT block."""
    return tuple(decoded(code))


def decoded(code: Code) -> Iterator[Decoded]:
    pending = 0  # instructions that stand under an IT
    for instruction in disassemble(code):
        start = instruction.address - code.address
        one = decode_one(code.data[start : start + instruction.size], instruction.address % BANKS, instruction.mnemonic.startswith("it"))
        if pending:
            one, pending = under_it(one), pending - 1
        if one.kind == "it":
            pending = len(instruction.mnemonic) - 1  # `itte`: three
        yield replace(one, text=f"{instruction.mnemonic} {instruction.operands}".rstrip(), address=instruction.address)


def under_it(one: Decoded) -> Decoded:
    """A conditional instruction waits for flags, executes late, and sets flags only if it is wide or a comparison."""
    return replace(
        one,
        kind="alu" if one.kind == "early_alu" else one.kind,
        conditional=True,
        reads_flags="branch" not in one.units,
        sets_flags=one.sets_flags and (one.size == 4 or one.mnemonic in SETS_FLAGS),
    )


@cache
def disassembler() -> Cs:
    capstone = Cs(CS_ARCH_ARM, CS_MODE_THUMB | CS_MODE_MCLASS)
    capstone.detail = True
    return capstone


@cache
def decode_one(data: bytes, address: int, is_it: bool) -> Decoded:
    """An instruction outside any IT block. capstone would remember an IT for the next one, so it never sees one here."""
    insn = None if is_it else next(disassembler().disasm(data, address, 1), None)
    if insn is None:
        return Decoded("", address, len(data), "it" if is_it else "other")
    name = insn.insn_name()
    signature = signature_of(name)
    units, kind = set(signature.units), signature.kind
    reads, writes = registers_of(insn, signature)
    if kind != "branch" and "pc" in writes:
        units.add("branch")
    if is_rotated_immediate(data) or is_shifted(insn):
        units.add("shifter")
        kind = "alu" if kind == "early_alu" else kind
    base, offset = address_of(insn)
    if name in STACK:
        reads.append(("sp", "early"))
    return Decoded(
        text=f"{insn.mnemonic} {insn.op_str}",
        address=address,
        size=len(data),
        kind=kind,
        units=frozenset(units),
        reads=tuple((register, when) for register, when in reads if register != "pc"),
        writes=tuple(register for register in writes if register != "pc"),
        write_back="sp" if name in STACK else base if insn.writeback else None,
        base=base,
        offset=offset,
        registers=len(writes) + sum(when == "store" for _, when in reads) if kind == "multiple" else 0,
        reads_flags=name in READS_FLAGS,
        sets_flags=name in SETS_FLAGS or insn.mnemonic.partition(".")[0] == name + "s",
    )
