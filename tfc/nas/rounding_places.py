"""Where a quantized network rounds: after what becomes one kernel, not inside it."""

import operator
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor, fx, nn
from torch.fx.passes.shape_prop import ShapeProp, TensorMetadata
from torch.nn import functional as F

from tfc.nas.quantizing import BITS8, ROUNDED, TABLE, FakeQuantize, Tied

PRODUCTS = frozenset(ROUNDED.values())
NORMS = frozenset({nn.BatchNorm1d, nn.BatchNorm2d})
CLAMPS = frozenset({nn.ReLU, nn.ReLU6, F.relu, F.relu6, torch.relu, "relu", "relu_"})
TABLES = frozenset(
    {nn.SiLU, nn.GELU, nn.Sigmoid, nn.Tanh, nn.Hardswish, nn.Hardsigmoid, nn.LeakyReLU, nn.ELU, nn.Softplus, nn.Mish}
    | {F.silu, F.gelu, F.hardswish, F.hardsigmoid, F.leaky_relu, F.elu, F.softplus, F.mish, torch.sigmoid, torch.tanh, "sigmoid", "tanh"}
)
SOFTMAX = frozenset({nn.Softmax, F.softmax, torch.softmax, "softmax"})
MATMUL = frozenset({torch.matmul, torch.bmm, operator.matmul, "matmul", "bmm"})
ADD = frozenset({operator.add, operator.iadd, torch.add, "add", "add_"})
SCALE = frozenset({operator.mul, torch.mul, operator.truediv, torch.div, "mul", "div"})
OTHERS = frozenset(
    {nn.LayerNorm, nn.GroupNorm, nn.RMSNorm, nn.AvgPool2d, nn.AdaptiveAvgPool2d, nn.Upsample, F.avg_pool2d, F.adaptive_avg_pool2d, F.layer_norm}
    | {F.interpolate, F.scaled_dot_product_attention, operator.sub, torch.sub, torch.cat, torch.mean, torch.sum, "mean", "sum", "sub"}
)
# Everything else moves values, and keeps their levels.
MAKES_VALUES = PRODUCTS | NORMS | CLAMPS | TABLES | SOFTMAX | MATMUL | ADD | SCALE | OTHERS


def quantize_aware(model: nn.Module, example: Tensor) -> fx.GraphModule:
    """The network that rounds weights and values as the compiler will; it takes over the layers of `model`, under their names.

    `example` is an input [n, ...]. ValueError names the layers that cannot be rounded in training.
    """
    model.eval()
    unsupported = [name for name, module in model.named_modules() if isinstance(module, nn.modules.conv._ConvTransposeNd | nn.RNNBase | nn.MultiheadAttention)]
    if unsupported:
        raise ValueError(f"these layers cannot be rounded in training: {', '.join(unsupported)}; quantize after training instead")
    traced = fx.symbolic_trace(model)
    ShapeProp(traced).propagate(example)
    for module in traced.modules():
        module.__class__ = ROUNDED.get(type(module), type(module))
    for node, levels in list(_places(traced)):
        _insert(traced, node, FakeQuantize(levels))
    for node in list(traced.graph.nodes):
        if node.target is torch.cat:
            _tie(traced, node)
    traced.recompile()
    return traced


def _kind(node: fx.Node) -> Any:
    """The class of the module, the function, or the name of the method that a node calls."""
    owner = node.graph.owning_module
    return type(owner.get_submodule(str(node.target))) if owner is not None and node.op == "call_module" else node.target


def _reader(node: fx.Node) -> fx.Node | None:
    """The node that alone reads a value."""
    return next(iter(node.users)) if len(node.users) == 1 else None


def _shape(node: object) -> torch.Size | None:
    """The shape of a float tensor."""
    meta = node.meta.get("tensor_meta") if isinstance(node, fx.Node) else None
    return meta.shape if isinstance(meta, TensorMetadata) and meta.dtype.is_floating_point else None


def _places(traced: fx.GraphModule) -> Iterator[tuple[fx.Node, int]]:
    """Each value that is rounded, and to how many levels."""
    for node in traced.graph.nodes:
        if _shape(node) is not None and (node.op == "placeholder" or (node.op != "get_attr" and _kind(node) in MAKES_VALUES)):
            levels = _levels(node)
            if levels:
                yield node, levels


def _levels(node: fx.Node) -> int | None:
    """To how many levels a value is rounded; None if it stays inside a kernel."""
    kind, reader = _kind(node), _reader(node)
    after = _kind(reader) if reader else None
    if reader is None or after is None:
        return BITS8
    if _accumulates(node):
        if after in NORMS or after in CLAMPS or (after in ADD and _takes(reader) is node):
            return None
        if after in TABLES:
            return TABLE
    if kind in ADD and after in CLAMPS:
        return None
    inside_attention = _scores(node) or (kind in SOFTMAX and after in MATMUL)
    return None if inside_attention else BITS8


def _accumulates(node: fx.Node) -> bool:
    """Whether a value is the sum of a product, or that normalised."""
    kind = _kind(node)
    if kind in NORMS:
        before = node.args[0]
        return isinstance(before, fx.Node) and _kind(before) in PRODUCTS and _reader(before) is node
    return kind in PRODUCTS


def _takes(total: fx.Node) -> fx.Node | None:
    """The product into which a sum is fused: the one that is computed last, if both operands have the shape of the sum."""
    operands = [operand for operand in total.args[:2] if isinstance(operand, fx.Node)]
    if len(operands) < 2 or any(_shape(operand) != _shape(total) for operand in operands):
        return None
    order = {node: index for index, node in enumerate(total.graph.nodes)}
    products = [operand for operand in operands if _accumulates(operand) and _reader(operand) is total]
    return max(products, key=order.__getitem__, default=None)


def _scores(node: fx.Node) -> bool:
    """Whether a value only goes, scaled, masked or moved, into the product of queries and keys, or from it into a softmax."""
    reader = _reader(node)
    if reader is None or _kind(node) not in MATMUL | SCALE | ADD:
        return False
    while _kind(reader) not in MAKES_VALUES:
        onward = _reader(reader)
        if onward is None:
            return False
        reader = onward
    if _kind(reader) in SOFTMAX:
        return True
    if _kind(node) in SCALE and _kind(reader) in MATMUL:
        return _scores(reader)
    return _kind(reader) in SCALE | ADD and _scores(reader)


def _insert(traced: fx.GraphModule, node: fx.Node, module: nn.Module) -> None:
    name = f"{node.name}_levels"
    traced.add_submodule(name, module)
    with traced.graph.inserting_after(node):
        rounding = traced.graph.call_module(name, (node,))
    node.replace_all_uses_with(rounding, delete_user_cb=lambda user: user is not rounding)


def _tie(traced: fx.GraphModule, concat: fx.Node) -> None:
    """The parts that nothing else reads get the levels of the whole."""
    whole = traced.get_submodule(str(next(iter(concat.users)).target))
    parts = concat.args[0]
    assert isinstance(whole, FakeQuantize)
    assert isinstance(parts, list | tuple)
    for part in parts:
        if isinstance(part, fx.Node) and _reader(part) is concat and part.op == "call_module" and _kind(part) is FakeQuantize:
            traced.set_submodule(str(part.target), Tied(whole))
