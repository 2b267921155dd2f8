"""The command line as a user meets it: what it prints, its exit codes, and what it says about bad input."""

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
from PIL import Image
from torch import nn

from tfc import folder
from tfc.compiled import Compiled
from tfc.ir.diagnostic import Diagnostic

from .conftest import Result, Tfc


def test_compile_prints_what_the_model_needs(tfc: Tfc, exported: Path, images: Path, tmp_path: Path) -> None:
    result = tfc("compile", exported, "--target", "stm32f746", "--calib", images, "-o", tmp_path / "out")
    assert result.code == 0
    assert result.out.startswith(f"small_hybrid for stm32f746: {tmp_path / 'out'}")
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert f"{report['ram']['total_bytes']:,} of 327,680 bytes" in result.out
    assert (tmp_path / "out" / "build" / "firmware.elf").read_bytes()[:4] == b"\x7fELF"
    assert report["model"] in (tmp_path / "out" / "report.html").read_text()


def test_compile_json_is_the_report(tfc: Tfc, exported: Path, images: Path, tmp_path: Path) -> None:
    result = tfc("compile", exported, "--target", "stm32f746", "--calib", images, "-o", tmp_path / "out", "--json")
    assert json.loads(result.out) == json.loads((tmp_path / "out" / "report.json").read_text())
    assert result.err == ""


def test_run_prints_outputs_and_counts(tfc: Tfc, compiled: Compiled) -> None:
    result = json.loads(tfc("run", compiled.folder, "--profile", "--json").out)
    assert np.allclose(result["outputs"], [y[0] for y in compiled.to_float(compiled.golden("outputs"))])
    assert result["arena_peak_bytes"] == compiled.report["ram"]["arena_bytes"]
    assert 0 < result["stack_peak_bytes"] <= compiled.report["ram"]["stack_bytes"]
    assert 0 < sum(node["instructions"] for node in result["nodes"]) <= result["instructions"]
    assert {node["kernel"].partition("_s8")[0] for node in result["nodes"]} >= {"conv2d", "attention", "layer_norm"}
    latency = result["latency"]
    assert (latency["cycles"], latency["ms"]) == (result["cycles"], result["ms"])
    assert (latency["error_percent"], latency["source"]) == (5.0, "emulator")
    assert latency["ms"] == pytest.approx(latency["cycles"] / compiled.target.clock_hz * 1000, abs=1e-4)
    assert 0.98 < sum(node["cycles"] for node in result["nodes"]) / result["cycles"] < 1  # the rest are the calls between nodes
    assert 0.5 < result["cycles"] / result["instructions"] < 2
    assert f"{result['cycles']:,} cycles" in tfc("run", compiled.folder, "--profile").out
    assert json.loads(tfc("run", compiled.folder, "--json").out)["latency"] is None
    assert "instructions, stack" in tfc("run", compiled.folder).out


def test_run_takes_an_input(tfc: Tfc, compiled: Compiled, images: Path) -> None:
    golden = json.loads(tfc("run", compiled.folder, "--json").out)
    given = json.loads(tfc("run", compiled.folder, "--input", images, "--json").out)
    assert given == golden


def test_verify_finds_no_difference(tfc: Tfc, compiled: Compiled) -> None:
    result = tfc("verify", compiled.folder, "--json")
    verdict = json.loads(result.out)
    assert result.code == 0
    assert verdict["samples"] == 8
    assert verdict["mismatches"] == {"host": 0, "emulator": 0}
    assert verdict["float"]["cosine"] > 0.99
    assert "0 differ on the host, 0 differ on the emulator" in tfc("verify", compiled.folder, "--samples", 2).out


def test_the_host_gives_the_same_outputs(tfc: Tfc, compiled: Compiled) -> None:
    assert json.loads(tfc("run", compiled.folder, "--on", "host", "--json").out)["outputs"] == json.loads(tfc("run", compiled.folder, "--json").out)["outputs"]
    assert "%head = [" in tfc("run", compiled.folder, "--on", "host").out
    assert "only the emulator counts for each node" in tfc("run", compiled.folder, "--on", "host", "--profile").err


def test_eval_counts_what_is_right(tfc: Tfc, compiled: Compiled, images: Path, tmp_path: Path) -> None:
    chosen = compiled.golden("outputs")[0].reshape(8, -1).argmax(axis=1)
    labels = np.where(np.arange(8) < 6, chosen, (chosen + 1) % 5)  # six right, two wrong
    np.save(tmp_path / "labels.npy", labels)
    result = json.loads(tfc("eval", compiled.folder, "--images", images, "--labels", tmp_path / "labels.npy", "--json").out)
    assert (result["top1"], result["samples"]) == (75.0, 8)
    assert "top-1 75.00 % of 8 samples" in tfc("eval", compiled.folder, "--images", images, "--labels", tmp_path / "labels.npy").out
    np.save(tmp_path / "labels.npy", labels + 5)
    assert "the model has 5 classes" in tfc("eval", compiled.folder, "--images", images, "--labels", tmp_path / "labels.npy").err
    np.save(tmp_path / "labels.npy", labels[:3])
    assert "holds 3 labels" in tfc("eval", compiled.folder, "--images", images, "--labels", tmp_path / "labels.npy").err


