"""The zoo's command line on a network of a few weights: train, prune, export, and errors without a traceback."""

import pytest
import torch
from torch import nn

from tfc.nas.data import Cifar10, Split
from tfc.zoo import commands

PLAN = {"2": ((1, 1), 0.5)}


def build():
    return nn.Sequential(nn.AvgPool2d(8), nn.Flatten(), nn.Linear(48, 10))


def test_from_training_to_archive(tmp_path, monkeypatch, capsys):
    split = Split(torch.randint(0, 256, (64, 3, 32, 32), dtype=torch.uint8), torch.randint(10, (64,)))
    monkeypatch.setattr(commands, "load_cifar10", lambda folder: Cifar10(split, split, split))
    dense, sparse, archive = (str(tmp_path / name) for name in ("dense", "sparse", "tiny.pt2"))
    for line in (
        ["train", "--data", ".", "--out", dense, "--epochs", "1"],
        ["prune", "--from", dense, "--data", ".", "--out", sparse, "--epochs", "2", "--shards", "2"],
        ["prune", "--from", dense, "--data", ".", "--out", sparse, "--epochs", "2", "--resume"],
        ["test", "--from", sparse, "--data", "."],
        ["export", "--from", sparse, "--out", archive],
    ):
        commands.main(build, PLAN, "tiny", line)
    output = capsys.readouterr().out
    assert "2 1x1: 50.0 % of blocks are zero" in output
    assert output.count("epoch ") == 3, "a finished training has nothing to resume"
    weight = torch.export.load(archive).state_dict["2.weight"]
    assert int((weight == 0).sum()) >= 240


def test_errors_are_one_line(tmp_path):
    with pytest.raises(SystemExit, match=r"error: .*nowhere is no folder"):
        commands.main(build, PLAN, "tiny", ["train", "--data", str(tmp_path / "nowhere"), "--out", str(tmp_path)])
    with pytest.raises(SystemExit, match="no training has written there"):
        commands.main(build, PLAN, "tiny", ["export", "--from", str(tmp_path), "--out", str(tmp_path / "tiny.pt2")])
