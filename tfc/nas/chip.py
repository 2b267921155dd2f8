"""What a candidate costs on a chip, as the compiler plans it."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from tfc.backends.memory_map import STACK_BYTES
from tfc.backends.target import load_target
from tfc.data import random_inputs
from tfc.importer.model import import_model
from tfc.nas.candidates import Candidate, Limits
from tfc.nas.pruning import prune
from tfc.nas.space import Space
from tfc.passes.calibrate import calibrate_on
from tfc.passes.offers import flash_bid, offers_of, taken_of
from tfc.passes.pipeline import FLOAT, INTEGER, choosing_passes, run_pipeline
from tfc.passes.plan_memory import make_plan

CODE_BYTES = 40_000  # of all kernels that a network may need, about


@dataclass(frozen=True)
class Planned:
    """Latency by the bids of kernels; RAM is arena and stack, flash weights and the code that kernels bid."""

    ms: float
    ram_bytes: int
    flash_bytes: int


@dataclass(frozen=True)
class Chip:
    """Estimates candidates of a space: random weights, as sparse as the candidate says, through every pass for a target."""

    space: Space
    target: str
    limits: Limits

    def __call__(self, candidate: Candidate) -> Planned:
        """A Diagnostic where the compiler refuses the network."""
        target = load_target(self.target)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            model = self.space.build(candidate.path).eval()
        prune(model, candidate.sparsity)
        graph = run_pipeline(import_model(model, (torch.zeros(self.space.shape(candidate.path)),)), target, FLOAT)
        graph = run_pipeline(calibrate_on(graph, [x[:1] for x in random_inputs(graph)]), target, INTEGER)
        graph = run_pipeline(graph, target, choosing_passes("latency", self.limits.ram_bytes - STACK_BYTES, self.limits.flash_bytes - CODE_BYTES))
        offers = offers_of(graph, target, stored=True)
        cycles = sum(taken_of(graph, name, offers).cycles for name in offers)
        return Planned(1000 * cycles / target.clock_hz, make_plan(graph, target).peak + STACK_BYTES, flash_bid(graph, target) + CODE_BYTES)
