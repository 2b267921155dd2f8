"""What each operator computes once quantized: docs/arithmetic.md, executed. Arrays carry a leading axis of samples."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import arithmetic as fixed
from .arithmetic import Ints
from .attention_bias import FAR, offsets, step_of
from .diagnostic import Diagnostic, expect
from .float_rules import by_sequence, grouped, interpolated, max_pool2d, pool_sums, product, transposed_product, ungrouped
from .graph import Graph, Node, Tensor
from .movement import MOVES, align, feature_map, tokens
from .pointwise import FUNCTIONS, function_named
from .types import Quantization, TensorType


@dataclass(frozen=True)
class Call:
    """A quantized node with the types of its operands."""

    node: Node
    operands: tuple[TensorType, ...]
    graph: Graph

    def q(self, index: int) -> Quantization:
        """The quantization of an operand."""
        return _quantization(self.operands[index])

    @property
    def out(self) -> Quantization:
        return _quantization(self.node.type)

    def attr(self, name: str, default: Any = None) -> Any:
        return self.node.attrs.get(name, default)

    @property
    def weight_scales(self) -> NDArray[np.float64]:
        """One scale for each output channel."""
        scale, out = self.q(1).scale, self.operands[1].shape[0]
        return np.asarray(self.graph.tensors[scale] if isinstance(scale, str) else np.full(out, scale), np.float64)

    @property
    def clamp(self) -> tuple[int, int]:
        lo, hi = fixed.LIMITS[self.node.type.dtype]
        return self.attr("clamp") or (lo, hi)

    def cut(self, values: Ints) -> Ints:
        """Clamped to the limits of the result."""
        return np.clip(values, *self.clamp)


def _quantization(type: TensorType) -> Quantization:
    if type.quantization is None:
        raise Diagnostic("a quantized operator has an operand or result without quantization")
    return type.quantization


Rule = Callable[..., Tensor]


def _movement(move: Callable[[Node, Tensor], Tensor]) -> Rule:
    return lambda call, x: move(call.node, x)


INT: dict[str, Rule] = {name: _movement(move) for name, move in MOVES.items()}


def int_rule(op: str) -> Callable[[Rule], Rule]:
    """Enter a rule `(call, *operand arrays) -> array` in the table."""

    def enter(rule: Rule) -> Rule:
        INT[op] = rule
        return rule

    return enter


@int_rule("conv2d")
@int_rule("linear")
@int_rule("conv_transpose2d")
def weighted(call: Call, x: Tensor, w: Tensor, b: Tensor, r: Tensor | None = None) -> Tensor:
    bound = fixed.product_bound(w[0], b[0], fixed.distance(call.operands[0].dtype, call.q(0).zero_point))
    exact = "f4" if bound < 1 << 24 else "f8"  # the sums of integers below 2²⁴ are exact in float32
    centred = (x.astype(np.int32) - call.q(0).zero_point).astype(exact)
    if call.node.op == "conv_transpose2d":
        sums = transposed_product(call.node, centred, w[0].astype(exact))
    else:
        sums = product(call.node.op, call.node.attrs, centred, w[0].astype(exact))
    acc = sums.astype(np.int64) + b[0].astype(np.int64)
    ratio = float(call.q(0).scale) * call.weight_scales
    activation = call.attr("activation")
    scale, zero = (call.attr("pre_scale"), call.attr("pre_zero")) if activation else (float(call.out.scale), call.out.zero_point)
    if r is not None:
        c = fixed.residual(ratio / scale, bound, call.q(3), scale, zero, call.operands[3].dtype)
        value = (c.requantization(acc) + r.astype(np.int64) * c.multiplier + c.constant) >> c.fraction
    else:
        value = zero + fixed.requantization(ratio / scale, bound)(acc)
    if activation:
        table = fixed.activation_table(function_named(activation, call.attr("parameters", ())), scale, zero, call.out, call.node.type.dtype)
        return np.asarray(table[np.clip(value, 0, fixed.TABLE - 1)])
    return call.cut(value)


@int_rule("matmul")
def matmul(call: Call, a: Tensor, b: Tensor) -> Tensor:
    a, b = align(a, b)
    bound = _product_bound(call) * a.shape[-1]
    acc = _integer_matmul(a.astype(np.int64) - call.q(0).zero_point, b.astype(np.int64) - call.q(1).zero_point)
    return call.cut(call.out.zero_point + fixed.requantization(_product_ratio(call), bound)(acc))


def _product_ratio(call: Call) -> float:
    return float(call.q(0).scale) * float(call.q(1).scale) / float(call.out.scale)


def _product_bound(call: Call) -> float:
    return float(fixed.distance(call.operands[0].dtype, call.q(0).zero_point) * fixed.distance(call.operands[1].dtype, call.q(1).zero_point))


def _integer_matmul(a: Ints, b: Ints) -> Ints:
    return np.asarray((a.astype(np.float64) @ b.astype(np.float64)).astype(np.int64))  # exact below 2⁵³, and fast


@int_rule("attention")
def attention(call: Call, q: Tensor, k: Tensor, v: Tensor, bias: Tensor | None = None) -> Tensor:
    patch, spatial, heads = call.attr("patch", (1, 1)), len(call.node.type.shape) == 4, call.attr("heads")
    zeros = (call.q(0).zero_point, call.q(1).zero_point if bias is None else 0, call.q(2).zero_point)
    arrays = [x.astype(np.int64) - zero for x, zero in zip((q, k, v), zeros, strict=True)]
    if spatial:
        arrays = [tokens(x, patch) for x in arrays]
    q, k, v = (np.moveaxis(x.reshape(*x.shape[:-1], heads, -1), -2, -3) for x in arrays)
    c, step = attention_constants(call), step_of(call.operands)
    scores = _integer_matmul(q, np.swapaxes(k, -1, -2))
    if bias is None:
        below = c.index(scores.max(axis=-1, keepdims=True) - scores)
    else:
        added = by_sequence(offsets(bias[0], call.operands[3], step), call.node.type.shape[0])
        lifted = np.where(added == FAR, FAR, c.index(scores) + added)
        below = lifted.max(axis=-1, keepdims=True) - lifted
    e = c.exponents[np.minimum(below, fixed.TABLE - 1)]
    row = fixed.reciprocal(e.sum(axis=-1, keepdims=True), c.reciprocal)
    y = (fixed.high(_integer_matmul(e, v), row) + 256 * call.out.zero_point + 128) >> 8
    y = np.moveaxis(y, -3, -2)
    y = y.reshape(*y.shape[:-2], -1)
    return call.cut(feature_map(y, patch, call.node.type.shape[1:3]) if spatial else y)


def attention_constants(call: Call) -> fixed.AttentionConstants:
    """For the heads and keys of this node."""
    q, k = call.operands[0].shape, call.operands[1].shape
    tokens = prod(k[1:-1]) // prod(call.attr("patch", (1, 1)))
    quantizations = (call.q(0), call.q(1), call.q(2), call.out)
    return fixed.attention_constants(
        *quantizations, scale=call.attr("scale"), head=q[-1] // call.attr("heads"), tokens=tokens, bias_step=step_of(call.operands)
    )


@int_rule("softmax")
def softmax(call: Call, x: Tensor) -> Tensor:
    expect(call.attr("axis", -1) in (-1, x.ndim - 2), "integer softmax runs along the last axis")
    expect(call.operands[0].dtype == "i8" and x.shape[-1] < 1 << 16, "integer softmax takes up to 65535 elements of i8")
    exponents, k = fixed.softmax_constants(call.q(0), call.out)
    wide = x.astype(np.int64)
    e = exponents[wide.max(axis=-1, keepdims=True) - wide]
    return call.cut(call.out.zero_point + fixed.high(e, fixed.reciprocal(e.sum(axis=-1, keepdims=True), k)))


@int_rule("log_softmax")
def log_softmax(call: Call, x: Tensor) -> Tensor:
    expect(call.attr("axis", -1) in (-1, x.ndim - 2), "integer log_softmax runs along the last axis")
    expect(call.operands[0].dtype == "i8" and x.shape[-1] <= 2048, "integer log_softmax takes up to 2048 elements of i8")
    c = fixed.log_softmax_constants(call.q(0), call.out)
    wide = x.astype(np.int64)
    below = wide.max(axis=-1, keepdims=True) - wide
    return call.cut(c.sum(-below, -c.logarithm(c.exponents[below].sum(axis=-1, keepdims=True))))


@int_rule("layer_norm")
def layer_norm(call: Call, x: Tensor, gamma: Tensor, beta: Tensor) -> Tensor:
    c = fixed.norm_constants(call.q(0), call.out, gamma[0], beta[0], call.attr("eps", 1e-5), x.shape[-1], call.operands[0].dtype)
    return call.cut((_normal(x.astype(np.int64), c, centre=True) * c.gains + c.offsets) >> c.shift)


@int_rule("rms_norm")
def rms_norm(call: Call, x: Tensor, gamma: Tensor) -> Tensor:
    zero = call.q(0).zero_point
    c = fixed.norm_constants(call.q(0), call.out, gamma[0], np.zeros_like(gamma[0]), call.attr("eps", 1e-5), x.shape[-1], call.operands[0].dtype)
    return call.cut((_normal(x.astype(np.int64) - zero, c, centre=False) * c.gains + c.offsets) >> c.shift)


@int_rule("group_norm")
def group_norm(call: Call, x: Tensor, gamma: Tensor, beta: Tensor) -> Tensor:
    groups = grouped(call.node, x.astype(np.int64))
    c = fixed.norm_constants(call.q(0), call.out, gamma[0], beta[0], call.attr("eps", 1e-5), groups.shape[-1], call.operands[0].dtype)
    wide = [1] * x.ndim
    wide[call.attr("axis", 1) + 1] = -1
    normal = ungrouped(call.node, _normal(groups, c, centre=True), x.shape)
    return call.cut((normal * c.gains.reshape(wide) + c.offsets.reshape(wide)) >> c.shift)


def _normal(x: Ints, c: fixed.NormConstants, *, centre: bool) -> Ints:
    """The normalised value along the last axis, 2¹¹ for one deviation."""
    count = x.shape[-1]
    total = x.sum(axis=-1, keepdims=True) if centre else np.zeros((*x.shape[:-1], 1), np.int64)
    w = np.maximum(count * (x * x).sum(axis=-1, keepdims=True) - total * total + c.epsilon, c.least)
    return np.asarray(fixed.high((count * x - total) << c.lift, fixed.rsqrt(w, c.precision)))


@int_rule("resize_bilinear")
def resize_bilinear(call: Call, x: Tensor) -> Tensor:
    acc = interpolated(call.node, x.astype(np.int64), lambda weight: np.round(weight * 256).astype(np.int64), 256)
    return call.cut((acc + (1 << 15)) >> 16)


def _sum(call: Call, a: Tensor, b: Tensor, signs: tuple[int, int]) -> Tensor:
    operands = [(call.q(i), call.operands[i].dtype) for i in range(2)]
    return call.cut(fixed.weighted_sum(operands, call.out, signs)(*align(a, b)))


@int_rule("add")
def add(call: Call, a: Tensor, b: Tensor) -> Tensor:
    return _sum(call, a, b, (1, 1))


@int_rule("sub")
def sub(call: Call, a: Tensor, b: Tensor) -> Tensor:
    return _sum(call, a, b, (1, -1))


@int_rule("rescale")
def rescale(call: Call, x: Tensor) -> Tensor:
    return call.cut(fixed.weighted_sum([(call.q(0), call.operands[0].dtype)], call.out)(x))


@int_rule("concat")
def concat(call: Call, *xs: Tensor) -> Tensor:
    parts = [
        x
        if type.quantization == call.out and type.dtype == call.node.type.dtype
        else call.cut(fixed.weighted_sum([(_quantization(type), type.dtype)], call.out)(x))
        for type, x in zip(call.operands, xs, strict=True)
    ]
    samples = max(len(x) for x in xs)
    return np.concatenate([np.broadcast_to(x, (samples, *x.shape[1:])) for x in parts], axis=call.attr("axis") + 1)


@int_rule("mul")
def mul(call: Call, a: Tensor, b: Tensor) -> Tensor:
    a, b = align(a.astype(np.int64) - call.q(0).zero_point, b.astype(np.int64) - call.q(1).zero_point)
    return call.cut(call.out.zero_point + fixed.requantization(_product_ratio(call), _product_bound(call))(a * b))


def _pointwise(call: Call, x: Tensor) -> Tensor:
    expect(call.operands[0].dtype == "i8", f"{call.node.op} takes i8")
    return fixed.pointwise_table(function_named(call.node.op, call.attr("parameters", ())), call.q(0), call.out)[x.astype(np.int64) + 128]


for _name in FUNCTIONS:
    INT[_name] = _pointwise


def _average(call: Call, acc: Ints, count: Any) -> Tensor:
    ratio = float(call.q(0).scale) / (float(call.out.scale) * np.asarray(count, np.float64))
    bound = float(np.max(count)) * fixed.distance(call.operands[0].dtype, call.q(0).zero_point)
    return call.cut(call.out.zero_point + fixed.requantization(ratio, bound)(acc))


@int_rule("mean")
def mean(call: Call, x: Tensor) -> Tensor:
    rank = x.ndim - 1
    axes = tuple(axis % rank + 1 for axis in call.attr("axes"))
    acc = (x.astype(np.int64) - call.q(0).zero_point).sum(axis=axes).reshape(x.shape[0], *call.node.type.shape)
    return _average(call, acc, np.prod([x.shape[axis] for axis in axes]))


@int_rule("avg_pool2d")
def avg_pool2d(call: Call, x: Tensor) -> Tensor:
    return _average(call, *pool_sums(call.node, x.astype(np.int64) - call.q(0).zero_point))


@int_rule("max_pool2d")
def max_pool(call: Call, x: Tensor) -> Tensor:
    return max_pool2d(call.node, x)


@int_rule("pad")
def pad(call: Call, x: Tensor) -> Tensor:
    amounts = call.attr("amounts")
    value = np.clip(call.out.zero_point + round(call.attr("value", 0.0) / float(call.out.scale)), *fixed.LIMITS[call.node.type.dtype])
    return np.pad(x, ((0, 0), *zip(amounts[::2], amounts[1::2], strict=True)), constant_values=value)
