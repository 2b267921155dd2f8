"""One instruction after another into the slots of an in-order core that issues two a cycle."""

from dataclasses import dataclass, field

from tfc.backends.timing import Pipeline, Ready

from .decode import Decoded
from .operands import BANKS
from .signatures import Unit

FLAGS = "the flags"
PAIRS: tuple[tuple[Unit, Unit, str], ...] = (
    ("multiply", "multiply", "two multiplies"),
    ("multiply", "store", "a multiply and a store"),
    ("store", "store", "two stores"),
    ("vfp", "vfp", "two floating-point instructions"),
    ("shifter", "shifter", "two shifted operands or bit-field instructions"),
    ("branch", "branch", "two branches"),
)


@dataclass(frozen=True)
class Issued:
    """`slot` 0 is the older of two that issue together. `reason` is empty where nothing was in the way.

    `expected_cycles` is what the instruction costs on average beyond its place, because two loads may meet in one bank.
    """

    instruction: Decoded
    cycle: int
    slot: int
    reason: str = ""
    expected_cycles: float = 0


@dataclass
class Issue:
    """The core between two instructions: the next free slot, the instruction in the older slot, and when results are ready."""

    core: Pipeline
    cycle: int = 0
    older: Decoded | None = None
    expected_cycles: float = 0
    ready: dict[tuple[str, str], int] = field(default_factory=dict)
    makers: dict[str, str] = field(default_factory=dict)

    @property
    def elapsed(self) -> float:
        """Cycles up to the next free slot."""
        return self.cycle + (0.5 if self.older else 0) + self.expected_cycles

    def issue(self, one: Decoded) -> Issued:
        """Give the instruction its slot."""
        reads = [*one.reads, *([(FLAGS, "late")] if one.reads_flags else [])]
        ready, register = max(((self.ready.get(read, 0), read[0]) for read in reads), default=(0, ""))
        waits = ready - self.cycle
        clash = pairing(self.older, one) if self.older else ""
        reason = ""
        if waits > 0:
            reason = f"waits {waits} cycle{'s' if waits > 1 else ''} for {register} of {self.makers[register]}"
            self.cycle, self.older = self.cycle + waits, None
        elif clash:
            reason = f"does not pair: {clash}"
            self.cycle, self.older = self.cycle + 1, None
        chance = self.core.unknown_bank_cycles if self.older and same_bank(self.older, one) is None else 0.0
        if chance:
            reason = f"may meet the load before it in one bank: {chance} cycles expected"
        issued = Issued(one, self.cycle, 1 if self.older else 0, reason, chance)
        self.expected_cycles += chance
        self.publish(one)
        self.advance(one)
        return issued

    def publish(self, one: Decoded) -> None:
        """When what the instruction writes may be read."""
        results = self.core.results
        early = one.kind == "early_alu" and all(self.ready.get((register, "early"), 0) <= self.cycle for register, _ in one.reads)
        kind = {"early_alu": "early_alu" if early else "alu", "multiple": "load", "vfp_divide": "vfp"}.get(one.kind, one.kind)
        last = self.cycle + self.cycles(one) - 1
        for register in one.writes:
            self.write(register, one, last, getattr(results, kind, results.alu))
        if one.write_back:
            self.write(one.write_back, one, self.cycle, results.write_back)
        if one.sets_flags:
            self.ready[FLAGS, "late"] = self.cycle + self.core.flags_cycles
            self.makers[FLAGS] = one.mnemonic

    def write(self, register: str, one: Decoded, cycle: int, ready: Ready) -> None:
        for when, cycles in vars(ready).items():
            self.ready[register, when] = cycle + cycles
        self.makers[register] = one.mnemonic

    def cycles(self, one: Decoded) -> int:
        """How long the instruction keeps the ones behind it from issuing, where it pairs with none."""
        if one.kind == "multiple":
            return max(-(-one.registers // self.core.registers_per_cycle), 1)
        return {"divide": self.core.divide_cycles, "vfp_divide": self.core.vfp_divide_cycles}.get(one.kind, 1)

    def advance(self, one: Decoded) -> None:
        """To the next free slot."""
        if self.older or "alone" in one.units:
            self.cycle, self.older = self.cycle + self.cycles(one), None
        else:
            self.older = one

    def jump(self) -> None:
        """The target of a predicted branch starts in the next cycle."""
        if self.older:
            self.cycle, self.older = self.cycle + 1, None


def pairing(older: Decoded, younger: Decoded) -> str:
    """Why two instructions cannot issue together, or nothing."""
    for one in (older, younger):
        if "alone" in one.units:
            return f"{one.mnemonic} issues alone"
    for first, second, why in PAIRS:
        if (first in older.units and second in younger.units) or (second in older.units and first in younger.units):
            return why
    return "same load bank" if same_bank(older, younger) else ""


def same_bank(older: Decoded, younger: Decoded) -> bool | None:
    """Of two loads; None where the addresses do not tell. Other instructions share no bank."""
    if "load" not in older.units or "load" not in younger.units:
        return False
    if older.base != younger.base or older.offset is None or younger.offset is None:
        return None
    return not (older.offset ^ younger.offset) & BANKS // 2
