"""Every supported operator, imported and compared with torch."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tfc.importer.model import import_program
from tfc.importer.program import Program
from tfc.importer.rules import quantized
from tfc.importer.table import SUPPORTED
from tfc.ir.evaluate import evaluate
from tfc.ir.text import parse_graph, print_graph

from .importer_arithmetic import ARITHMETIC
from .importer_cases import Traced, randomized, traced
from .importer_layers import LAYERS
from .importer_modules import MODULES

FUNCTIONS = LAYERS | ARITHMETIC


@pytest.fixture(scope="module")
def cases() -> dict[str, tuple[nn.Module, tuple[Tensor, ...], Program]]:
    torch.manual_seed(0)
    made: dict[str, tuple[nn.Module, list[tuple[int, ...]]]] = {name: (randomized(module), [shape]) for name, (module, shape) in MODULES.items()}
    made |= {name: (Traced(function), shapes) for name, (function, shapes) in FUNCTIONS.items()}
    inputs = {name: tuple(torch.randn(shape) for shape in shapes) for name, (_, shapes) in made.items()}
    return {name: (module, inputs[name], traced(module, inputs[name])) for name, (module, _) in made.items()}


@pytest.mark.parametrize("name", [*MODULES, *FUNCTIONS])
def test_equals_torch(cases: Any, name: str) -> None:
    module, inputs, program = cases[name]
    graph = import_program(program, "case")
    with torch.no_grad():
        wanted = torch.utils._pytree.tree_leaves(module(*(x.clone() for x in inputs)))
    got = evaluate(graph, [x.numpy() for x in inputs])
    assert len(got) == len(wanted)
    for y, reference in zip(got, wanted, strict=True):
        assert y.shape == tuple(reference.shape)
        np.testing.assert_allclose(y, reference.numpy(), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", [*MODULES, *FUNCTIONS])
def test_prints_and_parses_back(cases: Any, name: str) -> None:
    graph = import_program(cases[name][2], "case")
    text = print_graph(graph)
    assert parse_graph(text, graph.tensors) == graph
    assert print_graph(parse_graph(text)) == text


def test_every_rule_has_a_case(cases: Any) -> None:
    seen = {"aten.lift_fresh.default"}  # torch 2.13 writes lift_fresh_copy in its place
    seen |= set(quantized.RULES)  # test_pt2e.py
    seen |= {call.target for _, _, program in cases.values() for call in program.calls}
    assert sorted(SUPPORTED - seen) == []
