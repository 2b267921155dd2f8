"""Rules for resizing, and for pixels that become channels and back."""

from __future__ import annotations

from collections.abc import Callable
from math import floor

from tfc.importer.builder import AnyRule, Builder, Operand, Rule, builds, given
from tfc.importer.shapes import Inner, as_row, in_nhwc, pair
from tfc.ir.diagnostic import expect
from tfc.ir.types import Shape

RULES: dict[str, Rule] = {}

Scales = tuple[float | None, ...]


def rule(*targets: str) -> Callable[[AnyRule], AnyRule]:
    return builds(RULES, *targets)


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
    x = given(input, self)
    return in_nhwc(build, x, _nearest(build, x.type.shape[2:], build.shape[2:], scale_factors or (scales_h, scales_w)))


@rule("aten.upsample_nearest1d.vec", "aten.upsample_nearest1d.default")
def upsample_nearest1d(
    build: Builder,
    input: Operand | None = None,
    output_size: tuple[int, ...] | None = None,
    scale_factors: tuple[float, ...] | None = None,
    self: Operand | None = None,
    scales: float | None = None,
) -> Operand:
    x = given(input, self)
    return as_row(build, x, _nearest(build, (1, *x.type.shape[2:]), (1, *build.shape[2:]), (None, *(scale_factors or (scales,)))))


def _nearest(build: Builder, old: Shape, new: Shape, scales: Scales) -> Inner:
    """torch steps by 1/scale where a scale is given: other pixels than by old size / new size, unless that is the same."""
    if all(scale is None or n * scale == m for n, scale, m in zip(old, scales, new, strict=True)):
        return lambda x: build.emit("resize_nearest", x, size=new)
    steps = [n / m if scale is None else 1 / scale for n, m, scale in zip(old, new, scales, strict=True)]
    rows, columns = ([min(floor(i * step), n - 1) for i in range(m)] for n, m, step in zip(old, new, steps, strict=True))
    return lambda x: build.take(build.take(x, 1, rows, "rows"), 2, columns, "columns")


@rule("aten.upsample_bilinear2d.vec", "aten.upsample_bilinear2d.default")
def upsample_bilinear2d(
    build: Builder,
    input: Operand | None = None,
    output_size: tuple[int, ...] | None = None,
    align_corners: bool = False,
    scale_factors: tuple[float, ...] | None = None,
    self: Operand | None = None,
    scales_h: float | None = None,
    scales_w: float | None = None,
) -> Operand:
    x, size = given(input, self), build.shape[2:]
    _expect_exact(x.type.shape[2:], size, scale_factors or (scales_h, scales_w), align_corners)
    return in_nhwc(build, x, lambda y: build.emit("resize_bilinear", y, size=size, align_corners=align_corners))


@rule("aten.upsample_linear1d.vec", "aten.upsample_linear1d.default")
def upsample_linear1d(
    build: Builder,
    input: Operand | None = None,
    output_size: tuple[int, ...] | None = None,
    align_corners: bool = False,
    scale_factors: tuple[float, ...] | None = None,
    self: Operand | None = None,
    scales: float | None = None,
) -> Operand:
    x, size = given(input, self), build.shape[2:]
    _expect_exact(x.type.shape[2:], size, scale_factors or (scales,), align_corners)
    return as_row(build, x, lambda y: build.emit("resize_bilinear", y, size=(1, *size), align_corners=align_corners))


def _expect_exact(old: Shape, new: Shape, scales: Scales, align_corners: bool) -> None:
    """Between corners only the sizes count; else a scale that is given must be their ratio."""
    exact = align_corners or all(scale is None or n * scale == m for n, scale, m in zip(old, scales, new, strict=True))
    expect(exact, f"resizing {old} by {scales} to {new} is not an exact ratio")


