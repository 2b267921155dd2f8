"""TorchScript: a trace, a script and an export of one model are the same graph, and it computes what torch computes."""

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tfc.importer.model import import_model, import_program
from tfc.ir.evaluate import evaluate
from tfc.ir.graph import Graph
from tfc.ir.text import print_graph
from tfc.zoo.hybrid_small import HybridSmall

from .importer_arithmetic import ARITHMETIC
from .importer_cases import Traced, randomized, traced
from .importer_layers import LAYERS
from .importer_modules import MODULES

FUNCTIONS = LAYERS | ARITHMETIC


class One(Traced):
    def forward(self, x: Tensor) -> Any:
        return self.function(self, x)


class Two(Traced):
    def forward(self, x: Tensor, y: Tensor) -> Any:
        return self.function(self, x, y)


# torch.jit.trace records another operator than the one that was called; the graph differs in the names of values only.
RENAMED = {
    "convolution",
    "convolutions of decomposed exports",
    "sums",
    "scalar overloads",
    "concatenations",
    "concatenation, another name",
    "permutations",
    "more views",
}
UNTRACEABLE = {"several in and out", "numbers without inputs"}  # a dictionary inside a list; an internal error of torch


def compute(function: Any, *inputs: Tensor) -> list[np.ndarray]:
    with torch.no_grad():
        return [y.numpy() for y in torch.utils._pytree.tree_leaves(function(*(x.clone() for x in inputs)))]


def close(graph: Graph, wanted: list[np.ndarray], *inputs: Tensor) -> None:
    got = evaluate(graph, [x.numpy() for x in inputs])
    for y, reference in zip(got, wanted, strict=True):
        assert y.shape == reference.shape
        np.testing.assert_allclose(y, reference, rtol=1e-4, atol=1e-5)


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    with warnings.catch_warnings():  # each call of torch.jit says that torch.export is newer; tracing warns of sizes
        warnings.simplefilter("ignore")
        yield


@pytest.mark.parametrize("name", [name for name in [*MODULES, *FUNCTIONS] if name not in UNTRACEABLE])
def test_a_trace_is_the_graph_of_the_export(name: str) -> None:
    torch.manual_seed(0)
    if name in MODULES:
        module, shape = MODULES[name]
        module, shapes = randomized(module), [shape]
    else:
        function, shapes = FUNCTIONS[name]
        module = (One, Two)[len(shapes) - 1](function)
    inputs = tuple(torch.randn(shape) for shape in shapes)
    graph = import_model(torch.jit.trace(module.eval(), tuple(x.clone() for x in inputs), strict=False, check_trace=False), name="case")
    close(graph, compute(module, *inputs), *inputs)
    exported = import_program(traced(module, inputs), "case")
    if name in RENAMED:
        assert [node.type for node in graph] == [node.type for node in exported] or name == "sums"
        return
    assert print_graph(graph) == print_graph(exported)
    assert graph.tensors.keys() == exported.tensors.keys()
    assert all(np.array_equal(graph.tensors[name], exported.tensors[name]) for name in graph.tensors)


def test_hybrid_small_traced_scripted_and_exported_is_one_graph() -> None:
    torch.manual_seed(0)
    module, x = HybridSmall().eval(), torch.rand(1, 3, 32, 32)
    exported = import_model(module, (x,), name="net")
    for script in (torch.jit.trace(module, x, check_trace=False), torch.jit.script(module)):
        graph = import_model(script, (x,), name="net")
        assert print_graph(graph) == print_graph(exported)
        assert all(np.array_equal(graph.tensors[name], exported.tensors[name]) for name in exported.tensors)
    close(graph, compute(module, x), x)


class Branches(nn.Module):
    """Control flow that sizes, flags and lists decide."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(4, 4), nn.ReLU(inplace=True), nn.Dropout(), nn.BatchNorm1d(4)])
        self.times = 3

    def forward(self, x: Tensor, y: Tensor | None = None) -> tuple[Tensor, dict[str, Tensor]]:
        for layer in self.layers:
            x = layer(x)
        parts = [x]
        for i in range(self.times):
            parts.append(x * (i + 1))
        if y is not None:
            x = x + y
        step = 0
        while step < x.size(1) // 2:
            step += 1
            x = torch.cat(parts, 1)[:, step : step + 4]
        if x.dim() == 3:
            raise ValueError("tokens")
        return F.gelu(x), {"sum": x + float(step)}


def test_control_flow_that_the_shapes_decide() -> None:
    torch.manual_seed(0)
    module, x, y = randomized(Branches()).eval(), torch.randn(1, 4), torch.randn(1, 4)
    script = torch.jit.script(module)
    close(import_model(script, shapes=[(1, 4)]), compute(module, x), x)
    close(import_model(script, (x, y)), compute(module, x, y), x, y)
    assert [node.name for node in import_model(script, (x, y)).arguments] == ["x", "y"]


def test_frozen_modules() -> None:
    torch.manual_seed(0)
    module, x = randomized(nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU())).eval(), torch.randn(1, 3, 5, 5)
    frozen = torch.jit.freeze(torch.jit.trace(module, x))
    close(import_model(frozen, (x,)), compute(module, x), x)


def test_names_and_lines_are_the_users() -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body = nn.Sequential(nn.Linear(4, 4), nn.SiLU())

        def forward(self, image: Tensor) -> Tensor:
            return self.body(self.body(image)) * 2.0

    graph = import_model(torch.jit.trace(Net().eval(), torch.zeros(1, 4)), name="net")
    names = [node.name for node in graph if node.op != "const"]
    assert names[:5] == ["image", "body.0.linear", "body.1.silu", "body.0.linear.1", "body.1.silu.1"]
    source = graph["body.0.linear"].source
    assert source is not None
    assert source.module == "body.0"
    assert source.line.startswith("test_torchscript.py:")


def test_the_trace_keeps_the_shapes_of_its_inputs(tmp_path: Path) -> None:
    module = nn.Conv2d(3, 4, 3)
    torch.jit.save(torch.jit.trace(module, torch.zeros(1, 3, 8, 8)), tmp_path / "net.pt")
    assert import_model(tmp_path / "net.pt").arguments[0].type.shape == (1, 3, 8, 8)
    assert import_model(tmp_path / "net.pt", shapes=[(1, 3, 5, 9)]).arguments[0].type.shape == (1, 3, 5, 9)
