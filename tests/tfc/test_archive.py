"""Files that are no models, and files that mean harm: each is named for what it is, and none of them runs anything."""

import io
import json
import os
import pickle
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

import tfc.importer.archive
from tfc.importer.archive import open_archive
from tfc.importer.model import import_model
from tfc.ir.diagnostic import Diagnostic


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(4, 2)
        self.shift = torch.tensor([1.0, 2.0])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(x) + self.shift


class Evil:
    """A pickle that makes a file when it is loaded."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        return os.system, (f"touch {self.marker}",)


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("good") / "net.pt2"
    torch.export.save(torch.export.export(Net().eval(), (torch.zeros(1, 4),), strict=False), path)
    return path


@pytest.fixture
def marker(tmp_path: Path) -> Path:
    return tmp_path / "it_ran"


def members(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def write(path: Path, contents: Mapping[str, bytes], compression: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in contents.items():
            archive.writestr(name, data)
    return path


def edited(contents: dict[str, bytes], name: str, edit: Callable[[Any], None]) -> dict[str, bytes]:
    document = json.loads(contents[name])
    edit(document)
    return {**contents, name: json.dumps(document).encode()}


def saved(value: Any, **options: Any) -> bytes:
    buffer = io.BytesIO()
    torch.save(value, buffer, **options)
    return buffer.getvalue()


def refusal(path: Path) -> str:
    with pytest.raises(Diagnostic) as caught:
        import_model(path)
    return str(caught.value)


def use_pickle(document: Any) -> None:
    next(iter(document["config"].values()))["use_pickle"] = True


def into_config(folder: str, prefix: str, payload: bytes) -> Callable[[dict[str, bytes]], dict[str, bytes]]:
    """The first tensor of a folder becomes this pickle, as torch.export.load would find it."""

    def edit(contents: dict[str, bytes]) -> dict[str, bytes]:
        def rename(document: Any) -> None:
            use_pickle(document)
            next(iter(document["config"].values()))["path_name"] = f"{prefix}0"

        config = next(name for name in contents if name.startswith(f"net/data/{folder}/") and name.endswith("_config.json"))
        return {**edited(contents, config, rename), f"net/data/{folder}/{prefix}0": payload}

    return edit


# Every place of an archive that torch.export.load unpickles, executes or evaluates, and what is said about it.
# torch 2.13 runs the code in all of these but the custom object, the library (it is none), the symbolic number and the operator.
PLACES: dict[str, tuple[Callable[[dict[str, bytes], bytes, bytes, str], dict[str, bytes]], str]] = {
    "sample inputs": (lambda c, zipped, raw, code: {**c, "net/data/sample_inputs/model.pt": zipped}, "can run code when torch loads it"),
    "sample inputs, legacy format": (lambda c, zipped, raw, code: {**c, "net/data/sample_inputs/model.pt": raw}, "can run code when torch loads it"),
    "a weight": (lambda c, zipped, raw, code: into_config("weights", "weight_", zipped)(c), "keeps 'fc.weight' as a pickle"),
    "a constant": (lambda c, zipped, raw, code: into_config("constants", "tensor_", zipped)(c), "keeps 'shift' as a pickle"),
    "a custom object": (lambda c, zipped, raw, code: into_config("constants", "custom_obj_", zipped)(c), "holds custom objects"),
    "an opaque object": (lambda c, zipped, raw, code: into_config("constants", "opaque_obj_", raw)(c), "holds pickled objects"),
    "all weights, older layout": (lambda c, zipped, raw, code: {**c, "net/data/weights/model.pt": zipped}, "keeps tensors as a pickle"),
    "all constants, older layout": (lambda c, zipped, raw, code: {**c, "net/data/constants/model.pt": zipped}, "keeps tensors as a pickle"),
    "compiled code": (lambda c, zipped, raw, code: {**c, "net/data/aotinductor/model/model.so": raw}, "holds compiled code"),
    "a size": (
        lambda c, zipped, raw, code: edited(
            c, "net/models/model.json", lambda d: d["graph_module"]["graph"]["tensor_values"]["x"]["sizes"].__setitem__(0, {"as_expr": {"expr_str": code}})
        ),
        "has dynamic shapes: 'x'",
    ),
    "a symbolic number": (
        lambda c, zipped, raw, code: edited(
            c, "net/models/model.json", lambda d: d["graph_module"]["graph"]["sym_int_values"].update(s0={"as_expr": {"expr_str": code}})
        ),
        "computes with symbolic numbers: s0",
    ),
    "an operator": (
        lambda c, zipped, raw, code: edited(c, "net/models/model.json", lambda d: d["graph_module"]["graph"]["nodes"][0].update(target="os.system")),
        "os.system",
    ),
    "the whole file, older format": (
        lambda c, zipped, raw, code: {
            "version": b"8.20",
            "serialized_exported_program.json": c["net/models/model.json"],
            **{f"serialized_{part}.pt": zipped for part in ("state_dict", "constants", "example_inputs")},
        },
        "torch.export before 2.8",
    ),
}


@pytest.mark.parametrize("place", PLACES)
def test_nothing_in_an_archive_runs(good: Path, marker: Path, tmp_path: Path, place: str) -> None:
    edit, message = PLACES[place]
    code = f"__import__('os').system('touch {marker}')"
    evil = edit(members(good), saved([Evil(marker)]), pickle.dumps(Evil(marker)), code)
    assert message in refusal(write(tmp_path / "evil.pt2", evil))
    assert not marker.exists()


@pytest.mark.parametrize(("compression", "protocol"), [(True, 2), (True, 5), (False, 2)])
def test_pickled_modules_are_never_loaded(marker: Path, tmp_path: Path, compression: bool, protocol: int) -> None:
    path = tmp_path / "model.pt"
    path.write_bytes(saved(Evil(marker), _use_new_zipfile_serialization=compression, pickle_protocol=protocol))
    message = refusal(path)
    assert "pickle" in message
    assert "torch.export.save(program" in message
    assert not marker.exists()


def test_kinds_that_are_not_read(tmp_path: Path) -> None:
    torch.save(nn.Linear(2, 2), tmp_path / "module.pt")
    torch.save(nn.Linear(2, 2).state_dict(), tmp_path / "weights.pt")
    assert "a pickled module (torch.nn.modules.linear.Linear" in refusal(tmp_path / "module.pt")
    assert "weights without a network" in refusal(tmp_path / "weights.pt")


def test_files_that_are_no_models(good: Path, tmp_path: Path) -> None:
    def file(data: bytes) -> Path:
        (tmp_path / "file.pt2").write_bytes(data)
        return tmp_path / "file.pt2"

    whole = good.read_bytes()
    assert "there is no file" in refusal(tmp_path / "missing.pt2")
    assert "is a folder" in refusal(tmp_path)
    assert "is empty" in refusal(file(b""))
    assert "is no model file" in refusal(file(b"hello, I am a model\n" * 9))
    assert "cut short" in refusal(file(whole[: len(whole) // 2]))
    damaged = whole.replace(b'"schema_version"', b'"schema_Version"')
    assert "checksum" in refusal(file(damaged))
    assert "a zip archive, but no model" in refusal(write(tmp_path / "zip.pt2", {"a/readme.txt": b"hello"}))
    assert "lacks models" not in refusal(write(tmp_path / "empty.pt2", {"net/archive_format": b"pt2", "net/archive_version": b"0"}))


def test_broken_programs(good: Path, tmp_path: Path) -> None:
    contents = members(good)
    model = "net/models/model.json"

    def without(part: str) -> dict[str, bytes]:
        return {name: data for name, data in contents.items() if part not in name}

    assert "not what torch.export writes" in refusal(write(tmp_path / "a.pt2", {**contents, model: b"{]"}))
    assert "not what torch.export writes" in refusal(write(tmp_path / "b.pt2", {**contents, model: b"[" * 100_000}))
    assert "schema version 99" in refusal(write(tmp_path / "c.pt2", edited(contents, model, lambda d: d["schema_version"].update(major=99))))
    assert "lacks the tensor" in refusal(write(tmp_path / "d.pt2", without("weights_config")))
    assert "lacks data/weights/weight_0" in refusal(write(tmp_path / "e.pt2", without("weights/weight_0")))
    assert "leaves its 2 elements" in refusal(write(tmp_path / "f.pt2", {**contents, "net/data/weights/weight_0": b"\0" * 8}))
    assert "archive version '7'" in refusal(write(tmp_path / "g.pt2", {**contents, "net/archive_version": b"7"}))
    strange = edited(contents, model, lambda d: d["graph_module"]["graph"]["nodes"][0]["inputs"][1].update(arg={"as_int": 3}))
    assert "arguments of this call" in refusal(write(tmp_path / "h.pt2", strange))


def test_a_bomb_is_refused_before_it_is_inflated(good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tfc.importer.archive, "MOST_BYTES", 1 << 20)
    bomb = write(tmp_path / "bomb.pt2", {**members(good), "net/extra/zeros": b"\0" * (2 << 20)}, zipfile.ZIP_DEFLATED)
    assert bomb.stat().st_size < 1 << 20
    assert "unpacks to" in refusal(bomb)


def test_two_members_of_one_name_are_refused(good: Path, tmp_path: Path) -> None:
    path = write(tmp_path / "twice.pt2", members(good))
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("net/models/model.json", b"{}")
    assert "two members of one name" in refusal(path)


def test_deflated_archives_are_the_same_model(good: Path, tmp_path: Path) -> None:
    deflated = write(tmp_path / "net.pt2", members(good), zipfile.ZIP_DEFLATED)
    assert import_model(deflated) == import_model(good)
    assert open_archive(deflated).names("models/") == ["model.json"]


def test_harmless_extras_are_left_alone(good: Path, tmp_path: Path) -> None:
    path = write(tmp_path / "net.pt2", {**members(good), "net/extra/labels.txt": b"cat\ndog\n"})
    assert import_model(path) == import_model(good)
