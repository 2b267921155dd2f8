"""SuperNAS: which restrictions it draws, how it judges them, and its chart."""

import itertools
from typing import NamedTuple

import pytest
import torch
from PIL import Image
from torch import nn

from tfc.nas.candidates import Candidate, Limits
from tfc.nas.distributions import draw
from tfc.nas.presets import preset
from tfc.nas.proxies import PROXIES, capacity
from tfc.nas.pruning import prune
from tfc.nas.supernas import Judged, Member, judge, ranked, supernets


class Costs(NamedTuple):
    ms: float
    ram_bytes: int
    flash_bytes: int


SPACE = preset("cifar10").space
LIMITS = Limits(ram_bytes=1000, flash_bytes=10**9, ms=100.0)


def estimate(candidate: Candidate) -> Costs:
    """Wide stems need RAM, wide heads time."""
    return Costs(float(candidate.path["head.width"]) / 4, 40 * int(candidate.path["stem.width"]), 1000)


def test_supernets_keep_one_resolution_and_stride_and_neighbouring_values():
    found = list(supernets(SPACE, 20, seed=0))
    assert len(found) == 20
    assert found == list(supernets(SPACE, 20, seed=0))
    assert all(a != b for a, b in itertools.combinations(found, 2))
    for supernet in found:
        for key, values in supernet.choices.items():
            whole = SPACE.choices[key]
            first = whole.index(values[0])
            if key == "resolution" or key.endswith("stride"):
                assert len(values) == 1
            elif key.endswith("kind"):
                assert 1 <= len(values) <= 2
            else:
                assert values == whole[first : first + len(whole) // 2 + 1]
    assert {supernet.choices["stage3.kind"] for supernet in found} >= {("mobilevit",), ("inverted", "plain")}


def test_a_small_space_has_fewer_supernets():
    path = SPACE.largest
    point = SPACE.restrict({key: [value] for key, value in path.items()})
    assert list(supernets(point, 5, seed=0)) == [point]


def judged(*promises):
    members = [Member(Candidate({}, {}), Costs(1, 1, 1), promise is not None, float("nan") if promise is None else promise) for promise in promises]
    return Judged(SPACE, tuple(members))


def test_the_score_is_the_expected_best_of_some_members():
    each = judged(3.0, None, 1.0, 2.0)
    worth = [0.5, 1.0, 2.0, 3.0]  # a member that does not fit is the worst
    expected = sum(max(pair) for pair in itertools.product(worth, repeat=2)) / 16
    assert each.score(0.5, best_of=2) == pytest.approx(expected)
    assert each.score(0.5, best_of=1) == pytest.approx(sum(worth) / 4)
    assert each.share == 0.75


def test_supernets_whose_good_members_fit_come_first():
    some, few, none = judged(1.0, 2.0, 3.0, 3.1), judged(None, None, None, 9.0), judged(None, None, None, None)
    assert ranked([none, some, few], best_of=1) == [(few, 3.0), (some, 2.275), (none, 1.0)]
    assert ranked([few, some], best_of=4)[0] == (few, pytest.approx(9 - 8 * 0.75**4)), "the more are looked at, the more one good member counts"


def test_members_are_judged_by_costs_first(tmp_path):
    seen = []

    def proxy(model: nn.Module, x: torch.Tensor) -> float:
        seen.append(tuple(x.shape))
        return capacity(model, x)

    found = [judge(supernet, estimate, LIMITS, members=6, seed=i, proxy=proxy) for i, supernet in enumerate(supernets(SPACE, 3, seed=1))]
    members = [member for each in found for member in each.members]
    assert all(member.fits == (member.costs.ram_bytes <= 1000 and member.costs.ms <= 100) for member in members)
    assert {member.fits for member in members} == {True, False}
    assert len(seen) == sum(member.fits for member in members), "what does not fit is not built"
    assert set(seen) <= {(1, 3, 24, 24), (1, 3, 32, 32)}
    shares = {share for member in members for _, share in member.candidate.sparsity.values()}
    assert shares <= {0.5, 0.7, 0.85}
    torch.manual_seed(99)
    again = judge(found[0].space, estimate, LIMITS, members=6, seed=0, proxy=capacity)
    assert repr(again) == repr(found[0]), "whatever random numbers are drawn elsewhere"
    draw(ranked(found), LIMITS, tmp_path / "distributions.png")
    with Image.open(tmp_path / "distributions.png") as chart:
        assert chart.size == (1320, 540)
        assert len(chart.convert("RGB").getcolors(1 << 20)) > 20


@pytest.mark.parametrize("proxy", PROXIES.values(), ids=PROXIES)
def test_a_wide_network_promises_more_than_a_narrow_or_pruned_one(proxy):
    torch.manual_seed(0)
    narrow, wide = (nn.Sequential(nn.Conv2d(3, n, 3), nn.ReLU(), nn.Conv2d(n, n, 3)) for n in (4, 16))
    example = torch.zeros(1, 3, 8, 8)
    before = proxy(wide, example)
    assert before > proxy(narrow, example)
    assert wide[0].weight.min() < 0, "weights stay as they are"
    prune(wide, {"2": ((2, 4), 0.75)})
    assert proxy(wide, example) < before
