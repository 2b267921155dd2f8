"""What the search for failing networks does with a failure: it is found, made small, written, and replayed."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tfc.backends.host import model as host
from tfc.backends.target import Target
from tfc.fuzz.arena import Arena
from tfc.fuzz.campaign import Campaign
from tfc.fuzz.random_graphs import Growing, union
from tfc.fuzz.settings import WAYS, Setting, regions
from tfc.fuzz.shrink import operators, shrink
from tfc.fuzz.trial import Steps, Trial, sample
from tfc.ir.graph import Graph, Place
from tfc.ir.verify import verify
from tfc.ir.weights import load_graph
from tfc.passes import pipeline
from tfc.passes.calibrate import calibrate_on
from tfc.passes.pipeline import FLOAT, INTEGER, run_pipeline


@pytest.fixture
def wrong_softmax(monkeypatch: pytest.MonkeyPatch) -> None:
    """The host computes the first element of a softmax wrongly."""
    rule = host.HOST["softmax"]

    def wrong(call: host.Call, emitter: host.Emitter) -> None:
        rule(call, emitter)
        emitter.write(emitter.result, 0, emitter.read(emitter.result, 0) + 1)

    monkeypatch.setitem(host.HOST, "softmax", wrong)


def seed_with(op: str) -> int:
    return next(seed for seed in range(100) if any(node.op == op for node in Growing(seed).grow(7)))


@pytest.mark.usefixtures("wrong_softmax")
def test_a_wrong_operator_is_made_small_and_replayed(trial: Trial, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = Campaign(trial, seed_with("softmax")).batch(2)
    assert found is not None
    assert found.failure.kind == "host"
    assert [node.op for node in operators(found.graph)] == ["softmax"]
    path = found.save(tmp_path / "found")
    text = path.read_text().splitlines()
    assert text[0].startswith(f"// host, {found.setting}: %")
    assert text[1] == "tfir 1"
    assert trial.failure(load_graph(path), found.setting) == found.failure
    monkeypatch.undo()
    assert trial.failure(load_graph(path), found.setting) is None


def test_a_pass_that_changes_a_bit_is_found(trial: Trial, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pass takes a tanh for a sigmoid."""
    function = pipeline.order_nodes

    def order_nodes(graph: Graph, target: Target) -> Graph:
        graph = function(graph, target).copy()
        for node in graph.of_op("tanh"):
            graph.add(replace(node, op="sigmoid"))
        return graph

    monkeypatch.setattr(pipeline, "PASSES", tuple(order_nodes if one is function else one for one in pipeline.PASSES))
    found = Campaign(trial, seed_with("tanh")).batch(1)
    assert found is not None
    assert found.failure.kind == "integer passes"
    assert "order-nodes changed what %" in found.failure.message
    assert [node.op for node in operators(found.graph)] == ["tanh"]


def steps_of(trial: Trial, seed: int) -> Steps:
    """As far as the firmware."""
    steps = Steps(trial, Growing(seed).grow(7), Setting("latency"))
    assert [message for name, step in steps.all() if name != "emulator" for message in [step()] if message] == []
    return steps


def test_a_value_that_is_overwritten_is_found(trial: Trial) -> None:
    """All values at one place."""
    steps = steps_of(trial, seed_with("add"))
    graph = steps.placed.copy()
    for node in graph:
        if isinstance(node.place, Place):
            graph.add(replace(node, place=replace(node.place, offset=0)))
    assert re.search("share bytes|is read afterwards", str(Arena(graph, steps.target).clash()))


def test_a_node_that_leaves_its_bytes_is_found(trial: Trial) -> None:
    """The firmware takes as much scratch as the kernel bids for; the graph says that it has less."""
    steps = steps_of(trial, seed_with("conv2d"))
    node = next(node for node in steps.placed if node.scratch)
    graph = steps.placed.copy()
    graph.add(replace(node, scratch=replace(node.scratch, bytes=4)))
    inputs = [x[0].tobytes() for x in steps.inputs]
    outputs = steps.machine.run(inputs).outputs
    assert steps.arena.stray(steps.machine, inputs, outputs) is None
    assert f"is written by %{node.name}" in str(Arena(graph, steps.target).stray(steps.machine, inputs, outputs))


def test_shrinking_stops_at_the_smallest_network_that_fails() -> None:
    graph = union("both", [Growing(seed).grow(7) for seed in range(6)])
    wanted = {node.op for node in operators(graph)[:3]}

    def fails(trial: Graph) -> bool:
        verify(trial)
        return wanted <= {node.op for node in trial}

    small = shrink(graph, fails)
    assert fails(small)
    assert len(operators(small)) <= len(operators(graph)) / 4
    assert set(small.tensors) == {node.attrs["data"] for node in small.of_op("const")}


def test_a_network_gets_the_same_samples_alone_and_in_a_union() -> None:
    alone = Growing(5).grow(7)
    both = union("both", [Growing(4).grow(7), alone])
    for arg in alone.arguments:
        assert np.array_equal(sample(arg.name, arg.type.shape), sample(f"g1.{arg.name}", both[f"g1.{arg.name}"].type.shape))


def test_rows_are_streamed_in_random_networks() -> None:
    """Settings that ask for rows get them: else this search would try nothing of it."""
    graph, way = union("many", [Growing(seed).grow(7) for seed in range(12)]), WAYS[1]
    samples = [sample(arg.name, arg.type.shape) for arg in graph.arguments]
    ranged = calibrate_on(run_pipeline(graph, way.chip, FLOAT), samples)
    scheduled = run_pipeline(ranged, way.chip, INTEGER)
    found = list(regions(scheduled))
    assert len(found) >= 3
    streamed = run_pipeline(scheduled, way.chip, way.passes(scheduled).partition(",lower-peak")[0])
    assert sum(".rows" in node.name for node in streamed) >= 2 * len(found)
