"""Rules for pooling over one axis or two."""

from __future__ import annotations

from collections.abc import Callable

from tfc.importer.builder import AnyRule, Builder, Operand, Result, Rule, builds
from tfc.importer.shapes import as_row, in_nhwc, pair, row
from tfc.ir.diagnostic import expect
from tfc.ir.types import Pair, Quad, Shape

from .sums import mean

RULES: dict[str, Rule] = {}

Numbers = tuple[int, ...]


def rule(*targets: str) -> Callable[[AnyRule], AnyRule]:
    return builds(RULES, *targets)


@rule("aten.max_pool2d.default")
def max_pool2d(
    build: Builder, self: Operand, kernel_size: Numbers, stride: Numbers = (), padding: Numbers = (0,), dilation: Numbers = (1,), ceil_mode: bool = False
) -> Operand:
    expect(pair(dilation) == (1, 1), f"max pooling with dilation {dilation} is not supported")
    window, step, pad = pair(kernel_size), pair(stride or kernel_size), pair(padding)
    around = _padding(self.type.shape[-2:], build.shape[-2:], window, step, pad)
    return in_nhwc(build, self, lambda x: build.emit("max_pool2d", x, window=window, stride=step, pad=around))


@rule("aten.max_pool1d.default")
def max_pool1d(
    build: Builder, self: Operand, kernel_size: Numbers, stride: Numbers = (), padding: Numbers = (0,), dilation: Numbers = (1,), ceil_mode: bool = False
) -> Operand:
    expect(row(dilation, 1) == (1, 1), f"max pooling with dilation {dilation} is not supported")
    window, step, pad = row(kernel_size, 1), row(stride or kernel_size, 1), row(padding, 0)
    around = _padding((1, *self.type.shape[-1:]), (1, *build.shape[-1:]), window, step, pad)
    return as_row(build, self, lambda x: build.emit("max_pool2d", x, window=window, stride=step, pad=around))


@rule("aten.max_pool2d_with_indices.default")
def max_pool2d_with_indices(
    build: Builder, self: Operand, kernel_size: Numbers, stride: Numbers = (), padding: Numbers = (0,), dilation: Numbers = (1,), ceil_mode: bool = False
) -> Result:
    return [max_pool2d(build, self, kernel_size, stride, padding, dilation, ceil_mode), None]


@rule("aten.max_pool1d_with_indices.default")
def max_pool1d_with_indices(
    build: Builder, self: Operand, kernel_size: Numbers, stride: Numbers = (), padding: Numbers = (0,), dilation: Numbers = (1,), ceil_mode: bool = False
) -> Result:
    return [max_pool1d(build, self, kernel_size, stride, padding, dilation, ceil_mode), None]


@rule("aten.avg_pool2d.default")
def avg_pool2d(
    build: Builder,
    self: Operand,
    kernel_size: Numbers,
    stride: Numbers = (),
    padding: Numbers = (0,),
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Operand:
    window, step, pad = pair(kernel_size), pair(stride or kernel_size), pair(padding)
    around = _padding(self.type.shape[-2:], build.shape[-2:], window, step, pad)
    counted = _counted(pad, around, count_include_pad, divisor_override)
    y = in_nhwc(build, self, lambda x: build.emit("avg_pool2d", x, part="mean", window=window, stride=step, pad=around, count_padding=counted))
    return y if divisor_override is None else build.emit("mul", y, build.number("divisor", window[0] * window[1] / divisor_override))


@rule("aten.avg_pool1d.default")
def avg_pool1d(
    build: Builder, self: Operand, kernel_size: Numbers, stride: Numbers = (), padding: Numbers = (0,), ceil_mode: bool = False, count_include_pad: bool = True
) -> Operand:
    window, step, pad = row(kernel_size, 1), row(stride or kernel_size, 1), row(padding, 0)
    around = _padding((1, *self.type.shape[-1:]), (1, *build.shape[-1:]), window, step, pad)
    counted = _counted(pad, around, count_include_pad, None)
    return as_row(build, self, lambda x: build.emit("avg_pool2d", x, window=window, stride=step, pad=around, count_padding=counted))


def _padding(old: Shape, new: Shape, window: Pair, step: Pair, pad: Pair) -> Quad:
    """Padding at top, left, bottom and right: below and right so much more that a last window that was rounded up (ceil_mode) fits."""
    more = [max((m - 1) * s + k - (n + 2 * p), 0) for n, m, k, s, p in zip(old, new, window, step, pad, strict=True)]
    return pad[0], pad[1], pad[0] + more[0], pad[1] + more[1]


def _counted(pad: Pair, around: Quad, include: bool, divisor: int | None) -> bool:
    """Whether padding counts as elements. What ceil_mode adds never does, in torch; so it must not be mixed with padding that does."""
    if divisor is not None:
        return True
    added = around[2:] != pad
    expect(not (added and include and any(pad)), "average pooling with ceil_mode that counts its padding is not supported: count_include_pad=False")
    return include and not added if any(around) else True


@rule("aten.adaptive_avg_pool2d.default", "aten._adaptive_avg_pool2d.default")
def adaptive_avg_pool2d(build: Builder, self: Operand, output_size: tuple[int | None, ...]) -> Operand:
    expect(len(self.type.shape) == 4, f"an input of shape (1, channels, height, width) is expected, not {self.type.shape}")
    if build.shape[2:] == (1, 1):
        return mean(build, self, (2, 3), True)
    window = _even(self.type.shape[2:], build.shape[2:])
    return in_nhwc(build, self, lambda x: build.emit("avg_pool2d", x, window=window, stride=window))


@rule("aten.adaptive_avg_pool1d.default")
def adaptive_avg_pool1d(build: Builder, self: Operand, output_size: Numbers) -> Operand:
    if build.shape[-1] == 1:
        return mean(build, self, (-1,), True)
    window = _even((1, *self.type.shape[-1:]), (1, *build.shape[-1:]))
    return as_row(build, self, lambda x: build.emit("avg_pool2d", x, window=window, stride=window))


@rule("aten.adaptive_max_pool2d.default")
def adaptive_max_pool2d(build: Builder, self: Operand, output_size: tuple[int | None, ...]) -> Result:
    window = _even(self.type.shape[-2:], build.shapes[0][-2:])
    return [in_nhwc(build, self, lambda x: build.emit("max_pool2d", x, window=window, stride=window)), None]


@rule("aten.adaptive_max_pool1d.default")
def adaptive_max_pool1d(build: Builder, self: Operand, output_size: Numbers) -> Result:
    window = _even((1, *self.type.shape[-1:]), (1, *build.shapes[0][-1:]))
    return [as_row(build, self, lambda x: build.emit("max_pool2d", x, window=window, stride=window)), None]


def _even(old: Shape, new: Shape) -> Pair:
    """The window that tiles the old size into the new one."""
    expect(all(n % m == 0 for n, m in zip(old, new, strict=True)), f"adaptive pooling from {old} to {new} needs windows of unequal size")
    return old[0] // new[0], old[1] // new[1]
