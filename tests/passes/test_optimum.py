"""The optimum of a whole graph is what trying every combination finds."""

from collections.abc import Collection
from dataclasses import replace
from itertools import product
from math import prod

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfc.backends.cost import Cost
from tfc.backends.formats import stored_bytes
from tfc.backends.kernels import KERNELS, bids
from tfc.backends.target import load_target
from tfc.ir.diagnostic import Diagnostic
from tfc.ir.graph import Graph, Node, Scratch
from tfc.ir.text import print_graph
from tfc.ir.types import Quantization, Symbol, TensorType
from tfc.passes import offers
from tfc.passes.lifetimes import live_bytes
from tfc.passes.optimum import OBJECTIVES, Group, Offer, hardly_more, optimum
from tfc.passes.pipeline import choosing_passes, run_pipeline

TARGET = load_target("stm32f746")
Totals = tuple[int, int, int]  # cycles, flash, peak
Pair = tuple[int, int]


def best_of(objective: str, every: Collection[Totals], ram: int, flash: int) -> tuple[int, ...]:
    """The key of the best: bytes too many, then the objective."""
    over = min(beyond(totals, ram, flash) for totals in every)
    inside = [totals for totals in every if beyond(totals, ram, flash) == over]
    limit = hardly_more(min(cycles for cycles, _, _ in inside))
    return (*over, *min(order(objective, totals) for totals in inside if objective != "ram" or totals[0] <= limit))


def key(objective: str, totals: Totals, ram: int, flash: int) -> tuple[int, ...]:
    return (*beyond(totals, ram, flash), *order(objective, totals))


def beyond(totals: Totals, ram: int, flash: int) -> Pair:
    _, bytes, peak = totals
    return max(peak - ram, 0), max(bytes - flash, 0)


def order(objective: str, totals: Totals) -> Totals:
    """What is minimised, in order."""
    cycles, bytes, peak = totals
    return {"latency": (cycles, bytes, peak), "ram": (peak, cycles, bytes), "flash": (bytes, cycles, peak)}[objective]


# Offers by themselves: groups of up to three readers of one constant.


def totals(groups: list[Group], chosen: list[list[Offer]]) -> Totals:
    each = [offer for group in chosen for offer in group]
    stored = sum(sum({offer.form: offer.stored for offer in group}.values()) for group in chosen)
    return sum(o.cycles for o in each), stored + sum(o.flash for o in each), max(o.peak for o in each)


def random_groups(rng: np.random.Generator) -> list[Group]:
    """Small numbers, so that there are ties; some offers take one form only, some readers cannot read some forms."""
    groups, room = [], 3000
    while room > 8 and len(groups) < 4:
        bytes_of = {form: int(rng.integers(0, 12)) for form in "abc"}
        group = []
        for _ in range(rng.integers(1, 4)):
            forms = rng.choice(list("abc"), rng.integers(1, 4))
            group.append([Offer(f"k{i}", *map(int, rng.integers(0, 9, 4)), str(form), bytes_of[form]) for i, form in enumerate(forms)])
        room //= prod(len(offers) for offers in group)
        groups.append(group)
    return groups


@settings(max_examples=150, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), ram=st.integers(0, 10), flash=st.integers(0, 80), objective=st.sampled_from(OBJECTIVES))
def test_offers_as_every_combination_says(seed: int, ram: int, flash: int, objective: str) -> None:
    groups = random_groups(np.random.default_rng(seed))
    every = product(*(list(map(list, product(*group))) for group in groups))
    best = best_of(objective, [totals(groups, list(chosen)) for chosen in every], ram, flash)
    chosen = optimum(groups, objective, ram=ram, flash=flash)
    assert key(objective, totals(groups, chosen), ram, flash) == best


