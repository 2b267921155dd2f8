"""SuperNAS: which supernet to train, judged by the distribution of its members under the limits of a chip."""

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import torch

from tfc.nas.candidates import Candidate, Costs, Estimator, Limits
from tfc.nas.proxies import Proxy, both
from tfc.nas.pruning import Block, prune
from tfc.nas.space import Space
from tfc.nas.space_file import RESOLUTION, Choice

ONE = (RESOLUTION, "stride")  # choices whose networks share weights badly
KINDS_KEPT = 2
BLOCK: Block = (2, 4)
ZEROS = (0.0, 0.5, 0.7, 0.85)  # shares of zero blocks that members have
BEST_OF = 8


@dataclass(frozen=True)
class Member:
    """A random candidate of a supernet: what it costs, whether that fits, and how promising it is."""

    candidate: Candidate
    costs: Costs
    fits: bool
    promise: float


@dataclass(frozen=True)
class Judged:
    """A supernet and what a look at some of its members says."""

    space: Space
    members: tuple[Member, ...]

    def score(self, worst: float, best_of: int = BEST_OF) -> float:
        """The promise to be expected of the best of so many random members; one that does not fit counts as `worst`.

        With the n promises sorted, the i-th is the best of k draws in (i/n)^k - ((i-1)/n)^k of all cases.
        """
        promises = sorted(member.promise if member.fits else worst for member in self.members)
        n = len(promises)
        return sum(promise * ((i / n) ** best_of - ((i - 1) / n) ** best_of) for i, promise in enumerate(promises, 1))

    @property
    def share(self) -> float:
        """How much of it fits."""
        return sum(member.fits for member in self.members) / len(self.members)


def supernets(space: Space, count: int, seed: int) -> Iterator[Space]:
    """Different random restrictions of a space: one resolution and one stride a part, at most two kinds a stage, neighbouring values of the rest."""
    draw, seen = random.Random(seed), list[Mapping[str, tuple[Choice, ...]]]()
    for _ in range(20 * count):  # a small space has fewer
        restricted = space.restrict({key: _kept(key, values, draw) for key, values in space.choices.items()})
        if restricted.choices not in seen and len(seen) < count:
            seen.append(restricted.choices)
            yield restricted


def _kept(key: str, values: tuple[Choice, ...], draw: random.Random) -> list[Choice]:
    if key.endswith(ONE):
        return [draw.choice(values)]
    if key.endswith(".kind"):
        return draw.sample(values, min(len(values), draw.randint(1, KINDS_KEPT)))
    width = len(values) // 2 + 1
    first = draw.randrange(len(values) - width + 1)
    return list(values[first : first + width])


def judge(space: Space, estimate: Estimator, limits: Limits, *, members: int, seed: int, proxy: Proxy = both) -> Judged:
    """Random members of a supernet with random weights, each layer with the same share of zeros; the same ones for the same seed."""
    draw = random.Random(seed)
    found = []
    for _ in range(members):
        path, zeros, weights = space.sample(draw), draw.choice(ZEROS), draw.randrange(2**31)
        candidate = Candidate(path, dict.fromkeys(space.layers(path), (BLOCK, zeros)) if zeros else {})
        costs = estimate(candidate)
        fits = limits.admit(costs)
        found.append(Member(candidate, costs, fits, promise(space, candidate, proxy, weights) if fits else float("nan")))
    return Judged(space, tuple(found))


def promise(space: Space, candidate: Candidate, proxy: Proxy, seed: int) -> float:
    """What a proxy says of a candidate with random weights."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = space.build(candidate.path)
    prune(model, candidate.sparsity)
    return proxy(model, torch.zeros(space.shape(candidate.path)))


def ranked(judged: list[Judged], best_of: int = BEST_OF) -> list[tuple[Judged, float]]:
    """Supernets with their scores, the best first; members that do not fit are worth as little as the least promising that fits anywhere."""
    promises = [member.promise for each in judged for member in each.members if member.fits]
    worst = min(promises, default=0.0)
    return sorted(((each, each.score(worst, best_of)) for each in judged), key=lambda pair: -pair[1])
