"""The command line as a user meets it: what it prints, its exit codes, and what it says about bad input."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tfc.compiled import Compiled

from .conftest import Tfc


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
