"""The order of nodes: no other one has a lower peak, whatever values share, hold and need beside them."""

import random
from collections.abc import Iterator

import pytest

from tfc.backends.target import load_target
from tfc.ir.graph import Graph, Node, Scratch
from tfc.ir.types import Quantization, Symbol, TensorType
from tfc.passes.lifetimes import live_bytes
from tfc.passes.lives import Lives
from tfc.passes.order_nodes import least_of_any_order, order_nodes
from tfc.passes.schedules import least_peak, peak_of
from tfc.passes.views import views_of


def row(bytes: int) -> TensorType:
    return TensorType("i8", (1, bytes), Quantization(1.0, 0))


def grown(seed: int, nodes: int) -> Graph:
    """A graph of sums, of functions, whose results may lie over operands, of slices and reshapes, which lie in them, and of concatenations, in which their
    operands may lie."""
    rng, graph = random.Random(seed), Graph(f"grown{seed}")
    values = [graph.add(Node(f"x{i}", "arg", (), row(8 * rng.randint(1, 12)))) for i in range(2)]
    for number in range(nodes):
        one, other = rng.sample(values, 2)
        kind, name = rng.random(), f"v{number}"
        if kind < 0.15:
            made = Node(name, "reshape", (one.name,), one.type, {"shape": one.type.shape})
        elif kind < 0.3:
            made = Node(name, "concat", (one.name, other.name), row(one.type.bytes + other.type.bytes), {"axis": 1})
        elif kind < 0.45:
            start, length = rng.choice([0, 4]), max(one.type.bytes - 4, 4)
            made = Node(name, "slice", (one.name,), row(length), {"axis": 1, "start": start, "stop": start + length})
        elif kind < 0.7:
            made = Node(name, "abs", (one.name,), one.type, {"kernel": Symbol("table_s8")})
        else:
            scratch = Scratch(rng.randint(1, 60)) if rng.random() < 0.4 else None
            made = Node(name, "add", tuple({one.name, other.name}), row(rng.randint(1, 100)), scratch=scratch)
        values.append(graph.add(made))
    graph.results = tuple(value.name for value in values if not graph.users(value) and rng.random() < 0.8) or (values[-1].name,)
    return graph


def orders(graph: Graph, done: tuple[str, ...] = ()) -> Iterator[Graph]:
    """The graph in every order in which the same values lie inside others."""
    done = done or tuple(arg.name for arg in graph.arguments)
    rest = [node for node in graph if node.name not in done]
    if not rest:
        ordered = graph.copy()
        ordered.reorder(done)
        if views_of(ordered) == views_of(graph):
            yield ordered
    for node in rest:
        if set(node.operands) <= set(done):
            yield from orders(graph, (*done, node.name))


@pytest.mark.parametrize("seed", range(60))
def test_no_order_has_a_lower_peak(seed: int) -> None:
    graph = grown(seed, 6 + seed % 2)
    lives, peak = Lives(graph), max(live_bytes(graph))
    found = least_peak(lives, peak)
    assert peak_of(lives, list(range(len(lives.names)))) == peak
    assert found.peak == found.bound == min(max(live_bytes(ordered)) for ordered in orders(graph))
    assert (found.order is None) == (found.peak == peak), "a tie keeps the order"
    if found.order is not None:
        graph.reorder([*(arg.name for arg in graph.arguments), *(lives.names[index] for index in found.order)])
        assert max(live_bytes(graph)) == found.peak
    assert least_of_any_order(graph) == found.peak


def fan(branches: int, length: int) -> Graph:
    """Chains of random sizes from one value to one."""
    rng, graph, ends = random.Random(0), Graph("fan", [Node("x", "arg", (), row(640))]), []
    for branch in range(branches):
        last = "x"
        for step in range(length):
            last = graph.add(Node(f"{branch}.{step}", "abs", (last,), row(8 * rng.randint(1, 60)))).name
        ends.append(last)
    graph.add(Node("y", "add", tuple(ends), row(64)))
    graph.results = ("y",)
    return graph


def test_what_is_too_large_to_know_is_bounded() -> None:
    graph = fan(16, 12)
    lives, peak = Lives(graph), max(live_bytes(graph))
    found = least_peak(lives, peak, limit=20_000)
    assert lives.floor <= found.bound < found.peak < peak
    assert found.order is not None
    assert peak_of(lives, found.order) == found.peak
    assert found == least_peak(lives, peak, limit=20_000)


def test_kernels_scratch_counts() -> None:
    """Of two ways to a sum the one whose kernel takes the most memory comes first, whatever it leaves."""
    graph = Graph("g", [Node("x", "arg", (), row(8))])
    graph.add(Node("a", "abs", ("x",), row(16)))
    graph.add(Node("b", "abs", ("x",), row(40), {"kernel": "table_s8"}, scratch=Scratch(400)))
    graph.add(Node("y", "abs", ("a",), row(16)))
    graph.add(Node("z", "abs", ("b",), row(16)))
    graph.results = ("y", "z")
    assert [node.name for node in order_nodes(graph, load_target("stm32f746"))] == ["x", "b", "z", "a", "y"]
