"""What each operator computes in float. Arrays carry one more, leading axis of samples."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .graph import Node, Tensor
from .movement import MOVES, align, bilinear_taps, bordered, feature_map, identity, spread, tokens, windows
from .pointwise import FUNCTIONS, function_named

Rule = Callable[..., Tensor]
FLOAT: dict[str, Rule] = {**MOVES, "rescale": identity}


def float_rule(op: str) -> Callable[[Rule], Rule]:
    """Enter a rule `(node, *operand arrays) -> array` in the table."""

    def enter(rule: Rule) -> Rule:
        FLOAT[op] = rule
        return rule

    return enter


def pointwise(name: str, parameters: Sequence[float], x: Tensor) -> Tensor:
    """A pointwise function on an array, vectorised for the frequent ones."""
    if name in ("relu", "relu6"):
        return np.asarray(np.clip(x, 0, 6 if name == "relu6" else None))
    if name in ("silu", "sigmoid"):
        sigmoid = 1 / (1 + np.exp(-np.clip(x, -80, None)))
        return np.asarray(x * sigmoid if name == "silu" else sigmoid)
    return np.asarray(np.vectorize(function_named(name, parameters), otypes=[np.float64])(x), x.dtype)


for _name in FUNCTIONS:
    FLOAT[_name] = lambda node, x: pointwise(node.op, node.attrs.get("parameters", ()), x)


def product(op: str, attrs: Any, x: Tensor, w: Tensor) -> Tensor:
    """The bare sums of a convolution (x padded here with 0) or linear, in the precision of its operands."""
    if op == "linear":
        return np.asarray((x.reshape(-1, x.shape[-1]) @ w.T).reshape(*x.shape[:-1], -1))
    lead = x.shape[:2]
    x = bordered(x.reshape(-1, *x.shape[2:]), attrs.get("pad", (0, 0, 0, 0)), 0)
    groups, out, size = attrs.get("groups", 1), w.shape[0], w.shape[1:3]
    view = np.moveaxis(windows(x, size, attrs.get("stride", (1, 1)), attrs.get("dilation", (1, 1))), 3, -1)  # channels last: copies run along them
    if groups == x.shape[-1] == out:  # depthwise: one multiply-add a tap
        acc = sum(view[..., i, j, :] * w[:, i, j, 0] for i in range(size[0]) for j in range(size[1]))
    else:
        share, each = x.shape[-1] // groups, out // groups
        parts = [
            view[..., g * share : (g + 1) * share].reshape(-1, share * size[0] * size[1]) @ w[g * each : (g + 1) * each].reshape(each, -1).T
            for g in range(groups)
        ]
        acc = np.concatenate(parts, axis=-1)
    return np.asarray(acc).reshape(*lead, *view.shape[1:3], out)


@float_rule("conv2d")
@float_rule("linear")
def weighted(node: Node, x: Tensor, w: Tensor, b: Tensor, r: Tensor | None = None) -> Tensor:
    y = product(node.op, node.attrs, x, w[0]) + b[0]
    if r is not None:
        y = y + r
    return activated(node, y)


def activated(node: Node, y: Tensor) -> Tensor:
    """A product behind its fused activation, if it has one."""
    return pointwise(node.attrs["activation"], node.attrs.get("parameters", ()), y) if "activation" in node.attrs else y


def transposed_product(node: Node, x: Tensor, w: Tensor) -> Tensor:
    """The bare sums of a transposed convolution, as a plain one with the window turned round."""
    wide = spread(x.reshape(-1, *x.shape[2:]), node, w.shape[1:3])
    attrs = {"dilation": node.attrs.get("dilation", (1, 1)), "groups": node.attrs.get("groups", 1)}
    return product("conv2d", attrs, wide.reshape(*x.shape[:2], *wide.shape[1:]), w[:, ::-1, ::-1])


@float_rule("conv_transpose2d")
def conv_transpose2d(node: Node, x: Tensor, w: Tensor, b: Tensor) -> Tensor:
    return activated(node, transposed_product(node, x, w[0]) + b[0])


@float_rule("matmul")
def matmul(node: Node, a: Tensor, b: Tensor) -> Tensor:
    a, b = align(a, b)
    return a @ b


@float_rule("attention")
def attention(node: Node, q: Tensor, k: Tensor, v: Tensor, bias: Tensor | None = None) -> Tensor:
    patch, size = node.attrs.get("patch", (1, 1)), node.type.shape[1:3]
    spatial = len(node.type.shape) == 4
    if spatial:
        q, k, v = (tokens(x, patch) for x in (q, k, v))
    heads = node.attrs["heads"]
    q, k, v = (np.moveaxis(x.reshape(*x.shape[:-1], heads, -1), -2, -3) for x in (q, k, v))
    scores = q @ np.swapaxes(k, -1, -2) * node.attrs["scale"]
    if bias is not None:
        scores = scores + by_sequence(bias[0], node.type.shape[0])
    y = np.moveaxis(soft(scores, -1) @ v, -3, -2)
    y = y.reshape(*y.shape[:-2], -1)
    return feature_map(y, patch, size) if spatial else y


def by_sequence(bias: Tensor, sequences: int) -> Tensor:
    """The bias of attention for each of the sequences, which take its slices by turns."""
    return bias if bias.ndim < 4 else np.tile(bias, (sequences // len(bias) if len(bias) > 1 else 1, 1, 1, 1))


def soft(x: Tensor, axis: int) -> Tensor:
    """Softmax along an axis of the array."""
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return np.asarray(e / e.sum(axis=axis, keepdims=True))


@float_rule("fake_quantize")
def fake_quantize(node: Node, x: Tensor) -> Tensor:
    scale, zero, levels = np.float32(node.attrs["scale"]), node.attrs["zero_point"], node.attrs.get("levels", 256)
    lowest = -128 if levels == 256 else 0
    return np.asarray((np.clip(np.round(x / scale) + zero, lowest, lowest + levels - 1) - zero) * scale, x.dtype)


@float_rule("softmax")
def softmax(node: Node, x: Tensor) -> Tensor:
    axis = node.attrs.get("axis", -1)
    return soft(x, axis + 1 if axis >= 0 else axis)


@float_rule("log_softmax")
def log_softmax(node: Node, x: Tensor) -> Tensor:
    return np.asarray(np.log(softmax(node, x)))


@float_rule("batch_norm")
def batch_norm(node: Node, x: Tensor, gamma: Tensor, beta: Tensor, mean: Tensor, variance: Tensor) -> Tensor:
    wide = [1] * x.ndim
    wide[node.attrs.get("axis", 1) + 1] = -1
    g, b, m, v = (p[0].reshape(wide) for p in (gamma, beta, mean, variance))
    return np.asarray((x - m) / np.sqrt(v + np.float32(node.attrs.get("eps", 1e-5))) * g + b)


@float_rule("layer_norm")
def layer_norm(node: Node, x: Tensor, gamma: Tensor, beta: Tensor) -> Tensor:
    centred = x - x.mean(axis=-1, keepdims=True)
    deviation = np.sqrt((centred**2).mean(axis=-1, keepdims=True) + np.float32(node.attrs.get("eps", 1e-5)))
    return np.asarray(centred / deviation * gamma[0] + beta[0])


@float_rule("rms_norm")
def rms_norm(node: Node, x: Tensor, gamma: Tensor) -> Tensor:
    return np.asarray(x / np.sqrt((x * x).mean(axis=-1, keepdims=True) + np.float32(node.attrs.get("eps", 1e-5))) * gamma[0])


def grouped(node: Node, x: Tensor) -> Tensor:
    """[N, B, groups, elements of a group] of a value whose channels lie along `axis`."""
    axis = node.attrs.get("axis", 1) + 1
    return np.moveaxis(x, axis, 2).reshape(*x.shape[:2], node.attrs["groups"], -1)


def ungrouped(node: Node, y: Tensor, shape: tuple[int, ...]) -> Tensor:
    """The inverse of `grouped`."""
    axis = node.attrs.get("axis", 1) + 1
    rest = [n for i, n in enumerate(shape) if i != axis]
    return np.moveaxis(y.reshape(*rest[:2], shape[axis], *rest[2:]), 2, axis)


@float_rule("group_norm")
def group_norm(node: Node, x: Tensor, gamma: Tensor, beta: Tensor) -> Tensor:
    groups = grouped(node, x)
    centred = groups - groups.mean(axis=-1, keepdims=True)
    normal = ungrouped(node, centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + np.float32(node.attrs.get("eps", 1e-5))), x.shape)
    wide = [1] * x.ndim
    wide[node.attrs.get("axis", 1) + 1] = -1
    return np.asarray(normal * gamma[0].reshape(wide) + beta[0].reshape(wide))


@float_rule("resize_bilinear")
def resize_bilinear(node: Node, x: Tensor) -> Tensor:
    return interpolated(node, x, lambda weight: weight.astype(x.dtype), 1)


def interpolated(node: Node, x: Tensor, weigh: Callable[[Tensor], Tensor], one: int) -> Tensor:
    """Both axes, each as a sum of two taps whose weights add up to `one`."""
    for axis, new in zip((2, 3), node.attrs["size"], strict=True):
        first, second, weight = bilinear_taps(new, x.shape[axis], node.attrs.get("align_corners", False))
        share = weigh(weight).reshape(-1, *(1,) * (x.ndim - axis - 1))
        x = np.take(x, first, axis) * (one - share) + np.take(x, second, axis) * share
    return x


@float_rule("add")
def add(node: Node, a: Tensor, b: Tensor) -> Tensor:
    return np.add(*align(a, b))


@float_rule("sub")
def sub(node: Node, a: Tensor, b: Tensor) -> Tensor:
    return np.subtract(*align(a, b))


@float_rule("mul")
def mul(node: Node, a: Tensor, b: Tensor) -> Tensor:
    return np.multiply(*align(a, b))


@float_rule("div")
def div(node: Node, a: Tensor, b: Tensor) -> Tensor:
    return np.divide(*align(a, b))


@float_rule("mean")
def mean(node: Node, x: Tensor) -> Tensor:
    rank = x.ndim - 1
    axes = tuple(axis % rank + 1 for axis in node.attrs["axes"])
    return np.asarray(x.mean(axis=axes)).reshape(x.shape[0], *node.type.shape)


@float_rule("avg_pool2d")
def avg_pool2d(node: Node, x: Tensor) -> Tensor:
    total, count = pool_sums(node, x)
    return np.asarray(total / count.astype(x.dtype))


def pool_sums(node: Node, x: Tensor) -> tuple[Tensor, Tensor]:
    """Sums over the windows of an array whose padding is 0, and the elements that each window counts, [H', W', 1]."""
    pad, window, stride = node.attrs.get("pad", (0, 0, 0, 0)), node.attrs["window"], node.attrs["stride"]
    total = windows(bordered(x.reshape(-1, *x.shape[2:]), pad, 0), window, stride).sum(axis=(-1, -2), dtype=x.dtype)
    counted = np.ones((1, *x.shape[2:4], 1), np.int64)
    count = windows(bordered(counted, pad, int(node.attrs.get("count_padding", True))), window, stride).sum(axis=(-1, -2))[0]
    return total.reshape(*x.shape[:2], *total.shape[1:]), count


@float_rule("max_pool2d")
def max_pool2d(node: Node, x: Tensor) -> Tensor:
    lowest = -np.inf if x.dtype.kind == "f" else np.iinfo(x.dtype).min
    padded = bordered(x.reshape(-1, *x.shape[2:]), node.attrs.get("pad", (0, 0, 0, 0)), lowest)
    top = windows(padded, node.attrs["window"], node.attrs["stride"]).max(axis=(-1, -2))
    return np.asarray(top.reshape(*x.shape[:2], *top.shape[1:]))


@float_rule("concat")
def concat(node: Node, *xs: Tensor) -> Tensor:
    samples = max(len(x) for x in xs)
    return np.concatenate([np.broadcast_to(x, (samples, *x.shape[1:])) for x in xs], axis=node.attrs["axis"] + 1)


@float_rule("pad")
def pad(node: Node, x: Tensor) -> Tensor:
    amounts = node.attrs["amounts"]
    return np.pad(x, ((0, 0), *zip(amounts[::2], amounts[1::2], strict=True)), constant_values=node.attrs.get("value", 0.0))
