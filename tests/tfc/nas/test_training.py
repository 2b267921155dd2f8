"""The training loop: it learns, resumes exactly, and its schedule is a triangle."""

import csv
import dataclasses

import pytest
import torch
from torch import nn

from tfc.nas import training
from tfc.nas.checkpoint import METRICS, load_weights
from tfc.nas.dataset import Split
from tfc.nas.pruning import Pruner
from tfc.nas.recipe import Recipe, rate_at
from tfc.nas.training import top1, train

RECIPE = Recipe(epochs=4, batch=32, small=0.5, hole=2)


def net():
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8), nn.SiLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 3))


def pictures(n=200):
    """Noise in which one colour is stronger: the class."""
    generator = torch.Generator().manual_seed(0)
    y = torch.randint(3, (n,), generator=generator)
    x = torch.randint(0, 160, (n, 3, 16, 16), generator=generator)
    x[torch.arange(n), y] += 80
    return Split(x.to(torch.uint8), y)


class Stopped(Exception):
    """A power cut."""


def stop_after(pruner, steps):
    """A pruner that ends the training in the middle of an epoch."""
    original, left = pruner.step, [steps]

    def step(progress):
        original(progress)
        left[0] -= 1
        if not left[0]:
            raise Stopped

    pruner.step = step
    return pruner


@pytest.mark.parametrize("more", [{}, {"average": 0.9, "mix": 0.5, "shift": 2}], ids=["plain", "average and mix"])
def test_resume_equals_an_uninterrupted_training(tmp_path, monkeypatch, more):
    """A stop in the middle of an epoch, after a checkpoint in the middle of one."""
    recipe = dataclasses.replace(RECIPE, **more)
    monkeypatch.setattr(training, "CHECKPOINT_SECONDS", 0.0)
    data, plan = pictures(), {"0": ((2, 1), 0.5)}
    whole = net()
    train(whole, data, data, recipe, tmp_path / "whole", pruner=Pruner(whole, plan))
    halted = net()
    with pytest.raises(Stopped):
        train(halted, data, data, recipe, tmp_path / "parts", pruner=stop_after(Pruner(halted, plan), 15))
    resumed = net()
    train(resumed, data, data, recipe, tmp_path / "parts", pruner=Pruner(resumed, plan), resume=True)
    for name, value in whole.state_dict().items():
        assert torch.equal(value, resumed.state_dict()[name]), name
    with (tmp_path / "parts" / METRICS).open() as file:
        assert [row["epoch"] for row in csv.DictReader(file)] == ["1", "2", "3", "4"]


def test_training_learns_and_its_checkpoint_loads(tmp_path):
    data, model = pictures(), net()
    accuracy = train(model, data, data, dataclasses.replace(RECIPE, epochs=8), tmp_path)
    assert accuracy > 90
    again = net()
    assert top1(again, data) < 90
    load_weights(tmp_path, again)
    assert top1(again, data) == accuracy


def test_resume_refuses_another_recipe_and_an_empty_folder(tmp_path):
    data = pictures(64)
    with pytest.raises(FileNotFoundError, match="no training has written there"):
        train(net(), data, data, RECIPE, tmp_path, resume=True)
    train(net(), data, data, dataclasses.replace(RECIPE, epochs=1), tmp_path)
    with pytest.raises(ValueError, match="another recipe: epochs 1 there, 4 here"):
        train(net(), data, data, RECIPE, tmp_path, resume=True)


def test_rate_is_a_triangle():
    recipe = Recipe(epochs=1, rate=0.4, warmup=0.25)
    assert [rate_at(p, recipe) for p in (0, 0.125, 0.25, 0.625, 1)] == [0, 0.2, 0.4, 0.2, 0]
    assert rate_at(0, Recipe(epochs=1, rate=0.4, warmup=0)) == 0.4
