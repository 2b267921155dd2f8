"""A small hybrid, its export, and its compiled folder: made once; and the command line."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import torch
from torch import nn

import tfc as package
from tfc.cli import main
from tfc.compiled import Compiled


class SmallHybrid(nn.Module):
    """Normalisation, a convolution with batch norm and silu, attention on its pixels, a residual, pooling, a classifier."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(8), nn.SiLU())
        self.norm = nn.LayerNorm(8)
        self.qkv = nn.Linear(8, 24)
        self.head = nn.Linear(8, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.stem((x - 128 / 255) / 0.25)
        tokens = x.flatten(2).transpose(1, 2)
        q, k, v = (part.reshape(1, -1, 2, 4).transpose(1, 2) for part in self.qkv(self.norm(tokens)).chunk(3, -1))
        mixed = nn.functional.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(1, -1, 8)
        return self.head((tokens + mixed).mean(1))


@pytest.fixture(scope="session")
def model() -> nn.Module:
    torch.manual_seed(0)
    return SmallHybrid().eval()


@pytest.fixture(scope="session")
def exported(model: nn.Module, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("export") / "small_hybrid.pt2"
    torch.export.save(torch.export.export(model, (torch.zeros(1, 3, 16, 16),)), path)
    return path


@pytest.fixture(scope="session")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight uint8 images [8, 16, 16, 3] in a file."""
    path = tmp_path_factory.mktemp("data") / "images.npy"
    np.save(path, np.random.default_rng(0).integers(0, 256, (8, 16, 16, 3), np.uint8))
    return path


@pytest.fixture(scope="session")
def compiled(exported: Path, images: Path, tmp_path_factory: pytest.TempPathFactory) -> Compiled:
    return package.compile(exported, target="stm32f746", calib=images, output=tmp_path_factory.mktemp("compiled") / "small")


class Result(NamedTuple):
    code: int
    out: str
    err: str


Tfc = Callable[..., Result]


@pytest.fixture
def tfc(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Tfc:
    """`tfc("run", folder)` runs the command line in this process; a traceback would be an exception here."""

    def run(*args: object) -> Result:
        monkeypatch.setattr(sys, "argv", ["tfc", *map(str, args)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as stop:
            main()
        return Result(int(stop.value.code or 0), *capsys.readouterr())

    return run
