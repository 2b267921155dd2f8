"""The zoo's command line on a network of a few weights: every stage, all in one, and errors without a traceback."""

import pytest
import torch
from PIL import Image
from torch import nn

import tfc
from tfc.nas.checkpoint import save_weights
from tfc.nas.dataset import Dataset, Split
from tfc.nas.recipe import Recipe
from tfc.zoo import commands
from tfc.zoo.cifar10_hybrid import Cifar10Hybrid


def build():
    return nn.Sequential(nn.AvgPool2d(8), nn.Flatten(), nn.Linear(48, 8), nn.ReLU(), nn.Linear(8, 10))


ONE = Recipe(epochs=1, batch=32)
TINY = commands.ZooModel(
    "tiny", build, {"2": ((1, 1), 0.5)}, {"train": Recipe(epochs=2, batch=32, average=0.9), "prune": ONE, "quantize": Recipe(epochs=1, batch=32, distill=0.5)}
)


@pytest.fixture
def data(monkeypatch):
    split = Split(torch.randint(0, 256, (64, 3, 32, 32), dtype=torch.uint8), torch.randint(10, (64,)))
    monkeypatch.setattr(commands, "load_cifar10", lambda folder: Dataset(split, split, split))


def test_stage_by_stage(tmp_path, data, capsys):
    dense, sparse, archive = (str(tmp_path / name) for name in ("dense", "sparse", "tiny.pt2"))
    for line in (
        ["train", "--data", ".", "--out", dense, "--epochs", "1"],
        ["prune", "--from", dense, "--data", ".", "--out", sparse, "--epochs", "2"],
        ["prune", "--from", dense, "--data", ".", "--out", sparse, "--epochs", "2", "--resume"],
        ["test", "--from", sparse, "--data", "."],
        ["export", "--from", sparse, "--out", archive],
        ["warm", "--from", sparse, "--out", str(tmp_path / "warm.ckpt")],
        ["train", "--from", str(tmp_path / "warm.ckpt"), "--data", ".", "--out", str(tmp_path / "more"), "--epochs", "1"],
    ):
        commands.main(TINY, line)
    output = capsys.readouterr().out
    assert "2 1x1: 50.0 % of blocks are zero" in output
    assert output.count("epoch ") == 4, "a finished training has nothing to resume"
    weight = torch.export.load(archive).state_dict["2.weight"]
    assert int((weight == 0).sum()) >= weight.numel() // 2
    half = torch.load(tmp_path / "warm.ckpt", weights_only=True)["2.weight"]
    assert half.dtype == torch.float16
    assert torch.equal(half.float(), weight)


def test_all_in_one_gives_what_compiles_without_samples(tmp_path, data, capsys):
    for _ in range(2):  # the second time, everything is finished
        commands.main(TINY, ["all", "--data", ".", "--out", str(tmp_path)])
    output = capsys.readouterr().out
    assert output.count("epoch ") == 4
    compiled = tfc.compile(tmp_path / "tiny.pt2", target="stm32f746", output=tmp_path / "out")
    assert compiled.verify(2).mismatches == {"host": 0, "emulator": 0}
    weights = compiled.graph.constant(next(compiled.graph.of_op("linear")).operands[1])
    assert (weights == 0).mean() >= 0.5
    with Image.open(tmp_path / "curves.png") as curves:
        assert curves.format == "PNG"
        assert len(curves.convert("RGB").getcolors(1 << 20)) > 10


def test_another_network_of_the_zoo_teaches(tmp_path, data):
    save_weights(Cifar10Hybrid(), tmp_path / "big.ckpt")
    line = ["train", "--data", ".", "--out", str(tmp_path / "taught"), "--epochs", "1", "--distill", "0.5", "--teacher"]
    commands.main(TINY, [*line, f"cifar10_hybrid:{tmp_path / 'big.ckpt'}"])
    assert (tmp_path / "taught" / "metrics.csv").is_file()
    with pytest.raises(SystemExit, match="error: 'nobody' is no model of the zoo"):
        commands.main(TINY, [*line, "nobody:here"])
    with pytest.raises(SystemExit, match=r"big\.ckpt holds the weights of another network"):
        commands.main(TINY, [*line, str(tmp_path / "big.ckpt")])
    with pytest.raises(SystemExit, match="needs both a teacher and a share of the loss"):
        commands.main(TINY, [*line[:-3], "--distill", "0.5"])


def test_errors_are_one_line(tmp_path):
    with pytest.raises(SystemExit, match=r"error: .*nowhere is no folder"):
        commands.main(TINY, ["train", "--data", str(tmp_path / "nowhere"), "--out", str(tmp_path)])
    with pytest.raises(SystemExit, match="no training has written there"):
        commands.main(TINY, ["export", "--from", str(tmp_path), "--out", str(tmp_path / "tiny.pt2")])
