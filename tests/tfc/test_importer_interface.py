"""Names, sources and refusals of the importer, and both ways in."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tfc.importer.model import import_model
from tfc.ir.diagnostic import Diagnostic
from tfc.ir.evaluate import evaluate
from tfc.ir.graph import Graph
from tfc.ir.text import parse_graph, print_graph
from tfc.zoo.hybrid_small import HybridSmall

X = torch.zeros(1, 5, 8)
IMAGE = torch.zeros(1, 4, 5, 5)


class Block(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(4)
        self.act = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        y = self.act(self.norm(self.conv(x)))
        return y + y.mean((2, 3), keepdim=True)


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = Block()
        self.fc = nn.Linear(4, 4)
        self.unread = nn.Linear(2, 2)

    def forward(self, image: Tensor, shift: Tensor | None = None) -> Tensor:
        x = self.fc(self.stem(image).flatten(2).mT)
        half, _ = (self.fc(x) * 0.5).chunk(2, 1)
        return half if shift is None else half + shift


class Traced(nn.Module):
    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__()
        self.function = function
        self.norm = nn.BatchNorm2d(4)
        self.w = nn.Parameter(torch.ones(8))

    def forward(self, *inputs: Tensor) -> Any:
        return self.function(self, *inputs)


def refusal(function: Callable[..., Any], *inputs: Tensor) -> str:
    with pytest.raises(Diagnostic) as caught:
        import_model(Traced(function), inputs)
    return str(caught.value)


def exported(path: Path, module: nn.Module, *inputs: Tensor, **options: Any) -> Path:
    torch.export.save(torch.export.export(module.eval(), inputs, strict=False, **options), path)
    return path


@pytest.fixture(scope="module")
def net() -> Graph:
    return import_model(Net(), (torch.zeros(1, 3, 4, 4),), name="net")


def test_values_are_named_after_modules(net: Graph) -> None:
    names = [node.name for node in net if node.op != "const"]
    stem = ["stem.conv.nhwc", "stem.conv", "stem.conv.nchw", "stem.norm", "stem.act", "stem.mean", "stem.add"]
    assert names == ["image", *stem, "flatten", "mT", "fc.linear", "fc.linear.1", "mul", "chunk.0"]


def test_one_constant_for_one_parameter(net: Graph) -> None:
    assert [node.name for node in net.of_op("const") if node.name.startswith("fc")] == ["fc.weight", "fc.bias"]
    assert net.tensors.keys() == {node.attrs["data"] for node in net.of_op("const")}


def test_weights_are_ohwi(net: Graph) -> None:
    assert net["stem.conv.weight"].type.shape == (4, 3, 3, 3)
    assert np.array_equal(net["stem.conv"].operands, ["stem.conv.nhwc", "stem.conv.weight", "stem.conv.bias"])


def test_sources_are_the_lines_of_the_user(net: Graph) -> None:
    lines = {name: net[name].source for name in ("stem.conv", "stem.add", "mul")}
    assert [source and source.module for source in lines.values()] == ["stem.conv", "stem", ""]
    assert all(source and source.line.startswith("test_importer_interface.py:") for source in lines.values())


def test_file_and_module_give_the_same_graph(tmp_path: Path) -> None:
    module = Net()
    inputs = (torch.zeros(1, 3, 4, 4), torch.zeros(1, 1, 4))
    assert import_model(exported(tmp_path / "Net.pt2", module, *inputs)) == import_model(module, inputs)


def test_arguments_by_keyword(tmp_path: Path) -> None:
    path = exported(tmp_path / "net.pt2", Net(), torch.zeros(1, 3, 4, 4), kwargs={"shift": torch.zeros(1, 1, 4)})
    assert [node.name for node in import_model(path).arguments] == ["image", "shift"]


def test_the_module_keeps_its_modes() -> None:
    module = Net().train()
    module.stem.norm.eval()
    import_model(module, (torch.zeros(1, 3, 4, 4),))
    assert (module.training, module.stem.training, module.stem.norm.training) == (True, True, False)


def test_a_file_is_read_without_torch(tmp_path: Path) -> None:
    path = exported(tmp_path / "net.pt2", Net(), torch.zeros(1, 3, 4, 4))
    code = "import sys; from tfc.importer.model import import_model; import_model(sys.argv[1]); assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code, path], check=True)


def test_hybrid_small_equals_torch() -> None:
    torch.manual_seed(0)
    module, x = HybridSmall().eval(), torch.rand(1, 3, 32, 32)
    graph = import_model(module, (x,))
    with torch.no_grad():
        np.testing.assert_allclose(evaluate(graph, [x.numpy()])[0], module(x).numpy(), rtol=1e-4, atol=1e-5)
    text = print_graph(graph)
    assert parse_graph(text, graph.tensors) == graph


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_short_floats_become_the_same_float32(dtype: torch.dtype) -> None:
    module = nn.Linear(8, 3).to(dtype)
    graph = import_model(module, (X.to(dtype),))
    assert np.array_equal(graph.tensors[graph["weight"].attrs["data"]], module.weight.detach().float().numpy())


def test_tensors_that_share_storage(tmp_path: Path) -> None:
    """Strided, offset and expanded parameters are read as torch sees them."""
    module = Traced(lambda m, x: x + m.a + m.b + m.c)
    whole = torch.randn(4, 5)
    for name, part in {"a": whole[1:3, ::2].t(), "b": whole[0, 1:3], "c": torch.ones(1).expand(2)}.items():
        module.register_buffer(name, part)
    x = torch.zeros(1, 3, 2)
    np.testing.assert_array_equal(evaluate(import_model(module, (x,)), [x.numpy()])[0], module(x).numpy())


def test_all_unsupported_operators_are_listed() -> None:
    message = refusal(lambda m, x: torch.cumsum(F.relu(torch.div(x, x, rounding_mode="floor")), 1).sort(-1)[0], X)
    assert "3 calls of operators that tfc does not support" in message
    for name in ("aten.div.Tensor_mode (test_importer_interface.py:", "aten.cumsum.default (", "aten.sort.default ("):
        assert name in message


def test_shapes_and_types_of_inputs(tmp_path: Path) -> None:
    assert "a batch of 2" in refusal(lambda m, x: x + 1, torch.zeros(2, 3))
    assert "an example input of shape (1, 3)" in refusal(lambda m, x: x + 1, torch.zeros(2, 3))
    assert "it is empty" in refusal(lambda m, x: x + 1, torch.zeros(1, 0))
    assert "holds int64" in refusal(lambda m, x: x + 1.5, torch.zeros(1, 3, dtype=torch.int64))
    assert "holds float64" in refusal(lambda m, x: x + 1, torch.zeros(1, 3, dtype=torch.float64))
    dynamic = exported(tmp_path / "net.pt2", nn.Linear(8, 2), torch.zeros(3, 8), dynamic_shapes=({0: torch.export.Dim("batch")},))
    with pytest.raises(Diagnostic, match=r"dynamic shapes: 'input' is \[\?, 8\][\s\S]*without dynamic_shapes"):
        import_model(dynamic)


def test_double_parameters_that_do_not_fit() -> None:
    module = Traced(lambda m, x: x + m.third.float())
    module.register_buffer("third", torch.tensor([1 / 3], dtype=torch.float64))
    with pytest.raises(Diagnostic, match=r"'third' holds float64 numbers that float32 cannot hold[\s\S]*model.float\(\)"):
        import_model(module, (X,))


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda m, x: F.scaled_dot_product_attention(x, x, x, attn_mask=x @ x.mT), "attention with a mask that depends on the input"),
        (lambda m, x: F.scaled_dot_product_attention(x, x, x, dropout_p=0.5), "attention drops 50%"),
        (lambda m, x: F.dropout(x, 0.5, training=True), "this dropout is active"),
        (lambda m, x: x**2.5, "the power 2.5 is not supported, only −2, −1, −½, ½, 1, 2, 3 and 4"),
        (lambda m, x: (-2) ** x, "powers of -2 are not supported"),
        (lambda m, x: F.softplus(x, threshold=2), "cut off at 2"),
        (lambda m, x: torch.where(m.w.view(1, 1, 8) > 0, x, m.w).cumsum(1), "it is computed at import, but here depends on the input"),
        (lambda m, x: torch.where(x == 2.0, x, m.w), "only with infinity"),
        (lambda m, x: x.masked_fill(torch.arange(8) > 2, float("inf")), "a mask that fills in inf"),
        (lambda m, x: torch.where(torch.sigmoid(x).isnan(), x, m.w), "aten.isnan.default (test_importer_interface.py:"),
        (lambda m, x: torch.einsum("bnc->bn", x), "it sums over one operand"),
        (lambda m, x: torch.einsum("...c,dc->...d", x, m.w.view(1, 8)), "only letters with a result behind '->'"),
        (lambda m, x: torch.linalg.vector_norm(x, ord=3), "the norm of order 3"),
        (lambda m, x: F.max_pool1d(x, 2, return_indices=True)[1] * 1.0, "is a result that tfc does not compute"),
        (lambda m, x: x[:, torch.arange(5), torch.arange(5)], "indices of several axes that vary together"),
        (lambda m, x: x.double() * 2, "is float64[1, 5, 8] in the trace"),
        (lambda m, x: (x + 1, 3), "result 1 of Traced is not a tensor"),
    ],
)
def test_what_is_refused(function: Callable[..., Any], message: str) -> None:
    assert message in refusal(function, X)


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda m, x: F.avg_pool2d(x, 4, padding=1, stride=2, ceil_mode=True), "ceil_mode that counts its padding"),
        (lambda m, x: F.fold(F.unfold(x, 3), (5, 5), 3), "folding windows of (3, 3) that overlap"),
        (lambda m, x: F.interpolate(x, scale_factor=1.5, mode="bilinear"), "not an exact ratio"),
        (lambda m, x: F.max_pool2d(x, 2, dilation=2), "with dilation"),
        (lambda m, x: F.adaptive_avg_pool2d(x, 2), "windows of unequal size"),
        (lambda m, x: F.conv2d(x, x), "weights of a convolution must be constant"),
        (lambda m, x: F.batch_norm(x, None, None, training=True), "this batch norm trains"),
    ],
)
def test_windows_that_are_refused(function: Callable[..., Any], message: str) -> None:
    assert message in refusal(function, IMAGE)


def changed_through_a_view(m: Traced, x: Tensor) -> Tensor:
    y = x * 2
    y[:, 0].add_(1)
    return y


def changed_before_an_older_view(m: Traced, x: Tensor) -> Tensor:
    y = x * 2
    first = y[:, 0]
    y += 1
    return first


@pytest.mark.parametrize("function", [changed_through_a_view, changed_before_an_older_view])
def test_changes_through_views_are_refused(function: Callable[..., Any]) -> None:
    assert "was changed in place through another view" in refusal(function, X)


def counts_calls(m: Traced, x: Tensor) -> Tensor:
    m.norm.running_mean.add_(1)
    return x


def test_state_from_call_to_call_is_refused(tmp_path: Path) -> None:
    assert "changes its own state" in refusal(counts_calls, X)
    program = torch.export.export(nn.BatchNorm1d(5).train(), (X,), strict=False)
    torch.export.save(program, tmp_path / "trains.pt2")
    torch.export.save(program.run_decompositions(), tmp_path / "functional.pt2")
    for path in tmp_path.iterdir():
        with pytest.raises(Diagnostic, match=r"changes its own state[\s\S]*model.eval\(\)"):
            import_model(path)


def test_modules_need_examples() -> None:
    with pytest.raises(Diagnostic, match="none were given"):
        import_model(nn.Linear(8, 2))
    assert "torch.export cannot trace this Traced" in refusal(lambda m, x: x if x.sum() > 0 else -x, X)
