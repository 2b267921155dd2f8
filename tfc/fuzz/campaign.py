"""Random networks, some together in one firmware, until the time is up or one fails."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tfc.ir.graph import Graph
from tfc.ir.text import print_graph
from tfc.ir.weights import save_arrays

from .random_graphs import Growing, union
from .settings import Setting, settings
from .shrink import operators, shrink
from .trial import Failure, Trial

TOGETHER = 20  # networks in one firmware
STEPS = 7  # of growing


@dataclass(frozen=True)
class Found:
    """A small network that fails, and where it comes from."""

    graph: Graph
    setting: Setting
    failure: Failure

    @property
    def stem(self) -> str:
        return f"{self.failure.kind.replace(' ', '-')}-{self.graph.name}"

    def save(self, folder: Path) -> Path:
        """Write it as text with its tensors: a case for tests/roads/cases."""
        path = folder / f"{self.stem}.tfir"
        folder.mkdir(parents=True, exist_ok=True)
        why = " ".join(f"{self.failure.kind}, {self.setting}: {self.failure.message}".split())
        path.write_text(f"// {why}\n{print_graph(self.graph)}", encoding="utf-8")
        save_arrays(path.with_suffix(".npz"), self.graph.tensors)
        return path


@dataclass
class Campaign:
    """Counts what was tried. Networks are numbered by their seeds, from `seed` on; settings take turns."""

    trial: Trial
    seed: int
    settings: list[Setting] = field(default_factory=settings)
    networks: int = 0
    ops: Counter[str] = field(default_factory=Counter)

    @property
    def summary(self) -> str:
        return f"{self.networks:,} networks, {self.ops.total():,} operators"

    def batch(self, size: int = TOGETHER) -> Found | None:
        """The next networks under the next setting; what fails is made small."""
        first = self.seed + self.networks
        setting = self.settings[first // TOGETHER % len(self.settings)]
        graphs = [Growing(number).grow(STEPS) for number in range(first, first + size)]
        failure = self.trial.failure(union(f"random{first}", graphs), setting)
        if failure:
            return self.small(graphs, setting, failure)
        self.networks += size
        self.ops.update(node.op for graph in graphs for node in operators(graph))
        return None

    def small(self, graphs: list[Graph], setting: Setting, failure: Failure) -> Found:
        """One network that fails alone if there is one, else all together; made small."""
        alone = next(((graph, found) for graph in graphs if (found := self.trial.failure(graph, setting))), None)
        graph, failure = alone or (union(graphs[0].name, graphs), failure)

        def fails(smaller: Graph) -> bool:
            found = self.trial.failure(smaller, setting)
            return found is not None and found.kind == failure.kind

        graph = shrink(graph, fails)
        return Found(graph, setting, self.trial.failure(graph, setting) or failure)

    def run(self, *, seconds: float | None = None, networks: int | None = None, progress: Callable[[], None] = lambda: None) -> Found | None:
        """Until one fails, or so many seconds have passed, or so many networks were tried."""
        until = None if seconds is None else time.monotonic() + seconds
        while (networks is None or self.networks < networks) and (until is None or time.monotonic() < until):
            left = TOGETHER if networks is None else min(TOGETHER, networks - self.networks)
            if found := self.batch(left):
                return found
            progress()
        return None
