"""A batch in parts gives the gradient of the whole batch."""

import pytest
import torch
from torch import nn

from tfc.nas.shards import Shards


def loss(model, x, y):
    return nn.functional.cross_entropy(model(x), y)


@pytest.mark.parametrize("count", [1, 2, 3, 16])
def test_gradient_of_the_parts_is_that_of_the_whole(count):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 8), nn.SiLU(), nn.Linear(8, 3))
    x, y = torch.randn(10, 4), torch.randint(0, 3, (10,))
    whole = loss(model, x, y)
    whole.backward()
    expected = [p.grad.clone() for p in model.parameters()]
    model.zero_grad()
    assert torch.allclose(Shards(model, count).backward(x, y, loss), whole)
    for gradient, p in zip(expected, model.parameters(), strict=True):
        assert torch.allclose(p.grad, gradient, atol=1e-6)


def test_copies_follow_the_weights():
    model = nn.Linear(4, 3)
    shards = Shards(model, 2)
    with torch.no_grad():
        model.weight.mul_(2)
    assert torch.equal(shards.models[1].weight, model.weight)


def test_no_shards_are_refused():
    with pytest.raises(ValueError, match="into 0 shards"):
        Shards(nn.Linear(1, 1), 0)
