"""Where roads part: the first node that differs is named, on the host, on the chip, and among the passes."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import tfc as package
from tfc.backends.c.project import resolve
from tfc.backends.host import model as host
from tfc.backends.target import Target
from tfc.backends.toolchain import build
from tfc.compiled import Compiled, load
from tfc.ir.graph import Graph, Node
from tfc.ir.types import Symbol
from tfc.passes import pipeline

from .conftest import Tfc


@pytest.fixture
def edited(compiled: Compiled, tmp_path: Path) -> Callable[[str, str, str], Compiled]:
    """The compiled folder with one text in one C file replaced, linked anew."""

    def edit(file: str, old: str, new: str) -> Compiled:
        folder = tmp_path / "edited"
        shutil.copytree(compiled.folder, folder)
        text = (folder / "src" / file).read_text()
        assert old in text
        (folder / "src" / file).write_text(text.replace(old, new, 1))
        build(folder, compiled.target)
        return load(folder)

    return edit


def first_of(graph: Graph, op: str) -> Node:
    return next(graph.of_op(op))


def test_a_bug_in_a_kernel_is_found_at_its_node(tfc: Tfc, edited: Callable[[str, str, str], Compiled]) -> None:
    broken = edited("tfc/rsqrt.h", "1288490189", "1")
    norm = first_of(broken.graph, "layer_norm")
    plain = tfc("verify", broken.folder, "--samples", 2)
    assert plain.code == 1
    assert "run with --find" in plain.err
    result = tfc("verify", broken.folder, "--samples", 2, "--find")
    assert result.code == 1
    assert f"the emulator differs first at %{norm.name}, sample 0:" in result.out
    assert f"kernel {norm.attrs['kernel']}; " in result.out
    assert f"what it read was right: %{norm.operands[0]}" in result.out
    assert "run with --find" not in result.err
    (told,) = json.loads(tfc("verify", broken.folder, "--samples", 2, "--find", "--json").out)["differences"]
    assert (told["road"], told["node"], told["kernel"], told["inputs_equal"], told["overwritten"]) == ("emulator", norm.name, norm.attrs["kernel"], True, None)
    assert told["expected"] != told["got"]
    assert told["text"].startswith(f"%{norm.name} = layer_norm")


def test_a_value_that_is_overwritten_is_told_from_one_that_is_wrong(compiled: Compiled, edited: Callable[[str, str, str], Compiled]) -> None:
    """Between the two readers of a residual stream one of its bytes changes."""
    graph = compiled.graph
    tokens, first, last = next((node, *readers) for node in graph if len(readers := in_order(graph, node)) == 2 and node.op not in ("arg", "const"))
    place = resolve(graph, compiled.target)[tokens.name]
    number = next(number for number, node in compiled.scheduled() if node.name == first.name)
    source = (compiled.folder / "src" / "model.c").read_text()
    function = source[source.index(f"void tfc_node_{number}(") :].partition("\n}\n")[0]
    broken = edited("model.c", function, f"{function}\n    ((volatile signed char *)arena[{place.pool}])[{place.offset + 5}] ^= 64;")
    found = broken.find("emulator", 1)
    assert found is not None
    assert (found.node.name, found.wrong, found.got) == (tokens.name, 1, found.expected ^ 64)
    assert (found.reader, found.between[0]) == (f"%{last.name}", first.name)
    assert f"was overwritten before %{last.name} read it; between them ran %{first.name}" in str(found)


def in_order(graph: Graph, node: Node) -> list[Node]:
    """The readers of a value as they run."""
    names = {user.name for user in graph.users(node)}
    return [user for user in graph if user.name in names]


def test_a_bug_on_the_host_is_found_at_its_node(tfc: Tfc, compiled: Compiled, monkeypatch: pytest.MonkeyPatch) -> None:
    op = next(node.op for node in compiled.graph if node.op in ("linear", "mean", "attention"))
    rule = host.HOST[op]

    def off_by_one(call: host.Call, emitter: host.Emitter) -> None:
        rule(call, emitter)
        emitter.write(emitter.result, 3, emitter.read(emitter.result, 3) + 1)

    monkeypatch.setitem(host.HOST, op, off_by_one)
    (told,) = json.loads(tfc("verify", compiled.folder, "--samples", 1, "--find", "--json").out)["differences"]
    node = first_of(compiled.graph, op)
    assert (told["road"], told["node"], told["wrong_elements"]) == ("host", node.name, 1)
    assert np.ravel_multi_index(told["element"], node.type.shape) == 3
    assert (told["got"] - told["expected"]) % 256 == 1


def changed_constant(graph: Graph, target: Target, *, ram: int | None = None) -> Graph:
    """What a pass might do, were it wrong: the bias of the last linear grows."""
    graph = graph.copy()
    linear = [node for node in graph.of_op("linear") if len(node.operands) > 2][-1]
    bias = graph[linear.operands[2]]
    name = Symbol(graph.fresh("wrong"))
    graph.tensors[name] = graph.tensors[bias.attrs["data"]] + 5000
    graph.add(replace(bias, attrs={**bias.attrs, "data": name}))
    return graph


@pytest.fixture
def wrong_pass(monkeypatch: pytest.MonkeyPatch) -> str:
    """lower-peak, the first pass after the golden outputs are made, changes a bias."""
    assert pipeline.choosing_passes("latency").startswith("lower-peak,")
    changed_constant.__name__ = "lower_peak"
    monkeypatch.setattr(pipeline, "PASSES", (*(one for one in pipeline.PASSES if one.__name__ != "lower_peak"), changed_constant))
    return "lower-peak"


def test_check_names_the_pass_that_changed_a_bit(tfc: Tfc, exported: Path, images: Path, wrong_pass: str, tmp_path: Path) -> None:
    result = tfc("compile", exported, "--target", "stm32f746", "--calib", images, "-o", tmp_path / "out", "--check")
    assert result.code == 1
    assert f"error: {wrong_pass}{{ram=" in result.err
    assert "changed what %head is; the first value to differ is %head: " in result.err
    assert "of sample 0 was " in result.err
    assert "before the pass: %head" in result.err


def test_the_golden_outputs_show_that_a_pass_changed_a_bit(tfc: Tfc, exported: Path, images: Path, wrong_pass: str, tmp_path: Path) -> None:
    folder = package.compile(exported, target="stm32f746", calib=images, output=tmp_path / "out").folder
    result = tfc("verify", folder, "--samples", 2)
    assert result.code == 1
    assert "0 differ on the host, 0 differ on the emulator" in result.out
    assert "2 samples differ from golden/outputs.npz, though the roads agree: a pass changed a bit" in result.err
    assert "tfc compile --check names the pass" in result.err
    assert json.loads(tfc("verify", folder, "--samples", 2, "--json").out)["golden_mismatches"] == 2


def test_right_passes_are_checked_and_kept(tfc: Tfc, exported: Path, compiled: Compiled, images: Path, tmp_path: Path) -> None:
    result = tfc("compile", exported, "--target", "stm32f746", "--calib", images, "-o", tmp_path / "out", "--check")
    assert result.code == 0
    assert "7 integer passes kept every bit of 4 samples" in result.err
    assert (tmp_path / "out" / "model.tfir").read_bytes() == (compiled.folder / "model.tfir").read_bytes()


def test_opt_checks_too(tfc: Tfc, compiled: Compiled, wrong_pass: str) -> None:
    model = compiled.folder / "model.tfir"
    assert "1 integer passes kept every bit" in tfc("opt", model, "--passes", "drop-dead", "--check").err
    result = tfc("opt", model, "--passes", "drop-dead,lower-peak", "--check")
    assert result.code == 1
    assert "lower-peak changed what %head" in result.err


def test_the_noisiest_nodes_are_listed(tfc: Tfc, compiled: Compiled) -> None:
    told = json.loads(tfc("verify", compiled.folder, "--samples", 1, "--json").out)["noisiest"]
    ratios = [row["snr_db"] for row in compiled.report["nodes"] if row["snr_db"] is not None]
    assert [row["snr_db"] for row in told] == sorted(ratios)[:5]
    assert "farthest from the float model" in tfc("verify", compiled.folder, "--samples", 1).out