@rule("aten.pixel_shuffle.default")
def pixel_shuffle(build: Builder, self: Operand, upscale_factor: int) -> Operand:
    r = upscale_factor

    def shuffled(x: Operand) -> Operand:
        _, h, w, c = x.type.shape
        split = build.reshape(x, (h, w, c // r**2, r, r), "split")
        return build.reshape(build.transpose(split, (0, 3, 1, 4, 2), "turned"), (1, h * r, w * r, c // r**2), "joined")

    return in_nhwc(build, self, shuffled)


@rule("aten.pixel_unshuffle.default")
def pixel_unshuffle(build: Builder, self: Operand, downscale_factor: int) -> Operand:
    r = downscale_factor

    def unshuffled(x: Operand) -> Operand:
        _, h, w, c = x.type.shape
        split = build.reshape(x, (h // r, r, w // r, r, c), "split")
        return build.reshape(build.transpose(split, (0, 2, 4, 1, 3), "turned"), (1, h // r, w // r, c * r**2), "joined")

    return in_nhwc(build, self, unshuffled)


@rule("aten.channel_shuffle.default", "aten.native_channel_shuffle.default")
def channel_shuffle(build: Builder, self: Operand, groups: int) -> Operand:
    def shuffled(x: Operand) -> Operand:
        _, h, w, c = x.type.shape
        split = build.reshape(x, (h * w, groups, c // groups), "split")
        return build.reshape(build.transpose(split, (0, 2, 1), "turned"), (1, h, w, c), "joined")

    return in_nhwc(build, self, shuffled)


@rule("aten.im2col.default")
def im2col(
    build: Builder, self: Operand, kernel_size: tuple[int, ...], dilation: tuple[int, ...], padding: tuple[int, ...], stride: tuple[int, ...]
) -> Operand:
    """The pixels of each window as channels. Windows that tile the image are an `unfold`; others read some pixels several times."""
    expect(len(self.type.shape) == 4, f"an input of shape (1, channels, height, width) is expected, not {self.type.shape}")
    (kh, kw), (dh, dw), (ph, pw), (sh, sw) = (pair(numbers) for numbers in (kernel_size, dilation, padding, stride))
    _, c, h, w = self.type.shape
    if (dh, dw, ph, pw) == (1, 1, 0, 0) and (sh, sw) == (kh, kw) and h % kh == w % kw == 0:
        patches = build.emit("unfold", build.transpose(self, (0, 2, 3, 1), "nhwc"), part="unfold", patch=(kh, kw))
        return build.reshape(build.transpose(patches, (2, 0, 1), "channels"), build.shape)
    amounts = (0, 0, 0, 0, ph, ph, pw, pw)
    x: Operand = build.emit("pad", self, part="pad", amounts=amounts) if any(amounts) else self
    oh, ow = (h + 2 * ph - dh * (kh - 1) - 1) // sh + 1, (w + 2 * pw - dw * (kw - 1) - 1) // sw + 1
    expect(build.shape == (1, c * kh * kw, oh * ow), f"windows of {(kh, kw)} at {(oh, ow)} places do not make {build.shape}")
    x = build.take(x, 2, [i * sh + k * dh for k in range(kh) for i in range(oh)], "rows")
    x = build.take(x, 3, [i * sw + k * dw for k in range(kw) for i in range(ow)], "columns")
    split = build.reshape(x, (c, kh, oh, kw, ow), "split")
    return build.reshape(build.transpose(split, (0, 1, 3, 2, 4), "turned"), build.shape)


@rule("aten.col2im.default")
def col2im(
    build: Builder,
    self: Operand,
    output_size: tuple[int, ...],
    kernel_size: tuple[int, ...],
    dilation: tuple[int, ...],
    padding: tuple[int, ...],
    stride: tuple[int, ...],
) -> Operand:
    """The inverse of windows that tile the image."""
    patch, size = pair(kernel_size), pair(output_size)
    tiles = pair(stride) == patch and pair(dilation) == (1, 1) and pair(padding) == (0, 0) and size[0] % patch[0] == size[1] % patch[1] == 0
    expect(tiles, f"folding windows of {patch} that overlap or leave gaps, with stride {pair(stride)}, is not supported")
    pixels = patch[0] * patch[1]
    split = build.reshape(self, (build.shape[1], pixels, size[0] * size[1] // pixels), "split")
    folded = build.emit("fold", build.transpose(split, (1, 2, 0), "tokens"), part="fold", patch=patch, size=size)
    return build.transpose(folded, (0, 3, 1, 2), "nchw")
