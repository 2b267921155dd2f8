"""Random networks through all passes: evaluator, host and emulated chip must give the same bits. What once failed is tried again."""

from collections import Counter
from pathlib import Path

import pytest

from tfc.fuzz.campaign import STEPS, TOGETHER, Campaign
from tfc.fuzz.random_graphs import Growing
from tfc.fuzz.settings import Setting, settings
from tfc.fuzz.shrink import operators
from tfc.fuzz.trial import Trial
from tfc.ir.int_rules import INT
from tfc.ir.weights import load_graph

CASES = sorted((Path(__file__).parent / "cases").glob("*.tfir"))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "first" in metafunc.fixturenames:
        metafunc.parametrize("first", range(0, metafunc.config.getoption("--graphs"), TOGETHER))


def test_the_roads_meet(first: int, trial: Trial) -> None:
    campaign = Campaign(trial, first)
    found = campaign.batch()
    assert found is None, f"{found.failure} of {found.setting}: {found.graph.name}"
    print(f"{campaign.networks} networks, {campaign.ops.total()} operators")


@pytest.mark.parametrize("setting", settings(), ids=str)
@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_what_once_failed(path: Path, setting: Setting, trial: Trial) -> None:
    assert trial.failure(load_graph(path), setting) is None


def test_every_operator_occurs() -> None:
    seen: Counter[str] = Counter()
    for seed in range(200):
        seen.update(node.op for node in operators(Growing(seed).grow(STEPS)))
    integer = set(INT) - {"rescale", "reinterpret", "convert", "reciprocal", "rsqrt", "log", "exp", "square", "sqrt"}
    print(dict(seen.most_common()))
    assert integer <= set(seen)
