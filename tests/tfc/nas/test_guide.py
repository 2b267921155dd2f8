"""The example in docs/training.md runs, and what it exports compiles without calibration data."""

import re
from pathlib import Path

import tfc

GUIDE = Path(__file__).parents[3] / "docs" / "training.md"


def test_the_example_runs_and_compiles(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (example,) = re.findall(r"```python\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.S)
    exec(compile(example, str(GUIDE), "exec"), {"__name__": "guide"})
    compiled = tfc.compile(tmp_path / "model.pt2", target="stm32f746", output=tmp_path / "out")
    weights = compiled.graph.constant(list(compiled.graph.of_op("conv2d"))[1].operands[1])
    assert (weights == 0).mean() > 0.79
    assert compiled.verify(2).mismatches == {"host": 0, "emulator": 0}
