"""What the command line says about bad input, and about models that do not fit."""

import io
import json
import pickle
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from tfc import folder
from tfc.ir.diagnostic import Diagnostic

from .conftest import Result, Tfc


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["opt", "FILE", "--passes", "fuse-everything"], "there is no pass 'fuse-everything'\n  help: passes: fold-constants"),
        (["opt", "FILE", "--passes", "choose-kernels{speed=1}"], "choose-kernels has no option 'speed'\n  help: its options: flash, objective, ram"),
        (["opt", "FILE", "--passes", "choose-kernels{objective=joy}"], "this graph is not quantized"),
        (["opt", "FILE", "--passes", "drop-dead{", "--target", "stm32f746"], "is not the rest of a pipeline"),
        (["opt", "FILE", "--passes", "drop-dead", "--print-after", "quantize"], "'quantize' is not in this pipeline"),
        (["opt", "nowhere.tfir"], "nowhere.tfir cannot be read"),
        (["run", "FOLDER"], "is no compiled folder"),
    ],
)
def test_bad_requests_are_explained(tfc: Tfc, tmp_path: Path, args: list[str], message: str) -> None:
    (tmp_path / "g.tfir").write_text("tfir 1\ngraph @g { %x = arg : f32[1, 4] return %x }")
    result = tfc(*(str(tmp_path / "g.tfir") if arg == "FILE" else str(tmp_path) if arg == "FOLDER" else arg for arg in args))
    assert result.code == 1
    assert message in result.err
    assert "Traceback" not in result.err


def test_usage_errors_exit_with_2(tfc: Tfc) -> None:
    assert tfc("compile").code == 2
    assert tfc("compile", "model.pt2", "--target", "stm32f746", "--ram", "lots").code == 2
    assert tfc("fly").code == 2


