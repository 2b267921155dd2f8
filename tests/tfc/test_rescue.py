"""Accuracy rescue: what it brings where quantization hurts, and that it never makes things worse."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from tfc.backends.target import load_target
from tfc.data import quantize_inputs
from tfc.importer.model import import_model
from tfc.ir.evaluate import evaluate_batch
from tfc.noise import signal_to_noise
from tfc.passes.calibrate import calibrate_on
from tfc.passes.pipeline import FLOAT, run_pipeline
from tfc.report import Budget
from tfc.rescue import quality, rescue

TARGET = load_target("stm32f746")
ROOMY = Budget(TARGET.ram_bytes, TARGET.flash.size)


class Uneven(nn.Module):
    """Pointwise and depthwise convolutions whose channels differ in scale by up to 2¹⁰, undone by the weights behind them."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        widths = [3, 16, 16, 16, 16]
        self.layers = nn.ModuleList(nn.Conv2d(a, b, 3, padding=1, groups=b if index % 2 else 1) for index, (a, b) in enumerate(pairwise(widths)))
        gain = torch.ones(3)
        for layer in self.layers:
            with torch.no_grad():
                layer.weight /= gain.reshape(-1, 1, 1, 1) if layer.groups > 1 else gain.reshape(1, -1, 1, 1)
                gain = torch.ones(16) if layer is self.layers[-1] else 2 ** (10 * torch.rand(16) - 5)
                layer.weight *= gain.reshape(-1, 1, 1, 1)
                layer.bias *= gain
        self.head = nn.Linear(16, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for layer in self.layers:
            x = torch.relu(layer(x))
        return self.head(x.mean((2, 3)))


class Stream(nn.Module):
    """A residual stream with a large constant part, which int8 has no levels left beside."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.blocks = nn.ModuleList(nn.Sequential(nn.LayerNorm(16), nn.Linear(16, 32), nn.SiLU(), nn.Linear(32, 16)) for _ in range(3))
        self.offset = nn.Parameter(torch.tensor([30.0] + [0.0] * 15))
        self.norm, self.head = nn.LayerNorm(16), nn.Linear(16, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x + self.offset
        for block in self.blocks:
            x = x + block(x)
        return self.head(self.norm(x))


def ranged(model: nn.Module, shape: tuple[int, ...]) -> tuple[object, list[np.ndarray]]:
    graph = run_pipeline(import_model(model.eval(), (torch.zeros(shape),)), TARGET, FLOAT)
    return graph, [np.random.default_rng(0).random((16, *shape), np.float32)]


@pytest.mark.parametrize(("model", "shape", "gain"), [(Uneven, (1, 3, 8, 8), 6), (Stream, (1, 8, 16), 4)], ids=["uneven channels", "residual stream"])
def test_rescue_gains_decibels(model: type[nn.Module], shape: tuple[int, ...], gain: float) -> None:
    graph, samples = ranged(model(), shape)
    before, _ = quality(calibrate_on(graph, samples), TARGET, samples)
    after, _ = quality(rescue(graph, TARGET, samples, ROOMY), TARGET, samples)
    print(f"{model.__name__}: {before:.1f} dB, rescued {after:.1f} dB")
    assert after >= before + gain


def test_the_stream_becomes_int16_only_while_it_fits() -> None:
    graph, samples = ranged(Stream(), (1, 8, 16))
    assert any(node.attrs.get("wide") for node in rescue(graph, TARGET, samples, ROOMY))
    assert not any(node.attrs.get("wide") for node in rescue(graph, TARGET, samples, Budget(ram=600, flash=TARGET.flash.size)))


def test_noise_names_the_layer_that_hurts(tmp_path: Path) -> None:
    graph, samples = ranged(Uneven(), (1, 3, 8, 8))
    exact = calibrate_on(graph, samples)
    hurt = next(node.name for node in exact.of_op("conv2d"))
    lo, hi = exact[hurt].attrs["range"]
    coarse = exact.copy()
    coarse.add(exact[hurt].but(range=(64 * lo, 64 * hi)))
    quantized = run_pipeline(coarse, TARGET, "quantize")
    noise = signal_to_noise(exact, quantized, samples, quantize_inputs(quantized, samples))
    clean = run_pipeline(exact, TARGET, "quantize")
    reference = signal_to_noise(exact, clean, samples, quantize_inputs(clean, samples))
    assert noise[hurt] < reference[hurt] - 20
    assert evaluate_batch(clean, quantize_inputs(clean, samples))[0].shape == (16, 1, 10)
