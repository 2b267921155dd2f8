"""Block pruning: whole blocks, exact counts, and masks that training cannot undo."""

import pytest
import torch
from torch import nn

import tfc
from tfc.backends.formats import stored_bytes as packed_bytes
from tfc.nas.pruning import Pruner, block_count, block_mask, prune, stored_bytes, zero_blocks
from tfc.options import Options

BLOCKS = [(1, 1), (1, 2), (1, 4), (2, 2), (2, 4), (4, 1)]


@pytest.mark.parametrize("block", BLOCKS)
@pytest.mark.parametrize("shape", [(8, 16), (8, 16, 3, 3), (7, 10, 3, 1)])
def test_mask_zeroes_the_weakest_blocks(block, shape):
    weight = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    zeros = round(0.75 * block_count(weight, block))
    mask = block_mask(weight, block, zeros).reshape(shape[0], shape[1], -1)
    squares = weight.reshape(mask.shape).square()
    kept, dropped = [], []
    for row in range(0, shape[0], block[0]):
        for column in range(0, shape[1], block[1]):
            for position in range(mask.shape[2]):
                part = (slice(row, row + block[0]), slice(column, column + block[1]), position)
                assert len(mask[part].unique()) == 1, "a block is kept or dropped as a whole"
                (kept if mask[part].flatten()[0] else dropped).append(float(squares[part].sum()))
    assert len(dropped) == zeros
    assert max(dropped) <= min(kept)


def net():
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(4, 8, 3, padding=1), nn.SiLU(), nn.Conv2d(8, 8, 3, groups=8), nn.Flatten(), nn.Linear(32, 10))


PLAN = {"0": ((2, 4), 0.5), "4": ((1, 4), 0.75)}


def test_masks_survive_training():
    model = net()
    pruner = prune(model, PLAN)
    masks = {name: mask.clone() for name, mask in pruner.masks.items()}
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    before = model[4].weight.clone()
    for _ in range(3):
        nn.functional.cross_entropy(model(torch.randn(16, 4, 4, 4)), torch.randint(10, (16,))).backward()
        optimizer.step()
        pruner.step(1.0)
    assert not torch.equal(before, model[4].weight)
    for name, (block, sparsity) in PLAN.items():
        weight = model[int(name)].weight
        assert torch.equal((weight != 0).float(), masks[name])
        assert zero_blocks(weight, block) == round(sparsity * block_count(weight, block))


def test_ramp_only_tightens_and_then_rests():
    pruner = Pruner(net(), PLAN, ramp=0.5)
    pruner.step(0.0)
    assert pruner.masks["4"].all()
    last, shares = pruner.masks["4"], []
    for progress in (0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 1.0):
        pruner.weights["4"].data.add_(0.01)  # a training step that revives everything
        pruner.step(progress)
        assert (pruner.masks["4"] <= last).all()
        last = pruner.masks["4"]
        shares.append(1 - float(last.mean()))
    assert shares == sorted(shares)
    assert shares[0] < 0.5
    assert shares[4:] == [0.75, 0.75, 0.75]


@pytest.mark.parametrize(
    ("plan", "message"),
    [
        ({"9": ((1, 4), 0.5)}, "no convolution or linear layer named 9; there are 0, 2, 4"),
        ({"2": ((1, 4), 0.5)}, "grouped convolutions cannot be pruned in blocks of channels: 2"),
        ({"4": ((1, 4), 75)}, "sparsity must lie in 0 <= s < 1; it does not for 4"),
    ],
)
def test_impossible_plans_are_refused(plan, message):
    with pytest.raises(ValueError, match=message.replace("(", r"\(")):
        Pruner(net(), plan)


def test_stored_bytes_are_those_of_the_compiled_folder(tmp_path):
    """What pruning promises for each layer, and what the compiler packs."""
    torch.manual_seed(0)
    plan = {"0": ((2, 4), 0.8), "2": ((1, 4), 0.75), "5": ((1, 1), 0.9), "6": ((1, 4), 0.1)}
    layers = [nn.Conv2d(8, 16, 3, padding=1), nn.ReLU(), nn.Conv2d(16, 16, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 64), nn.Linear(64, 12)]
    model = nn.Sequential(*layers).eval()
    prune(model, plan)
    torch.export.save(torch.export.export(model, (torch.zeros(1, 8, 8, 8),)), tmp_path / "m.pt2")
    graph = tfc.compile(tmp_path / "m.pt2", target="stm32f746", calib="random", output=tmp_path / "out", options=Options(optimize="flash")).graph
    packed = [packed_bytes(graph, graph[node.operands[1]]) for node in graph.of_op("conv2d", "linear")]
    promised = [stored_bytes(model[int(name)].weight) for name in plan]
    assert packed == promised
