"""Rules for pooling, means, resizing and padding."""

from __future__ import annotations

from collections.abc import Callable

from tfc.importer_builder import AnyRule, Builder, Operand, Rule, axis_of, builds
from tfc.importer_products import in_nhwc, pair
from tfc.ir.diagnostic import expect
from tfc.ir.ops import Pair, Quad

RULES: dict[str, Rule] = {}


def rule(*targets: str) -> Callable[[AnyRule], AnyRule]:
    return builds(RULES, *targets)


@rule("aten.max_pool2d.default")
def max_pool2d(
    build: Builder,
    self: Operand,
    kernel_size: tuple[int, ...],
    stride: tuple[int, ...] = (),
    padding: tuple[int, ...] = (0,),
    dilation: tuple[int, ...] = (1,),
    ceil_mode: bool = False,
) -> Operand:
    expect(pair(dilation) == (1, 1), f"max pooling with dilation {dilation} is not supported")
    window, step, pad = _geometry(build, self, kernel_size, stride, padding)
    return in_nhwc(build, self, lambda x: build.emit("max_pool2d", x, window=window, stride=step, pad=pad))


@rule("aten.avg_pool2d.default")
def avg_pool2d(
    build: Builder,
    self: Operand,
    kernel_size: tuple[int, ...],
    stride: tuple[int, ...] = (),
    padding: tuple[int, ...] = (0,),
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Operand:
    expect(divisor_override is None, "average pooling with its own divisor is not supported")
    window, step, pad = _geometry(build, self, kernel_size, stride, padding)
    return in_nhwc(build, self, lambda x: build.emit("avg_pool2d", x, window=window, stride=step, pad=pad, count_padding=count_include_pad or not any(pad)))


def _geometry(build: Builder, x: Operand, kernel: tuple[int, ...], stride: tuple[int, ...], padding: tuple[int, ...]) -> tuple[Pair, Pair, Quad]:
    """Window, stride and padding, if the recorded size is the one that rounding down gives."""
    window, around = pair(kernel), pair(padding)
    step = pair(stride) if stride else window
    size = tuple((n + 2 * p - k) // s + 1 for n, k, s, p in zip(x.type.shape[-2:], window, step, around, strict=True))
    expect(size == build.shape[-2:], f"ceil_mode adds a window beyond the edge ({build.shape[-2:]} instead of {size}), which is not supported")
    return window, step, (*around, *around)


@rule("aten.adaptive_avg_pool2d.default")
def adaptive_avg_pool2d(build: Builder, self: Operand, output_size: tuple[int | None, ...]) -> Operand:
    expect(len(self.type.shape) == 4, f"an input of shape (1, channels, height, width) is expected, not {self.type.shape}")
    old, new = self.type.shape[2:], build.shape[2:]
    if new == (1, 1):
        return build.emit("mean", self, axes=(2, 3), keepdims=True)
    expect(all(n % m == 0 for n, m in zip(old, new, strict=True)), f"adaptive pooling from {old} to {new} needs windows of unequal size")
    window = (old[0] // new[0], old[1] // new[1])
    return in_nhwc(build, self, lambda x: build.emit("avg_pool2d", x, window=window, stride=window))


@rule("aten.mean.dim", "aten.mean.default")
def mean(build: Builder, self: Operand, dim: tuple[int, ...] | None = None, keepdim: bool = False, dtype: str | None = None) -> Operand:
    axes = tuple(sorted(axis_of(self, axis) for axis in dim)) if dim else tuple(range(len(self.type.shape)))
    return build.emit("mean", self, axes=axes, keepdims=keepdim)


@rule("aten.upsample_nearest2d.vec", "aten.upsample_nearest2d.default")
def upsample_nearest2d(
    build: Builder,
    input: Operand | None = None,
    output_size: tuple[int, ...] | None = None,
    scale_factors: tuple[float, ...] | None = None,
    self: Operand | None = None,
    scales_h: float | None = None,
    scales_w: float | None = None,
) -> Operand:
    x = input or self
    assert x is not None
    size = build.shape[2:]
    # torch steps by 1/scale where a scale is given: the same pixels only if the scale is exactly new size / old size.
    scales = scale_factors or (scales_h, scales_w)
    exact = all(scale is None or n * scale == m for n, scale, m in zip(x.type.shape[2:], scales, size, strict=True))
    expect(exact, f"resizing {x.type.shape[2:]} by {scales} to {size} is not an exact ratio")
    return in_nhwc(build, x, lambda y: build.emit("resize_nearest", y, size=size))


@rule("aten.constant_pad_nd.default", "aten.pad.default")
def pad(build: Builder, self: Operand, pad: tuple[int, ...], mode: str = "constant", value: float | None = None) -> Operand:
    """torch counts from the last axis backwards: (before, after) of the last, then of the one before it."""
    expect(mode == "constant", f"padding with mode '{mode}' is not supported, only with a constant")
    expect(len(pad) % 2 == 0 and min(pad, default=0) >= 0, f"padding {pad} is not supported, only by positive numbers")
    pairs = [pad[i : i + 2] for i in range(0, len(pad), 2)]
    amounts = (0, 0) * (len(self.type.shape) - len(pairs)) + tuple(n for amount in reversed(pairs) for n in amount)
    return build.emit("pad", self, amounts=amounts, value=float(value or 0.0)) if any(amounts) else self


@rule("aten.cat.default", "aten.concat.default", "aten.concatenate.default")
def cat(build: Builder, tensors: tuple[Operand, ...], dim: int = 0) -> Operand:
    return build.emit("concat", *tensors, axis=axis_of(tensors[0], dim)) if len(tensors) > 1 else tensors[0]


@rule("aten.stack.default")
def stack(build: Builder, tensors: tuple[Operand, ...], dim: int = 0) -> Operand:
    axis = dim % len(build.shape)
    shape = (*build.shape[:axis], 1, *build.shape[axis + 1 :])
    parts = tuple(build.reshape(x, shape, f"part{i}") for i, x in enumerate(tensors))
    return cat(build, parts, axis)


@rule("aten.clone.default", "aten.lift_fresh_copy.default", "aten._to_copy.default")
def copy(build: Builder, self: Operand, **_: object) -> Operand:
    return self
