"""`tfc fuzz`: what it counts, and what it writes when a network fails."""

import json
from pathlib import Path

import pytest

from tfc.backends.host import model as host
from tfc.fuzz.random_graphs import Growing
from tfc.fuzz.shrink import operators
from tfc.ir.weights import load_graph

from .conftest import Tfc


def test_networks_and_operators_are_counted(tfc: Tfc) -> None:
    told = json.loads(tfc("fuzz", "--graphs", 2, "--seed", 7, "--json").out)
    assert (told["seed"], told["networks"], told["failure"]) == (7, 2, None)
    assert sum(told["operators"].values()) == sum(len(operators(Growing(seed).grow(7))) for seed in (7, 8))


def test_what_fails_is_written(tfc: Tfc, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    rule = host.HOST["softmax"]

    def wrong(call: host.Call, emitter: host.Emitter) -> None:
        rule(call, emitter)
        emitter.write(emitter.result, 0, emitter.read(emitter.result, 0) + 1)

    monkeypatch.setitem(host.HOST, "softmax", wrong)
    seed = next(seed for seed in range(100) if any(node.op == "softmax" for node in Growing(seed).grow(7)))
    result = tfc("fuzz", "--graphs", 1, "--seed", seed, "-o", tmp_path)
    assert result.code == 1
    (path,) = tmp_path.glob("host-*.tfir")
    assert f"error: {path}: host fails with " in result.err
    assert [node.op for node in operators(load_graph(path))] == ["softmax"]
