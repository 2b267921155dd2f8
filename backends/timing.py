"""What takes time in a core: caches, branch unit, pipeline, as TOML files give them."""

from dataclasses import dataclass, fields
from typing import Any


@dataclass(frozen=True)
class Caches:
    """Level-one caches, of 0 bytes where there are none; they replace pseudo-randomly, from the seed."""

    line_bytes: int
    instruction_bytes: int
    instruction_ways: int
    data_bytes: int
    data_ways: int
    seed: int
    unaligned_load_cycles: float

    def sets(self, size: int, ways: int) -> int:
        """Of a cache of `size` bytes."""
        return size // (ways * self.line_bytes)


@dataclass(frozen=True)
class Branches:
    """The branch unit: sizes of its tables, where its two-bit counters start, and what a wrong or late prediction costs."""

    btac_entries: int
    counters: int
    initial_counter: int
    return_stack: int
    mispredict_cycles: float
    btac_miss_cycles: float


@dataclass(frozen=True)
class Ready:
    """Cycles from an instruction's issue until its result may be read, by what the reader does with it."""

    late: int  # an operand of the late ALU
    early: int  # an address, a shifted or an extracted operand
    multiplicand: int
    accumulator: int
    store: int  # data to be stored


@dataclass(frozen=True)
class Results:
    """Ready times by who makes the result; of instructions that load several registers, counted from their last cycle."""

    early_alu: Ready
    alu: Ready
    multiply: Ready
    load: Ready
    load_narrow: Ready
    write_back: Ready
    vfp: Ready


@dataclass(frozen=True)
class Pipeline:
    """An in-order core that issues two instructions a cycle."""

    results: Results
    flags_cycles: int  # until a conditional instruction may issue
    divide_cycles: int
    vfp_divide_cycles: int
    registers_per_cycle: int
    unknown_bank_cycles: float  # expected, of two paired loads


def read_pipeline(table: dict[str, Any]) -> Pipeline:
    """From the table `pipeline`; missing entries are KeyErrors, unknown ones TypeErrors."""
    rows = {**table, "results": Results(**{name: Ready(**row) for name, row in table["results"].items()})}
    return Pipeline(**{field.name: rows.pop(field.name) for field in fields(Pipeline)}, **rows)
