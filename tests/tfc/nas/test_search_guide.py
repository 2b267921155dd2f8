"""The examples in docs/search.md run, one after the other."""

import re
from pathlib import Path

import torch

import tfc.nas.dataset as images
from tfc.nas.candidates import Candidate
from tfc.nas.evaluation import evaluate
from tfc.nas.recipe import Recipe

GUIDE = Path(__file__).parents[3] / "docs" / "search.md"


def test_the_examples_run(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    text = GUIDE.read_text(encoding="utf-8")
    (space,) = re.findall(r"```toml\n(.*?)```", text, re.S)
    Path("space.toml").write_text(space, encoding="utf-8")
    split = images.Split(torch.randint(256, (8, 3, 32, 32), dtype=torch.uint8), torch.arange(8))
    data = images.Dataset(split, split, split)
    scope = {"__name__": "guide", "data": data, "recipe": Recipe(batch=4), "out": tmp_path / "out"}
    for example in re.findall(r"```python\n(.*?)```", text, re.S)[:2]:
        exec(compile(example, str(GUIDE), "exec"), scope)
    path = scope["path"]
    assert "body.stage1" in capsys.readouterr().out
    assert 0 <= evaluate(scope["supernet"], Candidate(path, {scope["smaller"].layers(path)[0]: ((2, 4), 0.5)}), data) <= 100
