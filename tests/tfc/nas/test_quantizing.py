"""Training with roundings: what is rounded, and that the compiled network computes what training saw."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

import tfc
from tfc.data import quantize_inputs
from tfc.ir.evaluate import evaluate_batch
from tfc.nas.pruning import Pruner, prune
from tfc.nas.quantizing import FakeQuantize, Levels, Tied, freeze, rounded
from tfc.nas.rounding_places import quantize_aware
from tfc.zoo.archive import round_weights, save_archive
from tfc.zoo.mobilevit import MobileViTBlock, conv_norm_act


class Branches(nn.Module):
    """A residual, a concatenation, an average, a table that is not fused."""

    def __init__(self):
        super().__init__()
        self.stem, self.body = conv_norm_act(3, 8, 3), nn.Sequential(nn.Conv2d(8, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8))
        self.side, self.head = conv_norm_act(8, 8, 1, act=nn.ReLU), nn.Linear(16, 5)

    def forward(self, x):
        x = self.stem((x - 0.5) * 4)
        x = torch.cat((F.relu(x + self.body(x)), self.side(x)), 1)
        return self.head(F.silu(F.adaptive_avg_pool2d(x, 1).flatten(1)))


class Hybrid(nn.Module):
    """A MobileViT block: attention, layer norms, tables, a concatenation."""

    def __init__(self):
        super().__init__()
        self.stem, self.block, self.head = conv_norm_act(3, 8, 3, stride=2), MobileViTBlock(8, width=8, hidden=16, heads=2, depth=1), nn.Linear(8, 5)

    def forward(self, x):
        return self.head(self.block(self.stem(x)).mean((2, 3)))


def trained(build, steps=20):
    """A network after some steps of training with roundings."""
    torch.manual_seed(0)
    model = quantize_aware(build(), torch.zeros(2, 3, 16, 16)).train()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    for _ in range(steps):
        loss = F.cross_entropy(model(torch.rand(16, 3, 16, 16)), torch.randint(5, (16,)))
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    return model.eval()


def levels(model):
    modules = model.named_modules(remove_duplicate=False)
    return {name.removesuffix("_levels"): module.levels for name, module in modules if isinstance(module, FakeQuantize) and "." not in name}


def test_values_are_rounded_where_kernels_end():
    model = quantize_aware(Branches(), torch.zeros(2, 3, 16, 16))
    assert levels(model) == {
        "x": 256, "sub": 256, "mul": 256,  # what folds into the scale of the input
        "stem_1": 1024, "stem_2": 256,  # a table reads the sum of the convolution
        "cat": 256, "adaptive_avg_pool2d": 256, "silu": 256, "head": 256,
    }  # fmt: skip
    for part in ("relu_levels", "side_2_levels"):
        assert isinstance(model.get_submodule(part), Tied), "parts of a concatenation share its levels"


def test_inside_attention_nothing_is_rounded():
    names = set(levels(quantize_aware(Hybrid(), torch.zeros(2, 3, 16, 16))))
    assert {"block_layers_0_attention_qkv", "matmul_1", "block_layers_0_norm1"} <= names
    assert not {"matmul", "mul", "softmax"} & names


@pytest.mark.parametrize("levels", [256, 1024])
def test_levels_hold_zero_and_follow_the_extremes(levels):
    module = FakeQuantize(levels).train()
    x = torch.linspace(-1.3, 2.9, 500, requires_grad=True)
    y = module(x)
    assert 0.0 in (y - y[y.detach().abs().argmin()]).tolist()
    assert len(y.detach().unique()) == pytest.approx(min(levels, 500), abs=1)
    assert float((y - x).detach().abs().max()) <= 4.2 / (levels - 1)
    module.eval()
    y = module(torch.tensor([-9.0, 9.0]))
    assert float(y[0]) == pytest.approx(-1.3, abs=0.02)
    assert float(y[1]) == pytest.approx(2.9, abs=0.02)
    module(x).sum().backward()
    assert set(x.grad.tolist()) <= {0.0, 1.0}
    assert int(x.grad.sum()) >= 495


def test_rounded_weights_are_whole_steps_and_survive_half_precision():
    weight = torch.randn(6, 4, 3, 3, requires_grad=True)
    steps = rounded(weight) / (weight.detach().abs().amax((1, 2, 3), keepdim=True) / 127)
    assert torch.allclose(steps, steps.round(), atol=1e-3)
    assert int(steps.abs().max().round()) == 127
    once = rounded(weight).detach()
    again = once.half().float()
    scale = again.abs().amax((1, 2, 3), keepdim=True) / 127
    assert torch.equal((again / scale).round(), steps.round())
    rounded(weight).sum().backward()
    assert torch.equal(weight.grad, torch.ones_like(weight))


@pytest.mark.parametrize("build", [Branches, Hybrid])
def test_the_compiled_network_computes_what_training_saw(tmp_path: Path, build):
    model = trained(build)
    with torch.no_grad():
        images = torch.rand(64, 3, 16, 16)
        seen = model(images).numpy()
        round_weights(freeze(model))
        assert np.abs(model(images).numpy() - seen).max() < 0.02
    save_archive(model, torch.zeros(1, 3, 16, 16), tmp_path / "model.pt2")
    compiled = tfc.compile(tmp_path / "model.pt2", target="stm32f746", output=tmp_path / "out")  # brings all its scales: no samples are needed
    computed = compiled.to_float(evaluate_batch(compiled.graph, quantize_inputs(compiled.graph, [images.numpy()[:, None]])))[0][:, 0]
    last = [module for module in model.modules() if isinstance(module, Levels)][-1]
    step = compiled.graph[compiled.graph.results[0]].type.quantization.scale
    assert step == pytest.approx(last.scale)
    difference = np.abs(computed - seen) / step
    assert difference.max() < 4
    assert difference.mean() < 0.6
    assert compiled.verify(2).mismatches == {"host": 0, "emulator": 0}


def test_zeros_survive_rounding():
    torch.manual_seed(0)
    model = Branches()
    zero = prune(model, {"body.0": ((2, 4), 0.5)}).masks["body.0"] == 0
    aware = quantize_aware(model, torch.zeros(2, 3, 16, 16))
    pruner = Pruner(aware, {"body.0": ((2, 4), 0.5)}, ramp=0)
    pruner.step(1.0)
    assert bool((rounded(aware.get_submodule("body.0").weight)[zero] == 0).all())
    assert torch.equal(pruner.masks["body.0"] == 0, zero)


def test_layers_that_cannot_be_rounded_are_named():
    with pytest.raises(ValueError, match=r"these layers cannot be rounded in training: 0; quantize after training instead"):
        quantize_aware(nn.Sequential(nn.ConvTranspose2d(3, 3, 2)), torch.zeros(1, 3, 4, 4))
