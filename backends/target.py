"""What a chip is: its core, clock, memories, caches and compiler flags, read from one TOML file a target and one a core."""

import tomllib
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal, get_args

from tfc.ir.diagnostic import Diagnostic

from .fits import Fit, load_fit
from .timing import Branches, Caches, Pipeline, read_pipeline

MemoryKind = Literal["dtcm", "sram", "itcm", "flash"]
FOLDER = Path(__file__).with_name("targets")
CORES = FOLDER / "cores"


@dataclass(frozen=True)
class Memory:
    """A range of addresses; `wait_states` are those of a data access by the core, `line_fill_cycles` what a missed cache line costs."""

    name: str
    base: int
    size: int
    kind: MemoryKind
    wait_states: int
    line_fill_cycles: float = 0.0

    @property
    def cached(self) -> bool:
        """Tightly coupled memories are beside the caches."""
        return self.kind in ("sram", "flash")

    @property
    def end(self) -> int:
        """The first address behind the memory."""
        return self.base + self.size

    def __contains__(self, address: int) -> bool:
        return self.base <= address < self.end


@dataclass(frozen=True)
class Flags:
    """What each compiler must be told to make code for this core."""

    clang: tuple[str, ...]
    gcc: tuple[str, ...]


@dataclass(frozen=True)
class Target:
    """One chip. `pools` are the memories for activations, in planning order; `error_percent` is that of emulated cycles; `fit` tells what kernels take,
    perhaps as measured on another chip."""

    name: str
    core: str
    clock_hz: int
    fpu: str
    flags: Flags
    memories: tuple[Memory, ...]
    pools: tuple[Memory, ...]
    branches: Branches
    caches: Caches
    error_percent: float
    pipeline: Pipeline
    fit: Fit

    def memory(self, name: str) -> Memory:
        """The memory of that name."""
        for memory in self.memories:
            if memory.name == name:
                return memory
        raise Diagnostic(f"{self.name} has no memory {name}", help=f"its memories are {', '.join(m.name for m in self.memories)}")

    def memory_at(self, address: int) -> Memory | None:
        """The memory that holds the address, if any."""
        return next((memory for memory in self.memories if address in memory), None)

    @property
    def flash(self) -> Memory:
        """The memory that code and constants are programmed into."""
        return next(memory for memory in self.memories if memory.kind == "flash")

    @property
    def ram_bytes(self) -> int:
        """All pools together: what arena, stack, data and the application share."""
        return sum(pool.size for pool in self.pools)

    def adjacent(self, first: Memory, second: Memory) -> bool:
        """Whether one buffer may span both: `second` begins where `first` ends."""
        return first.end == second.base

    @property
    def spans(self) -> tuple[tuple[Memory, ...], ...]:
        """The pools in runs that one buffer may span, in planning order of the pool that each begins with."""
        behind = {first: second for first in self.pools for second in self.pools if self.adjacent(first, second)}
        runs = []
        for pool in self.pools:
            if pool not in behind.values():
                run = [pool]
                while run[-1] in behind:
                    run.append(behind[run[-1]])
                runs.append(tuple(run))
        return tuple(runs)


def targets() -> list[str]:
    """The names that `load_target` knows."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


@cache
def load_target(name: str) -> Target:
    """The target of that name, from `targets/NAME.toml`."""
    if name not in targets():
        raise Diagnostic(f"unknown target {name}", help=f"the targets are {', '.join(targets())}")
    return read_target(tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8")))


def read_core(name: str) -> dict[str, Any]:
    """What all chips of a core share, from `targets/cores/NAME.toml`."""
    cores = sorted(path.stem for path in CORES.glob("*.toml"))
    if name not in cores:
        raise Diagnostic(f"unknown core {name}", help=f"the cores are {', '.join(cores)}")
    return tomllib.loads((CORES / f"{name}.toml").read_text(encoding="utf-8"))


def overridden(core: dict[str, Any], chip: dict[str, Any]) -> dict[str, Any]:
    """The core's table with what the chip says otherwise, entry by entry."""
    both = {key: overridden(core[key], value) if isinstance(value, dict) and isinstance(core.get(key), dict) else value for key, value in chip.items()}
    return {**core, **both}


def read_target(chip: dict[str, Any]) -> Target:
    """The target that a parsed TOML file and that of its core describe; a missing, unknown or contradictory entry is a Diagnostic."""
    where = f"target {chip.get('name', '?')}"
    try:
        table = overridden(read_core(chip["core"]), chip)
        memories = tuple(Memory(**entry) for entry in table.pop("memories"))
        by_name = {memory.name: memory for memory in memories}
        target = Target(
            memories=memories,
            pools=tuple(by_name[pool] for pool in table.pop("planning")["pools"]),
            flags=Flags(**{compiler: tuple(flags) for compiler, flags in table.pop("flags").items()}),
            branches=Branches(**table.pop("branches")),
            caches=Caches(**table.pop("caches")),
            pipeline=read_pipeline(table.pop("pipeline")),
            fit=load_fit(table.pop("fit")),
            **table,
        )
    except KeyError as error:
        raise Diagnostic(f"{where}: {error} is missing") from error
    except TypeError as error:
        raise Diagnostic(f"{where}: {error}") from error
    check_memories(target)
    check_tables(target)
    return target


def check_memories(target: Target) -> None:
    """Memories must be of a known kind and must not overlap, with one flash; there must be a pool."""
    for memory in target.memories:
        if memory.kind not in get_args(MemoryKind):
            raise Diagnostic(f"target {target.name}: memory {memory.name} is of kind {memory.kind}", help=f"the kinds are {', '.join(get_args(MemoryKind))}")
    ordered = sorted(target.memories, key=lambda memory: memory.base)
    for first, second in pairwise(ordered):
        if second.base < first.end:
            raise Diagnostic(f"target {target.name}: memories {first.name} and {second.name} overlap")
    if sum(memory.kind == "flash" for memory in target.memories) != 1 or not target.pools:
        raise Diagnostic(f"target {target.name}: needs one memory of kind flash, and at least one pool")


def check_tables(target: Target) -> None:
    """What the core indexes by bits of an address has a power of two of entries."""
    caches, branches = target.caches, target.branches
    tables = {
        "line_bytes": caches.line_bytes,
        "btac_entries": branches.btac_entries,
        "counters": branches.counters,
        "return_stack": branches.return_stack,
        "sets of the instruction cache": caches.sets(caches.instruction_bytes, caches.instruction_ways) or 1,
        "sets of the data cache": caches.sets(caches.data_bytes, caches.data_ways) or 1,
    }
    for name, entries in tables.items():
        if entries.bit_count() != 1:
            raise Diagnostic(f"target {target.name}: {name} must be a power of two, not {entries}")
