"""TorchScript files that are refused: what they are told, and that nothing in a hostile one runs."""

import io
import os
import pickle
import subprocess
import sys
import warnings
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

import tfc.importer.torchscript.steps
from tfc.compiler import import_with_shapes
from tfc.importer.archive import inspect_archive
from tfc.importer.model import import_model
from tfc.importer.torchscript.archive import recorded_inputs
from tfc.importer.torchscript.trace import NoShapes
from tfc.ir.diagnostic import Diagnostic


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(x) + torch.tensor([1.0, 2.0])


class Evil:
    """A pickle that makes a file when it is loaded."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        return os.system, (f"touch {self.marker}",)


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@pytest.fixture(scope="module")
def good() -> dict[str, bytes]:
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.save(torch.jit.trace(Net().eval(), torch.zeros(1, 4)), buffer)
    with zipfile.ZipFile(buffer) as archive:
        return {name.partition("/")[2]: archive.read(name) for name in archive.namelist()}


@pytest.fixture
def marker(tmp_path: Path) -> Path:
    return tmp_path / "it_ran"


def write(path: Path, contents: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in contents.items():
            archive.writestr(f"net/{name}", data)
    return path


def refusal(source: Any, *inputs: Tensor, **options: Any) -> str:
    with pytest.raises(Diagnostic) as caught:
        import_model(source, inputs or None, **options)
    return str(caught.value)


def scripted(module: nn.Module) -> str:
    return refusal(torch.jit.script(module), torch.zeros(1, 4))


class If(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        if x.mean() > 0:
            return x + 1
        return x * 2


class While(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        while float(x.mean()) < 5.0:
            x = x + 1
        return x


class Item(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x * float(x.mean())


class Forever(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        n = 0
        while n >= 0:
            n += 0
        return x


class Raises(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        if x.dim() != 4:
            raise ValueError(f"images only, not {x.dim()} axes")
        return x


class Counts(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.n = 0

    def forward(self, x: Tensor) -> Tensor:
        self.n += 1
        return x * self.n


class TakesList(nn.Module):
    def forward(self, xs: list[Tensor]) -> Tensor:
        return xs[0] * 2


class ReturnsNumber(nn.Module):
    def forward(self, x: Tensor) -> tuple[Tensor, int]:
        return x * 2, 3


class Unsupported(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        a, _ = torch.cumsum(x, 1).sort(-1)
        return F.relu(a) + torch.fft.fft(x).real


@pytest.mark.parametrize(
    ("module", "messages"),
    [
        (If(), ["control flow of this program depends on its data", "prim::If (test_torchscript_refusals.py:", "torch.jit.trace"]),
        (While(), ["control flow of this program depends on its data", "prim::Loop (test_torchscript_refusals.py:"]),
        (Item(), ["a number that was read out of a tensor", "aten::mul (test_torchscript_refusals.py:"]),
        (Raises(), ["raises an error for these inputs: images only, not 2 axes", "prim::RaiseException (test_torchscript_refusals.py:"]),
        (Counts(), ["changes its own state 'n' on every call"]),
        (TakesList(), ["takes 'xs' (Tensor[]); inputs for tfc are tensors"]),
        (ReturnsNumber(), ["result 1 of ReturnsNumber is not a tensor, but 3"]),
        (
            Unsupported(),
            [
                "calls of operators that tfc does not support",
                "aten.fft_fft",
                "aten.cumsum.default (test_torchscript_refusals.py:",
                "aten.sort.default (test_torchscript_refusals.py:",
            ],
        ),
        (nn.Sequential(nn.Unflatten(1, (2, 2)), nn.BatchNorm1d(2)).train(), ["this batch_norm was", "in training mode", "model.eval()"]),
        (nn.Sequential(nn.Linear(4, 4), nn.Dropout()).train(), ["this dropout was", "in training mode", "aten.dropout.default in 1", "model.eval()"]),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, nn.Module) else "",
)
def test_scripts_that_are_no_network(module: nn.Module, messages: list[str]) -> None:
    said = scripted(module)
    assert [message for message in messages if message not in said] == []


def test_a_loop_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tfc.importer.torchscript.steps, "MOST_STEPS", 1000)
    assert "takes more than 1000 steps" in scripted(Forever())


@pytest.mark.parametrize("layer", [nn.BatchNorm1d(4), nn.Dropout()])
def test_traces_in_training_mode(layer: nn.Module) -> None:
    module = nn.Sequential(nn.Linear(4, 4), layer).train()
    with pytest.raises(Diagnostic, match=r"in training mode[\s\S]* in 1 \([\s\S]*model.eval\(\)"):
        import_model(torch.jit.trace(module, torch.zeros(3, 4), check_trace=False), shapes=[(1, 4)])


def test_shapes(good: dict[str, bytes], tmp_path: Path) -> None:
    path = write(tmp_path / "net.pt", good)
    said = refusal(path, shapes=[(1, 5)])
    assert "for tensors of shape (1, 5), (2, 4), (2,) torch says" in said
    assert "aten.linear.default in fc (test_torchscript_refusals.py:" in said
    assert "has 1 inputs (x), and 2 shapes were given" in refusal(path, shapes=[(1, 4), (1, 4)])
    assert "a batch of 2\n  help: tfc takes batch 1: --shape" in refusal(path, shapes=[(2, 4)])
    assert "at most" in refusal(path, shapes=[(1, 1 << 40)])
    assert "it is empty" in refusal(torch.jit.script(nn.ReLU()), torch.zeros(1, 0))
    assert "holds int64; tfc takes float inputs" in refusal(torch.jit.trace(nn.ReLU(), torch.zeros(1, 4, dtype=torch.int64)))


def test_a_trace_that_does_not_say_its_shapes(good: dict[str, bytes], tmp_path: Path) -> None:
    path = write(tmp_path / "net.pt", {name: data for name, data in good.items() if not name.startswith("traced_inputs")})
    assert "net.pt does not say the shapes of its inputs (x)\n  help: --shape 1,3,32,32" in refusal(path)
    with pytest.raises(NoShapes):
        import_with_shapes(path, None, None, "random")
    np.save(tmp_path / "samples.npy", np.zeros((7, 4), np.float32))
    for calib in (tmp_path / "samples.npy", [np.zeros((7, 1, 4), np.float32)]):
        assert import_with_shapes(path, None, None, calib).arguments[0].type.shape == (1, 4)


def test_deflated_archives_are_the_same_model(good: dict[str, bytes], tmp_path: Path) -> None:
    assert import_model(write(tmp_path / "a.pt", good, zipfile.ZIP_DEFLATED), name="net") == import_model(write(tmp_path / "b.pt", good), name="net")


@pytest.mark.parametrize("member", ["data.pkl", "constants.pkl", "traced_inputs.pkl", "code/__torch__.py.debug_pkl"])
@pytest.mark.parametrize("protocol", [2, 4])
def test_nothing_in_a_pickle_runs(good: dict[str, bytes], marker: Path, tmp_path: Path, member: str, protocol: int) -> None:
    name = next(name for name in good if name.startswith(member.removesuffix("__torch__.py.debug_pkl")) and name.endswith(member[-4:]))
    said = refusal(write(tmp_path / "evil.pt", {**good, name: pickle.dumps(Evil(marker), protocol=protocol)}))
    assert "holds more than modules and tensors" in said
    assert not marker.exists()


def code(good: dict[str, bytes], old: bytes, new: bytes) -> dict[str, bytes]:
    """The archive with other code for the root module."""
    name = next(name for name, data in good.items() if name.endswith(".py") and b"class Net" in data)
    assert old in good[name]
    return {**good, name: good[name].replace(old, new, 1)}


def test_code_that_would_run_or_overrun(good: dict[str, bytes], tmp_path: Path) -> None:
    method = b"  def __setstate__(self, state: int) -> NoneType:\n    return None\n  def forward"
    assert "a method that runs when the file is loaded" in refusal(write(tmp_path / "a.pt", code(good, b"  def forward", method)))
    custom = code(good, b"  fc : ", b"  other : __torch__.torch.classes.quantized.LinearPackedParamsBase\n  fc : ")
    assert "an object of a C++ extension" in refusal(write(tmp_path / "b.pt", custom))
    for number, nested in enumerate((b"(" * 5000 + b"x" + b")" * 5000, b"x" + b" + 1" * 2000, b"-" * 2000 + b"1")):
        said = refusal(
            write(tmp_path / f"c{number}.pt", code(good, b"  def forward", b"  def other(self, x: int) -> int:\n    return " + nested + b"\n  def forward"))
        )
        assert "deep" in said or "no TorchScript code" in said
    assert "torch cannot load" in refusal(write(tmp_path / "d.pt", code(good, b"torch.add", b"torch.no_such_operator")))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("\n    fc = self.fc\n", '\n    torch.save(x, "MARKER")\n    fc = self.fc\n'),
        ("forward(x, )", 'forward(torch.add(x, torch.from_file("MARKER", True, 10)), )'),
    ],
)
def test_operators_that_write_files_are_never_executed(good: dict[str, bytes], marker: Path, tmp_path: Path, old: str, new: str) -> None:
    said = refusal(write(tmp_path / "evil.pt", code(good, old.encode(), new.replace("MARKER", str(marker)).encode())))
    assert "call of operators that tfc does not support:\n  aten." in said
    assert not marker.exists()


def test_tensors_that_leave_their_bytes(good: dict[str, bytes], tmp_path: Path) -> None:
    short = next(name for name in good if name.startswith("data/") and len(good[name]) == 32)
    assert "leaves the bytes of " + short in refusal(write(tmp_path / "a.pt", {**good, short: b"\0" * 8}))
    assert "lacks " + short in refusal(write(tmp_path / "b.pt", {name: data for name, data in good.items() if name != short}))
    weight = good["data.pkl"]
    assert weight.count(b"(K\x04K\x01t") == 1  # the strides of the weight
    assert "leaves the bytes" in refusal(write(tmp_path / "c.pt", {**good, "data.pkl": weight.replace(b"(K\x04K\x01t", b"(K\x09K\x01t")}))
    assert "is damaged: data.pkl is not what torch.jit.save writes" in refusal(write(tmp_path / "d.pt", {**good, "data.pkl": b"\x80\x02."}))


def test_numbers_that_torch_does_not_check(good: dict[str, bytes], tmp_path: Path) -> None:
    strange = code(good, b'torch.device("cpu"), 6)', b'torch.device("cpu"), -5)')
    assert "-5 is no ScalarType that tfc knows" in refusal(write(tmp_path / "type.pt", strange))
    # Source ranges whose texts do not exist: the lines are lost, and nothing else.
    name = next(name for name in good if "/linear" in name and name.endswith(".debug_pkl"))
    ranges = ("FORMAT_WITH_STRING_TABLE", ("",), ((0, (((99,), 0, 0), 0, 0), 0),))
    graph = import_model(write(tmp_path / "ranges.pt", {**good, name: pickle.dumps(ranges, protocol=2)}))
    assert [node.source.line for node in graph.of_op("linear") if node.source] == [""]


def test_the_command_line_takes_shapes(good: dict[str, bytes], tmp_path: Path) -> None:
    path = write(tmp_path / "net.pt", good)
    for shape, status, message in (("1,x", 2, "'1,x' is not a shape"), ("1,5", 1, "for tensors of shape (1, 5)"), ("2,4", 1, "a batch of 2")):
        command = [sys.executable, "-m", "tfc.cli", "compile", str(path), "--target", "stm32f746", "--shape", shape, "--calib", "random"]
        done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env={**os.environ, "COLUMNS": "200"}, check=False)
        assert (done.returncode, message in done.stderr) == (status, True), done.stderr


def test_recorded_inputs_of_another_kind_are_left_alone(good: dict[str, bytes], tmp_path: Path) -> None:
    path = write(tmp_path / "net.pt", {**good, "traced_inputs.pkl": pickle.dumps({"forward": [3]}, protocol=2)})
    assert recorded_inputs(inspect_archive(path.read_bytes(), "net")) is None


def test_an_export_says_its_shapes_itself(tmp_path: Path) -> None:
    torch.export.save(torch.export.export(Net().eval(), (torch.zeros(1, 4),)), tmp_path / "net.pt2")
    assert "says the shapes of its inputs itself" in refusal(tmp_path / "net.pt2", shapes=[(1, 4)])
