"""What a candidate costs on a chip, as the compiler plans it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import torch

from tfc.estimator import Estimate
from tfc.nas.candidates import Candidate, Limits
from tfc.nas.space import Space
from tfc.options import Options
from tfc.session import Prepared, Session
from tfc.sparsity import Sparsity

NETWORKS = 200  # that are kept: a search asks for many sparsities of one path
LEAST = 1e-3  # a density


@dataclass(frozen=True)
class Chip:
    """Estimates candidates of a space inside these limits: what counts of a network are its shapes, and how sparse the candidate makes it."""

    space: Space
    target: str
    limits: Limits
    networks: dict[tuple[int | float | str, ...], Prepared] = field(default_factory=dict, compare=False, repr=False)

    @cached_property
    def session(self) -> Session:
        return Session(self.target, Options(ram=self.limits.ram_bytes, flash=self.limits.flash_bytes))

    def __call__(self, candidate: Candidate) -> Estimate:
        """A Diagnostic where the compiler refuses the network."""
        sparsity = {layer: Sparsity(block, max(1 - zeros, LEAST)) for layer, (block, zeros) in candidate.sparsity.items()}
        return self.session.estimate(self.network(candidate), sparsity=sparsity)

    def network(self, candidate: Candidate) -> Prepared:
        """The network of a path, with random weights."""
        path = self.space.canonical(candidate.path)
        key = tuple(path.values())
        if key not in self.networks:
            if len(self.networks) >= NETWORKS:
                del self.networks[next(iter(self.networks))]
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(0)
                model = self.space.build(path).eval()
            self.networks[key] = self.session.prepared(model, (torch.zeros(self.space.shape(path)),))
        return self.networks[key]