@pytest.mark.parametrize("seed", range(3))
def test_many_layers_as_a_table_of_all_bytes_says(seed: int) -> None:
    """A hundred layers with six forms each; the table holds the fewest cycles for each number of bytes."""
    table = np.random.default_rng(seed).integers(1, (100_000, 60), (100, 6, 2))
    groups = [[[Offer(f"k{i}", int(c), 0, 0, 0, str(i), int(s)) for i, (c, s) in enumerate(rows)]] for rows in table]
    fewest = np.full(6000, np.iinfo(np.int64).max // 2)
    fewest[0] = 0
    for rows in table:
        fewest = np.min([np.concatenate([np.full(s, np.iinfo(np.int64).max // 2), fewest[: len(fewest) - s]]) + c for c, s in rows], axis=0)
    for room in (1100, 1500, 2500):
        cycles, bytes, _ = totals(groups, optimum(groups, "latency", ram=0, flash=room))
        assert cycles == fewest[: room + 1].min()
        assert bytes == fewest[: room + 1].argmin()


# Graphs with the kernels there are.

INT8 = Quantization(0.05, 3)


class Net:
    """A quantized graph of products on [1, 6, 6, 8], made by hand."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.graph = Graph("net", [Node("x", "arg", (), TensorType("i8", (1, 6, 6, 8), INT8))])

    def constant(self, name: str, values: np.ndarray, dtype: str) -> str:
        self.graph.tensors[Symbol(name)] = values
        return self.graph.add(Node(name, "const", (), TensorType(dtype, values.shape, Quantization(0.01)), {"data": Symbol(name)})).name

    def weights(self, window: int) -> str:
        name = f"w{len(self.graph)}"
        some = self.rng.random((8, window, window, 8)) < self.rng.choice([0.05, 0.15, 0.5, 1.0])
        return self.constant(name, (self.rng.integers(-127, 128, some.shape) * some).astype(np.int8), "i8")

    def conv(self, x: str, weights: str) -> str:
        name = f"y{len(self.graph)}"
        pad = self.graph[weights].type.shape[1] // 2
        bias = self.constant(f"b{name}", np.zeros(8, np.int32), "i32")
        return self.graph.add(Node(name, "conv2d", (x, weights, bias), self.graph["x"].type, {"pad": (pad,) * 4})).name

    def add(self, a: str, b: str) -> str:
        return self.graph.add(Node(f"y{len(self.graph)}", "add", (a, b), self.graph["x"].type)).name

    def returns(self, name: str) -> Graph:
        self.graph.results = (name,)
        return self.graph


def chain(seed: int) -> Graph:
    net = Net(seed)
    return net.returns(net.conv(net.conv("x", net.weights(3)), net.weights(1)))


def tree(seed: int) -> Graph:
    net = Net(seed)
    return net.returns(net.add(net.conv("x", net.weights(3)), net.conv("x", net.weights(1))))


def residual_with_shared_weights(seed: int) -> Graph:
    net = Net(seed)
    shared = net.weights(1)
    y = net.conv("x", shared)
    return net.returns(net.add(net.conv(net.add(y, "x"), shared), y))


GRAPHS = (chain, tree, residual_with_shared_weights)


def graph_totals(graph: Graph) -> Totals:
    """Of a bound graph, from its own bytes and bids."""
    cycles = own = 0
    storages = {}
    for node in graph:
        if "kernel" not in node.attrs:
            continue
        cost = bids(node, graph, TARGET)[str(node.attrs["kernel"])]
        cycles, own = cycles + round(cost.cycles), own + cost.flash
        if node.op == "conv2d":
            weights = graph[node.operands[1]]
            bytes = stored_bytes(graph, weights)
            storages[str(weights.attrs["data"]), weights.attrs["format"]] = bytes
            own -= bytes
    return cycles, own + sum(storages.values()), max(live_bytes(graph))


def every_total(graph: Graph) -> set[Totals]:
    """Those of all combinations of kernels and orders of their loops."""
    nodes = [node for node in graph if node.op not in ("arg", "const")]
    found = set()
    for combination in product(*(offers.ways(node, graph, TARGET) for node in nodes)):
        trial, storages = graph.copy(), {}
        cycles = own = 0
        for node, (name, together, cost) in zip(nodes, combination, strict=True):
            trial.add(replace(node.but(kernel=Symbol(name), together=together), scratch=Scratch(cost.scratch) if cost.scratch else None))
            cycles, own = cycles + round(cost.cycles), own + cost.flash
            if node.op == "conv2d":
                bytes = stored_bytes(graph, graph[node.operands[1]].but(format=KERNELS[name].format))
                storages[node.operands[1], KERNELS[name].format] = bytes
                own -= bytes
        found.add((cycles, own + sum(storages.values()), max(live_bytes(trial))))
    return found


@pytest.mark.parametrize("graph", GRAPHS)
@pytest.mark.parametrize("seed", range(2))
def test_graphs_as_every_combination_says(graph, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(offers, "MARGIN", 0.0)
    quantized = graph(seed)
    every = every_total(quantized)
    rams, flashes = ([least - 1, least, (least + most) // 2, most] for least, most in ((min(t[i] for t in every), max(t[i] for t in every)) for i in (2, 1)))
    for objective, ram, flash in product(OBJECTIVES, rams, flashes):
        bound = run_pipeline(quantized, TARGET, choosing_passes(objective, ram, flash))
        assert key(objective, graph_totals(bound), ram, flash) == best_of(objective, every, ram, flash)


def test_weights_that_two_kernels_read_otherwise_are_stored_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = residual_with_shared_weights(0)
    first, second = (node.name for node in graph.of_op("conv2d"))
    wanted = {first: "linear_s8", second: "linear_s8_sparse1x4"}
    monkeypatch.setattr(offers, "_known", {})
    monkeypatch.setattr(offers, "bids", lambda node, graph, target: only(bids(node, graph, target), wanted.get(node.name)))
    bound = run_pipeline(graph, TARGET, choosing_passes("latency"))
    homes = [bound[bound[name].operands[1]] for name in (first, second)]
    assert [home.attrs["format"] for home in homes] == ["pairs", "block1x4"]
    assert homes[0].name != homes[1].name
    assert homes[0].attrs["data"] == homes[1].attrs["data"]


def only(costs: dict[str, Cost], name: str | None) -> dict[str, Cost]:
    return costs if name is None else {name: costs[name]}


def dense_is_faster(node: Node, graph: Graph, target: object) -> dict[str, Cost]:
    """As the kernels of linears bid, but for the cycles: sparse ones take one more than dense ones."""
    costs = {name: cost for name, cost in bids(node, graph, TARGET).items() if name.startswith("linear")}
    return {name: Cost(1000 + ("sparse" in name), cost.scratch, cost.flash) for name, cost in costs.items()}


def test_sparse_is_chosen_where_flash_asks_for_it_and_nowhere_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(offers, "MARGIN", 0.0)
    monkeypatch.setattr(offers, "_known", {})
    monkeypatch.setattr(offers, "bids", dense_is_faster)
    net = Net(0)
    sparse = [net.constant(f"w{i}", np.where(np.arange(64) % 16 == i, 5, 0).astype(np.int8).reshape(8, 1, 1, 8), "i8") for i in range(3)]
    x = "x"
    for weights in sparse:
        x = net.conv(x, weights)
    graph = net.returns(x)

    def forms(objective: str, flash: int) -> list[bool]:
        bound = run_pipeline(graph, TARGET, choosing_passes(objective, flash=flash))
        return sorted("sparse" in bound[node.name].attrs["kernel"] for node in graph.of_op("conv2d"))

    costs = {name: cost.flash for name, cost in dense_is_faster(next(graph.of_op("conv2d")), graph, TARGET).items()}
    dense, smallest = costs["linear_s8"], min(costs.values())
    assert smallest < dense
    assert forms("latency", 3 * dense) == [False] * 3
    assert forms("latency", 3 * dense - 1) == [False, False, True]
    assert forms("latency", 2 * dense + smallest - 1) == [False, True, True]
    assert forms("latency", 0) == forms("flash", 3 * dense) == [True] * 3
    bound = run_pipeline(graph, TARGET, choosing_passes("latency", flash=3 * dense - 1))
    (held,) = offers.forced(bound, TARGET, "latency", TARGET.ram_bytes).values()
    assert (held.budget, held.cycles) == ("flash", 1)


def test_cycles_within_what_bids_are_off_by_do_not_buy_flash() -> None:
    fast, small, slow = Offer("fast", 1000, 0, 64, 100), Offer("small", 1040, 0, 64, 60), Offer("slow", 1100, 0, 64, 50)
    assert offers.worthwhile([fast, small, slow]) == [small, slow]
    assert offers.worthwhile([fast, slow]) == [fast, slow]
    wide = replace(small, peak=128)
    assert offers.worthwhile([fast, wide]) == [fast, wide]


def test_equal_graphs_get_equal_kernels() -> None:
    graph = residual_with_shared_weights(3)
    limits = {"ram": 1500, "flash": 300}
    texts = {print_graph(run_pipeline(graph.copy(), TARGET, choosing_passes("latency", **limits))) for _ in range(3)}
    assert len(texts) == 1


def test_an_objective_that_does_not_exist() -> None:
    with pytest.raises(Diagnostic, match="there is no objective 'joy'"):
        run_pipeline(chain(0), TARGET, choosing_passes("joy"))