class Executes:
    """A pickle that touches a file when it is loaded."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> object:
        return open, (str(self.path), "w")


def truncated(good: Path, path: Path) -> Path:
    path.write_bytes(good.read_bytes()[:-200])
    return path


def pickled_module(good: Path, path: Path) -> Path:
    torch.save(nn.Linear(2, 2), path)
    return path


def text_file(good: Path, path: Path) -> Path:
    path.write_text("import torch\n")
    return path


def executable_pickle(good: Path, path: Path) -> Path:
    """The good archive with every pickled member replaced by one that runs code, and one more where there was none."""
    with zipfile.ZipFile(good) as old, zipfile.ZipFile(path, "w") as new:
        payload = io.BytesIO()
        pickle.dump(Executes(path.with_suffix(".ran")), payload)
        for info in old.infolist():
            data = old.read(info)
            new.writestr(info.filename, payload.getvalue() if info.filename.endswith("sample_inputs/model.pt") else data)
    return path


def unsupported(good: Path, path: Path) -> Path:
    class Odd(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.cumsum(torch.sort(x)[0], -1)

    torch.export.save(torch.export.export(Odd(), (torch.zeros(1, 4),)), path)
    return path


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (truncated, "damaged or was cut short"),
        (pickled_module, "holds a pickled module"),
        (text_file, "is no model file"),
        (executable_pickle, "can run code when torch loads it"),
        (unsupported, "aten.cumsum.default"),
        (lambda good, path: path, "there is no file"),
    ],
    ids=["truncated", "pickled module", "text", "executable pickle", "unsupported operators", "missing"],
)
def test_bad_models_are_refused(tfc: Tfc, exported: Path, tmp_path: Path, make: Callable[[Path, Path], Path], message: str) -> None:
    path = make(exported, tmp_path / "model.pt2")
    result = tfc("compile", path, "--target", "stm32f746", "--calib", "random", "-o", tmp_path / "out")
    assert result.code == 1
    assert message in result.err
    assert not path.with_suffix(".ran").exists()
    assert not (tmp_path / "out").exists()


def test_unsupported_operators_are_listed_at_once(tfc: Tfc, tmp_path: Path) -> None:
    result = tfc("compile", unsupported(tmp_path, tmp_path / "odd.pt2"), "--target", "stm32f746", "--calib", "random")
    assert "aten.sort" in result.err
    assert "aten.cumsum" in result.err
    assert "test_cli_refusals.py:" in result.err


def test_bad_calibration_is_refused(tfc: Tfc, exported: Path, tmp_path: Path) -> None:
    def compile(*args: object) -> Result:
        return tfc("compile", exported, "--target", "stm32f746", "-o", tmp_path / "out", *args)

    np.save(tmp_path / "small.npy", np.zeros((4, 3, 8, 8), np.float32))
    np.save(tmp_path / "pixels.npy", np.zeros((4, 8, 8, 3), np.uint8))
    np.save(tmp_path / "nan.npy", np.full((2, 3, 16, 16), np.nan, np.float32))
    (tmp_path / "text.npy").write_text("no numbers")
    (tmp_path / "empty").mkdir()
    assert "--calib DATA, or --calib random" in compile().err
    assert "has shape (4, 3, 8, 8), the model takes samples of (1, 3, 16, 16)" in compile("--calib", tmp_path / "small.npy").err
    assert "images of (8, 8, 3), the model takes (16, 16, 3)" in compile("--calib", tmp_path / "pixels.npy").err
    assert "is not finite on the calibration data" in compile("--calib", tmp_path / "nan.npy").err
    assert "holds no arrays" in compile("--calib", tmp_path / "text.npy").err
    assert "holds no images" in compile("--calib", tmp_path / "empty").err
    assert "does not exist" in compile("--calib", tmp_path / "nowhere.npy").err
    assert compile().code == 1


def test_unknown_target(tfc: Tfc, exported: Path, tmp_path: Path) -> None:
    result = tfc("compile", exported, "--target", "pdp11", "--calib", "random", "-o", tmp_path / "out")
    assert result.code == 1
    assert "unknown target pdp11\n  help: the targets are " in result.err
    assert "stm32f746" in result.err


def test_a_model_that_does_not_fit_says_by_how_much_and_what_is_alive(tfc: Tfc, exported: Path, tmp_path: Path) -> None:
    result = tfc("compile", exported, "--target", "stm32f746", "--calib", "random", "-o", tmp_path / "out", "--ram", "3K", "--flash", "1K")
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert result.code == 1
    assert report["fits"] is False
    assert f"ram: {report['ram']['total_bytes']} bytes of 3072, {report['ram']['total_bytes'] - 3072} too many" in result.err
    assert f"flash: {report['flash']['total_bytes']} bytes of 1024" in result.err
    assert re.search(r"alive at the peak, while %\S+ \(node \d+ of \d+\) runs, are [\d,]+ bytes:\n  %[^:]+: [\d,]+ bytes\n", result.err)
    ways = {way["options"]: way["fits"] for way in report["ways_to_fit"]}
    larger = f"--ram {report['ram']['total_bytes']} --flash {report['flash']['total_bytes']}"
    assert ways == {"--optimize ram": False, "--optimize flash": False, larger: True, "--target stm32f767": True}
    assert "with --optimize ram it takes " in result.err
    assert "(code taken to be as large as here)" in result.err
    words = larger.split()
    assert f"with {larger} it takes {report['ram']['total_bytes']:,} bytes of ram and {report['flash']['total_bytes']:,} bytes of flash and fits" in result.err
    assert tfc("compile", exported, "--target", "stm32f746", "--calib", "random", "-o", tmp_path / "out", *words).code == 0


def test_a_smaller_reserve_makes_room(tfc: Tfc, exported: Path, tmp_path: Path) -> None:
    result = tfc("compile", exported, "--target", "stm32f746", "--calib", "random", "-o", tmp_path / "out", "--reserve", "319K")
    (found,) = re.findall(r"with (--reserve \d+) it takes 327,680 bytes of ram and fits", result.err)
    assert tfc("compile", exported, "--target", "stm32f746", "--calib", "random", "-o", tmp_path / "out", *found.split()).code == 0


def test_more_than_the_chip_has_is_refused(tfc: Tfc, exported: Path, tmp_path: Path) -> None:
    assert "ram: 1048576 bytes are asked for, stm32f746 has 327680" in tfc("compile", exported, "--target", "stm32f746", "--calib", "random", "--ram", "1M").err


def test_a_folder_of_a_compilation_that_failed_is_written_anew(tfc: Tfc, exported: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> Path:
        raise Diagnostic("the linker is out of order")

    args = ("compile", exported, "--target", "stm32f746", "--calib", "random", "-o", tmp_path / "out")
    with monkeypatch.context() as patch:
        patch.setattr(folder, "build", broken)
        assert "the linker is out of order" in tfc(*args).err
    assert (tmp_path / "out" / "src" / "model.c").exists()
    assert not (tmp_path / "out" / "report.json").exists()
    assert tfc(*args).code == 0


def test_a_folder_of_somebody_else_is_left_alone(tfc: Tfc, exported: Path, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("precious")
    result = tfc("compile", exported, "--target", "stm32f746", "--calib", "random", "-o", tmp_path)
    assert "exists and was not written by tfc" in result.err
    assert (tmp_path / "thesis.txt").read_text() == "precious"
