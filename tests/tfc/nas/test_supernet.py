"""Shared weights: what a path computes with, how they are trained, and what a candidate inherits."""

import random

import pytest
import torch
from torch import nn

from tfc.ir.diagnostic import Diagnostic
from tfc.nas.augment import to_float
from tfc.nas.candidates import Candidate
from tfc.nas.checkpoint import load_weights
from tfc.nas.dataset import Dataset, Split
from tfc.nas.evaluation import evaluate, rounding
from tfc.nas.pruning import prune, zero_share
from tfc.nas.recipe import Recipe
from tfc.nas.sandwich import drawn, sandwich
from tfc.nas.space import Space
from tfc.nas.supernet import Supernet, corner, forget, norms, recalibrate
from tfc.nas.training import train

STAGE = {"kind": ("inverted", "mobilevit", "plain"), "width": (8, 12), "depth": (1, 2), "kernel": (3, 5), "stride": (2, 1)}
STAGE |= {"expansion": (1, 2), "tokens": (8, 16), "heads": (2, 4)}
CHOICES = {"resolution": (6, 8), "stem.width": (4, 8), "stem.kernel": (3,), "stem.stride": (1,)}
CHOICES |= {f"{stage}.{key}": values for stage in ("one", "two") for key, values in STAGE.items()} | {"head.width": (12, 16)}
SPACE = Space("tiny", (3, 8, 8), 3, CHOICES)
RECIPE = Recipe(epochs=5, batch=32, shift=0, rate=0.2)
CANDIDATE = Candidate(SPACE.largest_of({"one.kind": "plain", "two.kind": "mobilevit"}), {"body.two.1.layers.0.fc1": ((1, 4), 0.5)})


def pictures(n, seed):
    """Noise in which one colour is stronger: the class."""
    generator = torch.Generator().manual_seed(seed)
    y = torch.randint(3, (n,), generator=generator)
    x = torch.randint(0, 160, (n, 3, 8, 8), generator=generator)
    x[torch.arange(n), y] += 60
    return Split(x.to(torch.uint8), y)


DATA = Dataset(pictures(256, 0), pictures(150, 1), pictures(150, 2))


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    torch.manual_seed(0)
    supernet, out = Supernet(SPACE), tmp_path_factory.mktemp("supernet")
    train(supernet, DATA.train, DATA.validation, RECIPE, out, objective=sandwich(SPACE))
    return supernet, out


def test_corners_are_first_channels_and_middles_of_kernels():
    shared = torch.arange(4 * 6 * 25.0).reshape(4, 6, 5, 5)
    assert torch.equal(corner(shared, (2, 3, 3, 3)), shared[:2, :3, 1:4, 1:4])
    assert torch.equal(corner(shared, (2, 2, 5, 5), (1, 2)), shared[:2, [0, 3]])
    assert torch.equal(corner(torch.arange(12), (6,), (0, 3)), torch.tensor([0, 1, 4, 5, 8, 9]))


def test_a_path_computes_what_its_network_computes():
    torch.manual_seed(0)
    supernet, draw, x = Supernet(SPACE), random.Random(0), torch.rand(4, 3, 8, 8)
    with torch.no_grad():
        for path in (SPACE.sample(draw) for _ in range(12)):
            model = supernet.inherit(path)
            for norm in norms(model):
                forget(norm)  # both normalise by the batch
            supernet.activate(path)
            small = torch.nn.functional.interpolate(x, size=SPACE.shape(path)[-1], mode="bilinear", antialias=True)
            assert torch.equal(model(small), supernet(x))
    with pytest.raises(Diagnostic, match=r"'one.width' cannot be 10"):
        supernet.activate(SPACE.largest | {"one.width": 10})


def test_weights_are_shared_and_kinds_share_nothing():
    torch.manual_seed(0)
    supernet, small = Supernet(SPACE), SPACE.smallest_of({"one.kind": "plain", "two.kind": "inverted"})
    supernet(torch.rand(8, 3, 8, 8), [Candidate(small, {})]).sum().backward()
    first = supernet.get_parameter("parts.one_plain.0.0.weight").grad
    assert bool(first[:8, :4, 1:4, 1:4].abs().sum((2, 3)).all())
    assert not first[8:].any(), "channels that only wider paths have"
    assert not first[:, :, 0].any(), "the edge that only larger kernels have"
    assert supernet.get_parameter("parts.one_mobilevit.0.0.weight").grad is None


