"""Every supported operator, imported and compared with torch."""

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tfc import importer_quantized
from tfc.archive import inspect_archive
from tfc.importer import RULES, import_program
from tfc.importer_program import Program
from tfc.importer_pt2 import read_program
from tfc.ir.evaluate import evaluate
from tfc.ir.text import parse_graph, print_graph

aten: Any = torch.ops.aten
IMAGE = (1, 4, 6, 6)
TOKENS = (1, 5, 8)


class Traced(nn.Module):
    """A function as a module, with parameters to use."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__()
        self.function = function
        self.square = nn.Parameter(torch.randn(8, 8))
        self.row = nn.Parameter(torch.randn(8))
        self.kernel = nn.Parameter(torch.randn(8, 4, 3, 3))
        self.table = nn.Parameter(torch.randn(1, 5, 8))

    def forward(self, *inputs: Tensor) -> Any:
        return self.function(self, *inputs)


MODULES: dict[str, tuple[nn.Module, tuple[int, ...]]] = {
    "conv": (nn.Conv2d(4, 6, 3, stride=2, padding=1), IMAGE),
    "conv without bias": (nn.Conv2d(4, 6, (3, 1), stride=(1, 2), padding=(1, 0), bias=False), IMAGE),
    "conv dilated, in groups": (nn.Conv2d(4, 8, 3, dilation=2, padding=2, groups=2), IMAGE),
    "conv depthwise": (nn.Conv2d(4, 4, 5, padding=2, groups=4), IMAGE),
    "conv, same, even": (nn.Conv2d(4, 6, (4, 3), padding="same", dilation=(1, 2)), IMAGE),
    "conv, valid": (nn.Conv2d(4, 6, 3, padding="valid"), IMAGE),
    "linear": (nn.Linear(8, 3), TOKENS),
    "linear without bias": (nn.Linear(8, 3, bias=False), (1, 8)),
    "batch norm": (nn.BatchNorm2d(4), IMAGE),
    "batch norm, plain": (nn.BatchNorm2d(4, affine=False, eps=1e-3), IMAGE),
    "batch norm of tokens": (nn.BatchNorm1d(5), TOKENS),
    "layer norm": (nn.LayerNorm(8), TOKENS),
    "layer norm, plain": (nn.LayerNorm(8, elementwise_affine=False, eps=1e-3), TOKENS),
    "layer norm without bias": (nn.LayerNorm(8, bias=False), TOKENS),
    "activations in place": (nn.Sequential(nn.Linear(8, 8), nn.ReLU(inplace=True), nn.Linear(8, 8), nn.SiLU(inplace=True), nn.ReLU6(inplace=True)), TOKENS),
    "in place on the input": (nn.Sequential(nn.ReLU(inplace=True), nn.Linear(8, 8)), TOKENS),
    "more in place": (nn.Sequential(nn.Linear(8, 8), nn.Hardswish(inplace=True), nn.Hardsigmoid(inplace=True), nn.Hardtanh(0, 6, inplace=True)), TOKENS),
    "dropout": (nn.Sequential(nn.Dropout(), nn.Linear(8, 8), nn.Dropout(inplace=True), nn.Identity(), nn.Flatten()), TOKENS),
    "max pool": (nn.MaxPool2d(3, stride=2, padding=1), IMAGE),
    "max pool, ceil without effect": (nn.MaxPool2d(2, ceil_mode=True), IMAGE),
    "average pool": (nn.AvgPool2d(3, stride=2, padding=1), IMAGE),
    "average pool without padding": (nn.AvgPool2d((3, 2), stride=1, padding=(1, 0), count_include_pad=False), IMAGE),
    "upsample": (nn.Upsample(scale_factor=2), IMAGE),
    "upsample to a size": (nn.Upsample(size=(12, 18)), IMAGE),
}

FUNCTIONS: dict[str, tuple[Callable[..., Any], list[tuple[int, ...]]]] = {
    "convolution": (lambda m, x: aten.convolution.default(x, m.kernel, None, [1, 1], [1, 1], [1, 1], False, [0, 0], 1), [IMAGE]),
    "linear by a value": (lambda m, x, w: F.linear(x, w, w[:, 0]), [TOKENS, (1, 8)]),
    "products": (lambda m, x: (x @ m.square, x @ x.mT, torch.bmm(x, x.transpose(1, 2)), m.square @ x.mT), [TOKENS]),
    "mm": (lambda m, x: torch.mm(x[0], m.square) + torch.mm(x[0].t(), x[0]), [(1, 8, 8)]),
    "addmm": (lambda m, x: torch.addmm(m.row, x[0], m.square) + torch.addmm(x[0], x[0], m.square), [(1, 8, 8)]),
    "attention": (lambda m, q, k: F.scaled_dot_product_attention(q, k, k + 1), [(1, 2, 5, 8), (1, 2, 7, 8)]),
    "attention, scaled": (lambda m, x: F.scaled_dot_product_attention(x, x, x, scale=0.3), [TOKENS]),
    "sums": (lambda m, x: (x + 1) + x * 2 - 0.5 - torch.add(x, x, alpha=3) + torch.sub(x, m.row, alpha=2) + (1 - x) + torch.rsub(x, x, alpha=2), [TOKENS]),
    "products and quotients": (lambda m, x: x * m.row / 3 / (x * x + 1) * torch.tensor(2.5), [TOKENS]),
    "scalar overloads": (
        lambda m, x: aten.div.Scalar(aten.mul.Scalar(aten.sub.Scalar(aten.add.Scalar(x, 2, 3), 1), 2), 3) + aten.rsub.Tensor(x, m.row),
        [TOKENS],
    ),
    "sums in place": (lambda m, x: x.clone().add_(1).sub_(x).mul_(x).div_(2).neg_(), [TOKENS]),
    "scalars in place": (lambda m, x: aten.div_.Scalar(aten.mul_.Scalar(aten.sub_.Scalar(aten.add_.Scalar(x.clone(), 2), 1), 2), 3), [TOKENS]),
    "broadcast": (lambda m, x, s: x * s.sigmoid() + m.row.view(1, -1, 1, 1)[:, :4], [IMAGE, (1, 4, 1, 1)]),
    "activations": (
        lambda m, x: F.relu(x) + F.relu6(x) + F.relu6(x * 2, inplace=True) + F.silu(x) + x.sigmoid() + x.tanh() + F.hardswish(x) + F.hardsigmoid(x) + F.gelu(x),
        [TOKENS],
    ),
    "activations, in place": (lambda m, x: (x * 1).sigmoid_().tanh_().exp_().sqrt_(), [TOKENS]),
    "gelu": (lambda m, x: F.gelu(x, approximate="tanh") + aten.gelu_.default(x * 2), [TOKENS]),
    "exponent, root": (lambda m, x: x.exp() + (x * x).sqrt() - (-x), [TOKENS]),
    "clamps": (lambda m, x: x.clamp(0, 6) + x.clamp(min=0) + x.clamp_min(0) + F.hardtanh(x, 0, 6) + (x * 1).clamp_(0, 6) + (x * 1).clamp_min_(0), [TOKENS]),
    "softmax": (lambda m, x: x.softmax(-1) + F.softmax(x, dim=1), [TOKENS]),
    "means": (lambda m, x: (x.mean(), x.mean((2, 3)), x.mean(1, keepdim=True), x.mean((-1,))), [IMAGE]),
    "adaptive pooling": (lambda m, x: (F.adaptive_avg_pool2d(x, 1), F.adaptive_avg_pool2d(x, (3, 2)), F.adaptive_avg_pool2d(x, (None, 1))), [IMAGE]),
    "resize": (lambda m, x: aten.upsample_nearest2d.default(x, [12, 6]), [IMAGE]),
    "pads": (lambda m, x: F.pad(x, (1, 2, 0, 3), value=2.0) + aten.constant_pad_nd.default(x, [3, 0, 3, 0]), [IMAGE]),
    "concatenations": (lambda m, x: torch.cat([torch.cat([x, x], -1), aten.concat.default([x + 1, x], 2), torch.stack([x, x], 3).flatten(2)], 0)[:2], [TOKENS]),
    "concatenation, another name": (lambda m, x: aten.concatenate.default([x, m.table], 1), [TOKENS]),
    "shapes": (
        lambda m, x: (
            x.view(1, 40).reshape(5, 8).unsqueeze(0).view_as(x).reshape_as(x).flatten(1).unflatten(1, (5, 8)) + aten._unsafe_view.default(x, [1, 1, 5, 8])
        ),
        [TOKENS],
    ),
    "squeezes": (lambda m, x: (x.squeeze(), x.squeeze(0), x.squeeze((0, 2)), x.unsqueeze(-1)), [(1, 3, 1, 4)]),
    "permutations": (
        lambda m, x: (
            x.permute(0, 2, 3, 1),
            x.transpose(-1, 1),
            x.swapaxes(1, 2),
            x.swapdims(0, 2),
            x.movedim(1, -1),
            x.movedim((1, 3), (3, 0)),
            x.mT,
            x.mT.contiguous(),
        ),
        [(1, 3, 4, 5)],
    ),
    "matrix transposes": (lambda m, x: (x[0].t(), x[0].T, m.square.t() + x[:, :1]), [TOKENS]),
    "slices": (lambda m, x: (x[:, 1:3], x[..., ::2], x[:, -1], x[:, :, 2:100], x.narrow(2, 3, 2), x.select(1, -2)), [TOKENS]),
    "pieces": (
        lambda m, x: (*x.split(3, 1), *x.chunk(3, 2), *x.unbind(1), *x.split([1, 4], 1), *x.tensor_split(3, 2), *aten.split.sizes(x, [2, 6], 2)),
        [TOKENS],
    ),
    "expansions": (lambda m, x: x[:, :1].expand(-1, 5, 8) + x[:, :1].expand_as(x) + m.table.expand(1, -1, -1) + m.row.expand(1, 5, 8), [TOKENS]),
    "cut constants": (lambda m, x: x + m.table[:, 0] + m.table.permute(0, 2, 1)[:, :, 0].unsqueeze(1), [TOKENS]),
    "nothing": (
        lambda m, x: (
            aten.alias.default(aten.lift_fresh.default(x.detach().contiguous(memory_format=torch.contiguous_format) + 0)).positive().type_as(x).float()
        ),
        [TOKENS],
    ),
    "no conversion": (
        lambda m, x: aten.to.dtype_layout(aten.to.other(aten.to.device(x, "cpu", torch.float32), x), dtype=torch.float32) + aten._to_copy.default(x),
        [TOKENS],
    ),
    "dropouts": (
        lambda m, x: (
            aten.dropout_.default(F.dropout2d(F.alpha_dropout(x, training=False), training=False) + 0, 0.5, False)
            + aten.feature_dropout_.default(x + 0, 0.5, False)
        ),
        [IMAGE],
    ),
    "several in and out": (lambda m, x, y: [x + y, {"difference": x - y}], [TOKENS, TOKENS]),
}


def traced(module: nn.Module, inputs: tuple[Tensor, ...]) -> Program:
    buffer = io.BytesIO()
    torch.export.save(torch.export.export(module.eval(), inputs, strict=False), buffer)
    return read_program(inspect_archive(buffer.getvalue(), "case"))


def randomized(module: nn.Module) -> nn.Module:
    """Batch norm with statistics that show whether they are used."""
    for name, buffer in module.named_buffers():
        if buffer.is_floating_point():
            buffer.copy_(torch.rand_like(buffer) + ("var" in name))
    return module


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
    seen |= set(importer_quantized.RULES)  # test_pt2e.py
    seen |= {call.target for _, _, program in cases.values() for call in program.calls}
    assert sorted(set(RULES) - seen) == []
