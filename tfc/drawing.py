"""memory.svg: where every value and scratch lies, and when."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files

import jinja2

from tfc.backends.target import Target
from tfc.ir.graph import Graph, Place
from tfc.passes.lifetimes import Buffer, buffers, live_bytes
from tfc.passes.views import views_of

WIDTH, LEFT, TOP, HEIGHT, GAP = 1200.0, 92.0, 34.0, 460.0, 26.0  # of the page, beside and above the picture, of all pools, between those that lie apart
PROFILE = 56.0  # height of what is alive over time
LETTER, LINE = 6.1, 11.0  # width and height
LONGEST = 28  # letters of a name below the picture
LABELLED = 13.0  # the least distance of names below the picture


@dataclass(frozen=True)
class Box:
    """A rectangle, its name where it fits in, along or (`upright`) across, and all that is to be said about it."""

    x: float
    y: float
    width: float
    height: float
    kind: str
    label: str
    upright: bool
    title: str


@dataclass(frozen=True)
class Band:
    """A pool, or as much of it as is in the picture."""

    y: float
    height: float
    pool: str
    end: int
    title: str
    full: bool


class Picture:
    """Steps are nodes that run, from left to right; addresses grow upwards, those of pools that lie apart one picture above the other."""

    def __init__(self, graph: Graph, target: Target) -> None:
        self.graph, self.target, self.items = graph, target, buffers(graph)
        self.places = {node.name: node.place for node in graph if isinstance(node.place, Place)}
        self.places |= {f"{node.name} scratch": node.scratch.place for node in graph if node.scratch and node.scratch.place}
        views = views_of(graph)
        self.inside: dict[str, list[str]] = {}
        for name in views.inside:
            self.inside.setdefault(views.root(name), []).append(name)
        self.running = [index for index, node in enumerate(graph) if node.op not in ("arg", "const") and node.name not in views.silent]
        self.names = [node.name for node in graph]
        self.pitch = (WIDTH - LEFT - 12) / max(len(self.running), 1)
        self.tops = {span[0].name: self._top_of(span[0].name) for span in target.spans}
        self.scale = (HEIGHT - GAP * (len(self.tops) - 1)) / max(sum(self.tops.values()), 1)

    def _top_of(self, memory: str) -> int:
        return max((place.offset + item.bytes for item in self.items if (place := self.places[item.name]).memory == memory), default=0)

    def x(self, step: int) -> float:
        """Where a step begins: behind all nodes that run before it."""
        return LEFT + self.pitch * sum(index < step for index in self.running)

    def y(self, memory: str, address: int) -> float:
        """Pools that lie apart stand one above the other, the first at the bottom."""
        below = 0.0
        for name, top in self.tops.items():
            if name == memory:
                break
            below += top * self.scale + GAP
        return TOP + HEIGHT - below - address * self.scale

    def box(self, item: Buffer) -> Box:
        place = self.places[item.name]
        left, right = self.x(item.first), self.x(item.last + 1)
        width, height = max(right - left, 1.5), item.bytes * self.scale
        steps = [index for index in self.running if item.first <= index <= item.last]
        when = f"from %{self.names[steps[0]]} to %{self.names[steps[-1]]}, {len(steps)} of {len(self.running)} steps" if steps else "in no step"
        title = f"%{item.name}: {item.bytes:,} bytes at {place.memory}+0x{place.offset:04x}\n{when}"
        if inside := self.inside.get(item.name):
            title += f"\nwith {', '.join('%' + name for name in inside)}"
        length = len(item.name) * LETTER + 6
        along, upright = width >= length and height >= LINE, height >= length and width >= LINE
        y = self.y(place.memory, place.offset + item.bytes)
        return Box(left, y, width, height, self._kind(item.name), item.name if along or upright else "", not along, title)

    def _kind(self, name: str) -> str:
        if name.endswith(" scratch"):
            return "scratch"
        ends = {*(arg.name for arg in self.graph.arguments), *self.graph.results}
        return "end" if ends & {name, *self.inside.get(name, [])} else "value"

    def bands(self) -> list[Band]:
        """The pools that hold anything."""
        found = []
        for span in self.target.spans:
            left, base, home = self.tops[span[0].name], 0, span[0].name
            for pool in span:
                last = pool is span[-1]
                used = left if last else min(left, pool.size)
                if used > 0:
                    title = f"{pool.name}: {used:,} of {pool.size:,} bytes"
                    found.append(Band(self.y(home, base + used), used * self.scale, pool.name, base + used, title, used > pool.size))
                left, base = left - used, base + pool.size
        return found


def draw_memory(graph: Graph, target: Target) -> str:
    """The memory of a placed graph over its schedule, as one SVG that needs nothing else."""
    picture, live = Picture(graph, target), live_bytes(graph)[1:]
    highest = max(live, default=0)
    peak = next((index for index in picture.running if live[index] == highest), None)
    every = max(1, -int(-LABELLED // picture.pitch))
    labelled = [(picture.x(index) + picture.pitch / 2 + 3, shortened(picture.names[index]), index == peak) for index in picture.running[::every]]
    base = TOP + HEIGHT + 14 + PROFILE
    values = {
        "graph": graph,
        "target": target,
        "bands": picture.bands(),
        "boxes": [picture.box(item) for item in picture.items],
        "profile": [(picture.x(index), live[index] / max(highest, 1) * PROFILE, live[index], picture.names[index]) for index in picture.running],
        "names": labelled,
        "peak": None if peak is None else (picture.x(peak), picture.names[peak], highest),
        "pitch": picture.pitch,
        "top": TOP,
        "left": LEFT,
        "width": WIDTH,
        "bottom": TOP + HEIGHT,
        "base": base,
        "page": base + 12 + LETTER * max((len(name) for _, name, _ in labelled), default=0),
    }
    template = files("tfc").joinpath("memory.svg").read_text(encoding="utf-8")
    return jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True).from_string(template).render(values)


def shortened(name: str) -> str:
    """The end of a long name says more than its beginning."""
    return name if len(name) <= LONGEST else "…" + name[1 - LONGEST :]