def test_a_step_has_the_largest_the_smallest_and_some_between():
    generator, kinds, shares = torch.Generator().manual_seed(0), set(), set()
    for _ in range(30):
        largest, smallest, dense, sparse = drawn(SPACE, 2, generator)
        chosen = {key: largest.path[key] for key in largest.path if key.endswith("kind")}
        kinds.add(tuple(chosen.values()))
        assert largest == Candidate(SPACE.largest_of(chosen), {})
        assert smallest == Candidate(SPACE.smallest_of(chosen), {})
        assert not dense.sparsity
        assert set(sparse.sparsity) == set(SPACE.layers(sparse.path))
        shares |= set(sparse.sparsity.values())
    assert len(kinds) == 9, "every pair of kinds is trained at its ends"
    assert len(shares) == 5 * 6, "every block with every share of zeros"


def test_zeros_are_those_of_pruning():
    torch.manual_seed(0)
    supernet, x = Supernet(SPACE), torch.rand(4, 3, 8, 8)
    model = supernet.inherit(CANDIDATE.path)
    prune(model, CANDIDATE.sparsity)
    for norm in norms(model):
        forget(norm)
    with torch.no_grad():
        assert torch.equal(model(x), supernet(x, [CANDIDATE])[0])


def test_training_makes_every_path_better(trained):
    supernet, _ = trained
    torch.manual_seed(0)
    fresh, draw = Supernet(SPACE), random.Random(1)
    candidates = [Candidate(SPACE.sample(draw), {}) for _ in range(4)]
    assert max(evaluate(fresh, candidate, DATA) for candidate in candidates) < 70
    after = [evaluate(supernet, candidate, DATA) for candidate in candidates]
    assert min(after) > 80
    assert [evaluate(supernet, candidate, DATA) for candidate in candidates] == after


def test_a_stopped_training_goes_on_to_the_same_weights(trained, tmp_path):
    torch.manual_seed(0)
    supernet, steps = Supernet(SPACE), []

    def stopping(*step):
        if len(steps) == 20:
            raise KeyboardInterrupt
        steps.append(step)
        return sandwich(SPACE)(*step)

    with pytest.raises(KeyboardInterrupt):
        train(supernet, DATA.train, DATA.validation, RECIPE, tmp_path, objective=stopping)
    resumed = Supernet(SPACE)
    train(resumed, DATA.train, DATA.validation, RECIPE, tmp_path, objective=sandwich(SPACE), resume=True)
    uninterrupted = Supernet(SPACE)
    load_weights(trained[1], uninterrupted)
    for name, value in uninterrupted.state_dict().items():
        assert torch.equal(value, resumed.state_dict()[name]), name


def test_statistics_are_the_mean_over_the_batches():
    torch.manual_seed(0)
    model = nn.Sequential(nn.BatchNorm2d(3))
    batches = torch.rand(4, 16, 3, 8, 8) * 3
    recalibrate(model, list(batches))
    assert torch.allclose(model[0].running_mean, batches.mean((0, 1, 3, 4)), atol=1e-5)
    assert torch.allclose(model[0].running_var, batches.transpose(1, 2).flatten(2).var(2).mean(0), atol=1e-4)
    assert model[0].momentum == 0.1
    assert not model[0].training


def test_a_candidate_is_pruned_and_rounded(trained):
    supernet, _ = trained
    model = rounding(supernet, CANDIDATE, DATA)
    with torch.no_grad():
        logits = model(to_float(DATA.validation.x))
    step = model.get_submodule("classifier_levels").grid()[0]
    assert torch.allclose(logits / step, (logits / step).round(), atol=1e-3), "the logits are whole steps"
    weight = model.get_submodule("body.two.1.layers.0.fc1").weight
    assert zero_share(weight, (1, 4)) == 0.5
    shared = supernet.get_parameter("parts.two_mobilevit.1.layers.0.fc1.weight")
    assert bool(shared.all()), "the supernet keeps its weights"
    right = int((logits.argmax(1) == DATA.validation.y).sum())
    assert evaluate(supernet, CANDIDATE, DATA) == 100 * right / 150
