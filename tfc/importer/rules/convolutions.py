"""Rules for convolutions, plain and transposed, over one axis or two."""

from __future__ import annotations

from collections.abc import Callable

from tfc.importer.builder import AnyRule, Builder, Constant, Operand, Rule, builds
from tfc.importer.shapes import TO_NHWC, as_row, in_nhwc, pair, row, vector
from tfc.ir.diagnostic import expect
from tfc.ir.types import Pair, Quad, Shape

RULES: dict[str, Rule] = {}

Numbers = tuple[int, ...]


def rule(*targets: str) -> Callable[[AnyRule], AnyRule]:
    return builds(RULES, *targets)


@rule("aten.conv2d.default", "aten.conv2d.padding")
def conv2d(
    build: Builder,
    input: Operand,
    weight: Operand,
    bias: Operand | None = None,
    stride: Numbers = (1,),
    padding: Numbers | str = (0,),
    dilation: Numbers = (1,),
    groups: int = 1,
) -> Operand:
    expect_constant(weight)
    pad = _same(weight.type.shape[2:], pair(dilation)) if padding == "same" else _around(pair((0,) if isinstance(padding, str) else padding))
    b = vector(build, bias, "bias", weight.type.shape[0], 0.0)
    w = build.transpose(weight, TO_NHWC)  # OIHW to OHWI
    return in_nhwc(build, input, lambda x: build.emit("conv2d", x, w, b, stride=pair(stride), pad=pad, dilation=pair(dilation), groups=groups))


@rule("aten.conv1d.default", "aten.conv1d.padding")
def conv1d(
    build: Builder,
    input: Operand,
    weight: Operand,
    bias: Operand | None = None,
    stride: Numbers = (1,),
    padding: Numbers | str = (0,),
    dilation: Numbers = (1,),
    groups: int = 1,
) -> Operand:
    """A convolution of images of height 1."""
    expect_constant(weight)
    step, wide = row(stride, 1), row(dilation, 1)
    pad = _same((1, *weight.type.shape[2:]), wide) if padding == "same" else _around(row((0,) if isinstance(padding, str) else padding, 0))
    b = vector(build, bias, "bias", weight.type.shape[0], 0.0)
    w = build.transpose(row_of_weights(build, weight), TO_NHWC)
    return as_row(build, input, lambda x: build.emit("conv2d", x, w, b, stride=step, pad=pad, dilation=wide, groups=groups))


@rule("aten.conv_transpose2d.input")
def conv_transpose2d(
    build: Builder,
    input: Operand,
    weight: Operand,
    bias: Operand | None = None,
    stride: Numbers = (1,),
    padding: Numbers = (0,),
    output_padding: Numbers = (0,),
    groups: int = 1,
    dilation: Numbers = (1,),
) -> Operand:
    w, b = transposed_weights(build, weight, bias, groups)
    return in_nhwc(
        build,
        input,
        lambda x: build.emit(
            "conv_transpose2d",
            *(x, w, b),
            stride=pair(stride),
            pad=_around(pair(padding)),
            output_pad=pair(output_padding),
            dilation=pair(dilation),
            groups=groups,
        ),
    )


@rule("aten.conv_transpose1d.default")
def conv_transpose1d(
    build: Builder,
    input: Operand,
    weight: Operand,
    bias: Operand | None = None,
    stride: Numbers = (1,),
    padding: Numbers = (0,),
    output_padding: Numbers = (0,),
    groups: int = 1,
    dilation: Numbers = (1,),
) -> Operand:
    expect_constant(weight)
    w, b = transposed_weights(build, row_of_weights(build, weight), bias, groups)
    return as_row(
        build,
        input,
        lambda x: build.emit(
            "conv_transpose2d",
            *(x, w, b),
            stride=row(stride, 1),
            pad=_around(row(padding, 0)),
            output_pad=row(output_padding, 0),
            dilation=row(dilation, 1),
            groups=groups,
        ),
    )


@rule("aten.convolution.default")
def convolution(
    build: Builder,
    input: Operand,
    weight: Operand,
    bias: Operand | None,
    stride: Numbers,
    padding: Numbers,
    dilation: Numbers,
    transposed: bool,
    output_padding: Numbers,
    groups: int,
) -> Operand:
    axes = len(weight.type.shape) - 2
    expect(axes in (1, 2), f"a convolution over {axes} axes is not supported")
    if transposed:
        back = conv_transpose1d if axes == 1 else conv_transpose2d
        return back(build, input, weight, bias, stride, padding, output_padding, groups, dilation)
    return (conv1d if axes == 1 else conv2d)(build, input, weight, bias, stride, padding, dilation, groups)


def expect_constant(weight: Operand) -> None:
    expect(isinstance(weight, Constant), "the weights of a convolution must be constant")


def row_of_weights(build: Builder, weight: Operand) -> Operand:
    """Weights over one axis as those over two, of height 1."""
    out, c_in, width = weight.type.shape
    return build.reshape(weight, (out, c_in, 1, width))


def transposed_weights(build: Builder, weight: Operand, bias: Operand | None, groups: int) -> tuple[Operand, Operand]:
    """IOHW, where O counts the channels of one group, to OHWI, where I does; and the bias."""
    expect_constant(weight)
    c_in, each, *window = weight.type.shape
    split = build.reshape(weight, (groups, c_in // groups, each, *window))
    w = build.reshape(build.transpose(split, (0, 2, 3, 4, 1)), (groups * each, *window, c_in // groups))
    return w, vector(build, bias, "bias", groups * each, 0.0)


def _around(padding: Pair) -> Quad:
    return *padding, *padding


def _same(kernel: Shape, dilation: Pair) -> Quad:
    """Padding that keeps the size; an odd one more lies at bottom and right, as in torch."""
    total = [step * (k - 1) for step, k in zip(dilation, kernel, strict=True)]
    return total[0] // 2, total[1] // 2, total[0] - total[0] // 2, total[1] - total[1] // 2
