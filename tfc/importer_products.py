"""Rules for convolution, linear layers, matrix products and attention."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tfc.importer_builder import AnyRule, Builder, Constant, Operand, Rule, builds
from tfc.ir.diagnostic import expect
from tfc.ir.ops import Pair, Quad
from tfc.ir.types import Shape

RULES: dict[str, Rule] = {}


def rule(*targets: str) -> Callable[[AnyRule], AnyRule]:
    return builds(RULES, *targets)


TO_NHWC = (0, 2, 3, 1)
TO_NCHW = (0, 3, 1, 2)


def pair(values: tuple[int, ...] | int) -> Pair:
    """One number stands for both axes."""
    items = (values,) if isinstance(values, int) else values
    expect(len(items) in (1, 2), f"{items} is not (height, width)")
    return items[0], items[-1]


def in_nhwc(build: Builder, x: Operand, inner: Callable[[Operand], Operand]) -> Operand:
    """`inner` between a transpose to NHWC and one back."""
    expect(len(x.type.shape) == 4, f"an input of shape (1, channels, height, width) is expected, not {x.type.shape}")
    return build.transpose(inner(build.transpose(x, TO_NHWC, "nhwc")), TO_NCHW, "nchw")


def vector(build: Builder, given: Operand | None, part: str, length: int, value: float) -> Operand:
    """An optional parameter: what is given, or one number for each channel."""
    return build.filled(part, (length,), value) if given is None else given


@rule("aten.conv2d.default", "aten.conv2d.padding")
def conv2d(
    build: Builder,
    input: Operand,
    weight: Operand,
    bias: Operand | None = None,
    stride: tuple[int, ...] = (1,),
    padding: tuple[int, ...] | str = (0,),
    dilation: tuple[int, ...] = (1,),
    groups: int = 1,
) -> Operand:
    expect(isinstance(weight, Constant), "the weights of a convolution must be constant")
    kernel = weight.type.shape[2:]
    pad = _same(kernel, pair(dilation)) if padding == "same" else _around((0,) if isinstance(padding, str) else padding)
    b = vector(build, bias, "bias", weight.type.shape[0], 0.0)
    w = build.transpose(weight, TO_NHWC)  # OIHW to OHWI
    return in_nhwc(build, input, lambda x: build.emit("conv2d", x, w, b, stride=pair(stride), pad=pad, dilation=pair(dilation), groups=groups))


@rule("aten.convolution.default")
def convolution(
    build: Builder,
    input: Operand,
    weight: Operand,
    bias: Operand | None,
    stride: tuple[int, ...],
    padding: tuple[int, ...],
    dilation: tuple[int, ...],
    transposed: bool,
    output_padding: tuple[int, ...],
    groups: int,
) -> Operand:
    expect(not transposed, "transposed convolutions are not supported")
    return conv2d(build, input, weight, bias, stride, padding, dilation, groups)


def _around(padding: tuple[int, ...]) -> Quad:
    height, width = pair(padding)
    return height, width, height, width


def _same(kernel: Shape, dilation: Pair) -> Quad:
    """Padding that keeps the size; an odd one more lies at bottom and right, as in torch."""
    total = [step * (k - 1) for step, k in zip(dilation, kernel, strict=True)]
    return total[0] // 2, total[1] // 2, total[0] - total[0] // 2, total[1] - total[1] // 2


@rule("aten.linear.default")
def linear(build: Builder, input: Operand, weight: Operand, bias: Operand | None = None) -> Operand:
    if not isinstance(weight, Constant):
        product = matmul(build, input, build.transpose(weight, (1, 0), "weight"))
        return product if bias is None else build.emit("add", product, bias)
    return build.emit("linear", input, weight, vector(build, bias, "bias", weight.type.shape[0], 0.0))


@rule("aten.addmm.default")
def addmm(build: Builder, self: Operand, mat1: Operand, mat2: Operand, beta: float = 1, alpha: float = 1) -> Operand:
    expect(beta == alpha == 1, f"addmm with beta = {beta} and alpha = {alpha} is not supported")
    if isinstance(mat2, Constant) and isinstance(self, Constant) and self.type.shape == mat2.type.shape[1:]:
        return linear(build, mat1, build.transpose(mat2, (1, 0)), self)
    return build.emit("add", build.emit("matmul", mat1, mat2, part="product"), self)


@rule("aten.matmul.default", "aten.mm.default", "aten.bmm.default")
def matmul(build: Builder, self: Operand, other: Operand | None = None, mat2: Operand | None = None) -> Operand:
    right = other or mat2
    assert right is not None
    expect(min(len(self.type.shape), len(right.type.shape)) >= 2, f"products of vectors ({self.type.shape} and {right.type.shape}) are not supported")
    if isinstance(right, Constant) and len(right.type.shape) == 2:
        return linear(build, self, build.transpose(right, (1, 0)))
    return build.emit("matmul", self, right)


@rule("aten.scaled_dot_product_attention.default")
def attention(
    build: Builder,
    query: Operand,
    key: Operand,
    value: Operand,
    attn_mask: Operand | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Operand:
    expect(attn_mask is None and not is_causal, "attention with a mask is not supported")
    expect(dropout_p == 0.0, f"attention drops {dropout_p:.0%} of its weights: export in eval mode, with dropout_p = 0")
    expect(not enable_gqa, "grouped-query attention is not supported")
    rank = len(key.type.shape)
    keys = build.transpose(key, (*range(rank - 2), rank - 1, rank - 2), "keys")
    factor = 1 / np.sqrt(query.type.shape[-1]) if scale is None else scale
    scores = build.emit("matmul", query, keys, part="scores")
    scaled = build.emit("mul", scores, build.number("scale", float(factor)), part="scaled")
    return build.emit("matmul", build.emit("softmax", scaled, part="weights"), value)
