"""Compiled folders: reproducible, exact about their memory, true to their report."""

import hashlib
import json
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import tfc
from tfc.backends.cost import Cost
from tfc.backends.emulator.machine import Machine
from tfc.backends.kernels import bids
from tfc.backends.target import Target
from tfc.compiled import Compiled
from tfc.ir.graph import Graph, Node, Place
from tfc.ir.types import TensorType
from tfc.options import Options
from tfc.passes import offers


def tree(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_two_compiles_give_the_same_bytes(compiled: Compiled, exported: Path, images: Path, tmp_path: Path) -> None:
    again = tfc.compile(exported, target="stm32f746", calib=images, output=tmp_path / "elsewhere" / "again")
    assert tree(again.folder) == tree(compiled.folder)


def test_a_module_compiles_as_its_export_does(model: nn.Module, compiled: Compiled, images: Path, tmp_path: Path) -> None:
    direct = tfc.compile(model, (torch.zeros(1, 3, 16, 16),), target="stm32f746", calib=images, output=tmp_path / "direct")
    assert [node.type for node in direct.graph] == [node.type for node in compiled.graph]
    assert np.array_equal(direct.golden("outputs"), compiled.golden("outputs"))


def test_the_manifest_has_the_hash_of_every_file(compiled: Compiled) -> None:
    files = tree(compiled.folder)
    manifest = json.loads(files.pop("manifest.json"))
    assert manifest["files"] == {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    assert manifest["target"] == "stm32f746"


def test_the_report_adds_up(compiled: Compiled) -> None:
    ram, flash = compiled.report["ram"], compiled.report["flash"]
    assert ram["total_bytes"] == ram["arena_bytes"] + ram["stack_bytes"] + ram["static_bytes"] + ram["reserve_bytes"] <= ram["limit_bytes"]
    assert flash["total_bytes"] == flash["weights_bytes"] + flash["code_bytes"] <= flash["limit_bytes"]
    assert sum(pool["used_bytes"] for pool in ram["pools"]) == ram["arena_bytes"]
    assert ram["lower_bound_bytes"] <= ram["arena_bytes"]
    assert compiled.fits
    assert [node["name"] for node in compiled.report["nodes"]] == [node.name for node in compiled.graph if node.op not in ("arg", "const")]


def planned_bytes(compiled: Compiled) -> np.ndarray:
    """Which bytes of the arena the plan gives to a value or a scratch."""
    planned = np.zeros(compiled.report["ram"]["arena_bytes"], bool)
    for node in compiled.graph:
        spans = [(node.place, node.type.bytes), (node.scratch.place, node.scratch.bytes) if node.scratch else (None, 0)]
        for place, size in spans:
            if isinstance(place, Place):
                planned[place.offset : place.offset + size] = True
    return planned


def test_the_arena_that_is_touched_is_the_arena_that_is_planned(compiled: Compiled) -> None:
    _, run = compiled.emulate([x[0] for x in compiled.golden("inputs")], watch=True)
    assert run.arena_touched is not None
    (touched,) = run.arena_touched
    planned = planned_bytes(compiled)
    assert run.arena_peak_bytes == (len(planned),)
    assert not (touched & ~planned).any(), "bytes outside every value and scratch were written"


def test_no_two_live_values_share_a_byte_that_a_kernel_does_not_let_them_share(compiled: Compiled) -> None:
    from tfc.passes.lifetimes import buffers, overlaps

    offsets = {}
    for node in compiled.graph:
        if isinstance(node.place, Place):
            offsets[node.name] = node.place.offset
        if node.scratch and node.scratch.place:
            offsets[f"{node.name} scratch"] = node.scratch.place.offset
    items = buffers(compiled.graph)
    free = overlaps(compiled.graph, items)
    assert {item.name for item in items} == set(offsets)
    for first, second in permutations(items, 2):
        behind = offsets[first.name] - offsets[second.name]
        if first.meets(second) and (second.name, first.name) not in free:
            ranges = free.get((first.name, second.name), ((-first.bytes, second.bytes),))
            assert not any(low < behind < high for low, high in ranges)


def test_the_firmware_tests_itself(compiled: Compiled) -> None:
    result = Machine(compiled.folder / "build" / "firmware.elf", compiled.target).self_test()
    assert (result.exit_code, "PASS" in result.text) == (0, True)


def test_no_value_is_float(compiled: Compiled) -> None:
    computed: list[TensorType] = [node.type for node in compiled.graph if node.op != "const"]
    assert all(type.dtype == "i8" and type.quantization is not None for type in computed)


def test_normalisation_by_scalars_costs_nothing(compiled: Compiled) -> None:
    assert [node.op for node in compiled.graph if node.op in ("sub", "div", "mul")] == []
    assert len(list(compiled.graph.of_op("reinterpret"))) == 2


def test_several_inputs_and_outputs(tmp_path: Path) -> None:
    class Two(nn.Module):
        def forward(self, a: torch.Tensor, b: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            return a + b, torch.relu(a)

    rng = np.random.default_rng(0)
    calib = [rng.normal(size=(8, 1, 10)).astype(np.float32) for _ in range(2)]
    two = tfc.compile(Two(), (torch.zeros(1, 10), torch.zeros(1, 10)), target="stm32f746", calib=calib, output=tmp_path / "two")
    verdict = two.verify()
    assert verdict.mismatches == {"host": 0, "emulator": 0}
    assert verdict.cosine > 0.999
    assert len(two.golden("outputs")) == 2


def test_flash_that_code_leaves_short_makes_layers_sparse(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Only the linked firmware tells how much code there is; kernels are then chosen again, and no more of them slower than need be."""

    def dense_is_faster(node: Node, graph: Graph, target: Target) -> dict[str, Cost]:
        costs = bids(node, graph, target)
        return {name: Cost(1000 + 10 * ("sparse" in name), cost.scratch, cost.flash) for name, cost in costs.items()}

    monkeypatch.setattr(offers, "MARGIN", 0.0)
    monkeypatch.setattr(offers, "_known", {})
    monkeypatch.setattr(offers, "bids", dense_is_faster)
    torch.manual_seed(0)
    two = nn.Sequential(nn.Linear(256, 256), nn.ReLU(), nn.Linear(256, 256))
    for layer in (two[0], two[2]):
        layer.weight.data *= torch.arange(256) % 16 < 1
    given = {"target": "stm32f746", "calib": "random"}
    dense = tfc.compile(two, (torch.zeros(1, 256),), output=tmp_path / "dense", **given)
    total = dense.report["flash"]["total_bytes"]
    short = tfc.compile(two, (torch.zeros(1, 256),), output=tmp_path / "short", options=Options(flash=total - 1), **given)
    before, after = ([row for row in compiled.report["nodes"] if row["op"] == "linear"] for compiled in (dense, short))
    assert dense.fits
    assert short.fits
    assert [(row["format"], row["instead_of"]) for row in before] == [("pairs", None)] * 2
    assert sorted(row["format"] == "pairs" for row in after) == [False, True]
    (held,) = (row["instead_of"] for row in after if row["instead_of"])
    assert held == {"budget": "flash", "kernel": "linear_s8", "cycles": 10}
    assert np.array_equal(short.golden("outputs"), dense.golden("outputs"))
    assert short.verify(1).mismatches == {"host": 0, "emulator": 0}


def test_importing_the_ir_does_not_import_torch() -> None:
    import subprocess
    import sys

    check = "import sys, tfc.ir.evaluate, tfc.compiled, tfc.cli; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0


def test_python_names_are_exposed() -> None:
    assert {tfc.compile.__name__, tfc.load.__name__, tfc.Options.__name__, tfc.Diagnostic.__name__} == {"compile", "load", "Options", "Diagnostic"}
    with pytest.raises(AttributeError):
        _ = tfc.no_such_name