def test_eval_tells_class_by_class_and_draws_the_confusion(tfc: Tfc, compiled: Compiled, images: Path, tmp_path: Path) -> None:
    chosen = compiled.golden("outputs")[0].reshape(8, -1).argmax(axis=1)
    labels = np.where(np.arange(8) < 6, chosen, (chosen + 1) % 5)
    np.save(tmp_path / "labels.npy", labels)
    args = ("eval", compiled.folder, "--images", images, "--labels", tmp_path / "labels.npy", "--confusion")
    result = json.loads(tfc(*args, tmp_path / "one.png", "--json").out)
    assert sum(map(sum, result["confusion"])) == 8
    for row in result["classes"]:
        counts = result["confusion"][row["class"]]
        assert (row["samples"], row["right"]) == (sum(counts), counts[row["class"]])
        wrong = [count for number, count in enumerate(counts) if number != row["class"]]
        assert (row["mostly_taken_for"] is None) == (not any(wrong))
        assert row["mostly_taken_for"] is None or counts[row["mostly_taken_for"]] == max(wrong)
    assert "mostly_taken_for" in tfc(*args, tmp_path / "two.png").out
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()
    with Image.open(tmp_path / "one.png") as picture:
        assert picture.format == "PNG"
        assert len(set(picture.convert("L").tobytes())) > 10
    assert "cannot be written" in tfc(*args, tmp_path / "nowhere" / "one.png").err


def test_verify_finds_a_broken_kernel(tfc: Tfc, exported: Path, images: Path, tmp_path: Path) -> None:
    from tfc.backends.target import load_target
    from tfc.backends.toolchain import build

    tfc("compile", exported, "--target", "stm32f746", "--calib", images, "-o", tmp_path / "out")
    square_root = tmp_path / "out" / "src" / "tfc" / "rsqrt.h"
    text = square_root.read_text()
    assert "1288490189" in text
    square_root.write_text(text.replace("1288490189", "1"))
    build(tmp_path / "out", load_target("stm32f746"))
    result = tfc("verify", tmp_path / "out", "--samples", 2)
    assert result.code == 1
    assert "the roads differ" in result.err


def test_opt_runs_passes_on_text(tfc: Tfc, tmp_path: Path) -> None:
    text = "tfir 1\ngraph @g {\n  %x = arg : f32[1, 4]\n  %y = relu %x : f32[1, 4]\n  %z = silu %x : f32[1, 4]\n  return %y\n}\n"
    (tmp_path / "g.tfir").write_text(text)
    assert tfc("opt", tmp_path / "g.tfir").out == text
    result = tfc("opt", tmp_path / "g.tfir", "--passes", "drop-dead,fuse-activation", "--time", "--print-after", "drop-dead")
    assert result.out == text.replace("  %z = silu %x : f32[1, 4]\n", "")
    assert "// after drop-dead" in result.err
    assert "fuse-activation: 0." in result.err
    assert tfc("opt", tmp_path / "g.tfir", "--passes", "drop-dead", "-o", tmp_path / "h.tfir").code == 0
    assert (tmp_path / "h.tfir").read_text() == result.out


def test_opt_quantizes_text_by_its_ranges(tfc: Tfc, tmp_path: Path) -> None:
    (tmp_path / "g.tfir").write_text(
        "tfir 1\ngraph @g { %x = arg {range = [0.0, 255.0]} : f32[1, 4] %y = silu %x {range = [0.0, 255.0]} : f32[1, 4] return %y }"
    )
    result = tfc("opt", tmp_path / "g.tfir", "--passes", "quantize,choose-kernels{objective=ram},plan-memory")
    assert "%y = silu %x {kernel = @table_s8} : i8[1, 4] q(1.0, -128) at dtcm+" in result.out


@pytest.mark.parametrize("verb", ["ops", "passes", "kernels", "targets"])
def test_lists(tfc: Tfc, verb: str) -> None:
    rows = json.loads(tfc(verb, "--json").out)
    printed = tfc(verb).out
    assert all(row["name"] in printed for row in rows)
    assert {"ops": "conv2d", "passes": "quantize", "kernels": "attention_s8", "targets": "stm32f746"}[verb] in {row["name"] for row in rows}


def test_ops_fit_120_columns_and_one_is_told_in_full(tfc: Tfc) -> None:
    assert max(len(line) for line in tfc("ops").out.splitlines()) <= 120
    printed, told = tfc("ops", "conv2d").out, json.loads(tfc("ops", "conv2d", "--json").out)
    assert told["torch"][0] == "aten.conv2d.default"
    assert "conv2d_s8_depthwise" in told["kernels"]
    assert all(word in printed for word in ("aten.conv2d.padding", "dilation: [int, int] = (1, 1)", "conv2d_s8_depthwise: "))
    assert "there is no operator 'conv3d'" in tfc("ops", "conv3d").err


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
    assert "test_cli.py:" in result.err


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
