"""Where arena, stack and static data of a firmware lie; written as memory.ld, the linker's view of a target."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import tfc.runtime
from tfc.ir.diagnostic import Diagnostic

from .target import Memory, Target

STACK_BYTES = 2048
STACK_ALIGNMENT = 8
RUNTIME = Path(next(iter(tfc.runtime.__path__)))


@dataclass(frozen=True)
class Region:
    """A range of addresses with the name that linker scripts call it by."""

    name: str
    base: int
    size: int

    @property
    def end(self) -> int:
        return self.base + self.size


def memory_map(target: Target, pool_bytes: Sequence[int], stack_bytes: int = STACK_BYTES) -> list[Region]:
    """POOL0, POOL1, …, STACK and STATIC, none of which share a byte.

    `pool_bytes[i]` is what the arena takes of the target's i-th pool, from its start; it may run over into the pools behind it
    where these are adjacent. The stack lies at the end of the first room that is left, in planning order, because the pools
    stand fastest first; static data get the largest room that then remains.
    """
    if len(pool_bytes) > len(target.pools):
        raise Diagnostic(f"the arena has {len(pool_bytes)} pools, {target.name} has {len(target.pools)}")
    arena = [Region(f"POOL{index}", pool.base, size) for index, (pool, size) in enumerate(zip(target.pools, pool_bytes, strict=False))]
    taken = [region for region in arena if region.size]
    for region, pool in zip(arena, target.pools, strict=False):
        limit = min([other.base for other in taken if other.base > region.base] + [reach(target, pool)])
        if region.end > limit:
            raise Diagnostic(f"{region.name.lower()} ({pool.name}) does not fit: it takes {region.size} bytes, {limit - pool.base} are there")
    rooms = [room for pool in target.pools if (room := room_behind(pool, taken)).size > 0]
    size = -(-stack_bytes // STACK_ALIGNMENT) * STACK_ALIGNMENT
    home = next((room for room in rooms if room.size >= size), None)
    if home is None:
        free = max((room.size for room in rooms), default=0)
        raise Diagnostic(f"no room for a stack of {size} bytes: {free} bytes are left in one piece", help="plan a smaller arena or a smaller stack")
    end = home.end // STACK_ALIGNMENT * STACK_ALIGNMENT
    rooms[rooms.index(home)] = Region(home.name, home.base, end - size - home.base)
    static = max(rooms, key=lambda room: room.size)
    return [*taken, Region("STACK", end - size, size), Region("STATIC", static.base, static.size)]


def reach(target: Target, pool: Memory) -> int:
    """The end of the run of adjacent memories that begins with the pool."""
    following = next((other for other in target.pools if target.adjacent(pool, other)), None)
    return pool.end if following is None else reach(target, following)


def room_behind(pool: Memory, taken: Sequence[Region]) -> Region:
    """What the arena leaves of a pool."""
    start = max([pool.base] + [min(region.end, pool.end) for region in taken if region.base < pool.end and region.end > pool.base])
    start = -(-start // STACK_ALIGNMENT) * STACK_ALIGNMENT
    return Region(pool.name, start, pool.end - start)


def memory_script(target: Target, pool_bytes: Sequence[int], stack_bytes: int = STACK_BYTES) -> str:
    """The text of memory.ld: the regions, and a section for each pool's array."""
    regions = memory_map(target, pool_bytes, stack_bytes)
    fixed = [Region(memory.kind.upper(), memory.base, memory.size) for memory in target.memories if memory.kind in ("flash", "itcm")]
    lines = [f"/* {target.name}: written by the compiler */", "MEMORY", "{"]
    for region in [*fixed, *regions]:
        access = "rx" if region.name in ("FLASH", "ITCM") else "rw"
        lines.append(f"  {region.name} ({access}) : ORIGIN = 0x{region.base:08x}, LENGTH = {region.size}")
    lines += ["}", "", "SECTIONS", "{"]
    for region in regions:
        if region.name.startswith("POOL"):
            name = region.name.lower()
            lines.append(f"  .{name} (NOLOAD) : {{ *(.bss.{name}) }} > {region.name}")
    return "\n".join([*lines, "}", ""])


def write_project(folder: Path, target: Target, pool_bytes: Sequence[int], stack_bytes: int = STACK_BYTES) -> None:
    """Fill `folder/project` with all but firmware.c: start-up, self-test, linker scripts, CMake files and tfc/firmware.h."""
    project = folder / "project"
    (project / "tfc").mkdir(parents=True, exist_ok=True)
    for source in sorted((RUNTIME / "project").iterdir()):
        if source.is_file():
            (project / source.name).write_bytes(source.read_bytes())
    (project / "tfc" / "firmware.h").write_bytes((RUNTIME / "include" / "tfc" / "firmware.h").read_bytes())
    (project / "memory.ld").write_text(memory_script(target, pool_bytes, stack_bytes), encoding="utf-8", newline="\n")
    flags = " ".join(target.flags.gcc)
    (project / "target.cmake").write_text(f"# {target.name}: written by the compiler\nset(TFC_CORE_FLAGS {flags})\n", encoding="utf-8", newline="\n")
