"""Data movement on arrays that carry one more, leading axis of samples: the same for floats and integers."""

from __future__ import annotations

from typing import Any

import numpy as np

from .graph import Node, Tensor


def windows(x: Tensor, size: tuple[int, int], stride: tuple[int, int], dilation: tuple[int, int] = (1, 1)) -> Tensor:
    """Views [N, H', W', C, kh, kw] of a padded NHWC array."""
    reach = ((size[0] - 1) * dilation[0] + 1, (size[1] - 1) * dilation[1] + 1)
    view = np.lib.stride_tricks.sliding_window_view(x, reach, axis=(1, 2))
    return np.asarray(view[:, :: stride[0], :: stride[1], :, :: dilation[0], :: dilation[1]])


def bordered(x: Tensor, pad: tuple[int, int, int, int], value: Any) -> Tensor:
    """An NHWC array with a border: top, left, bottom, right."""
    return np.pad(x, ((0, 0), (pad[0], pad[2]), (pad[1], pad[3]), (0, 0)), constant_values=value)


def spread(x: Tensor, node: Node, size: tuple[int, ...]) -> Tensor:
    """The NHWC input of a transposed convolution as that of a plain one of stride 1: zeros between pixels and around."""
    (sy, sx), pad, (dy, dx) = node.attrs.get("stride", (1, 1)), node.attrs.get("pad", (0, 0, 0, 0)), node.attrs.get("dilation", (1, 1))
    more = node.attrs.get("output_pad", (0, 0))
    wide = np.zeros((x.shape[0], (x.shape[1] - 1) * sy + 1, (x.shape[2] - 1) * sx + 1, x.shape[3]), x.dtype)
    wide[:, ::sy, ::sx] = x
    reach = ((size[0] - 1) * dy, (size[1] - 1) * dx)
    border = (reach[0] - pad[0], reach[1] - pad[1], reach[0] - pad[2] + more[0], reach[1] - pad[3] + more[1])
    wide = bordered(wide, (max(border[0], 0), max(border[1], 0), max(border[2], 0), max(border[3], 0)), 0)
    return wide[:, max(-border[0], 0) : wide.shape[1] - max(-border[2], 0), max(-border[1], 0) : wide.shape[2] - max(-border[3], 0)]


def bilinear_taps(new: int, old: int, align_corners: bool) -> tuple[Tensor, Tensor, Tensor]:
    """For each new index: the two old ones, and the weight of the second."""
    corners = np.arange(new) * ((old - 1) / max(new - 1, 1))
    at = corners if align_corners else np.maximum((np.arange(new) + 0.5) * (old / new) - 0.5, 0)
    first = np.minimum(np.floor(at).astype(np.int64), old - 1)
    return first, np.minimum(first + 1, old - 1), at - first


def align(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """Both with the same number of axes behind the samples, so that numpy broadcasts them as the types say."""
    rank = max(a.ndim, b.ndim)
    wide = [x.reshape(x.shape[:1] + (1,) * (rank - x.ndim) + x.shape[1:]) for x in (a, b)]
    return wide[0], wide[1]


def tokens(x: Tensor, patch: tuple[int, int]) -> Tensor:
    """[N, B, H, W, C] to [N, B, patch pixels, patches, C]."""
    n, b, h, w, c = x.shape
    ph, pw = patch
    return x.reshape(n, b, h // ph, ph, w // pw, pw, c).transpose(0, 1, 3, 5, 2, 4, 6).reshape(n, b, ph * pw, -1, c)


def feature_map(x: Tensor, patch: tuple[int, int], size: tuple[int, ...]) -> Tensor:
    """The inverse of `tokens`."""
    n, b, c = *x.shape[:2], x.shape[-1]
    (ph, pw), (h, w) = patch, size
    return x.reshape(n, b, ph, pw, h // ph, w // pw, c).transpose(0, 1, 4, 2, 5, 3, 6).reshape(n, b, h, w, c)


def reshape(node: Node, x: Tensor) -> Tensor:
    return x.reshape(x.shape[0], *node.type.shape)


def transpose(node: Node, x: Tensor) -> Tensor:
    return x.transpose(0, *(axis + 1 for axis in node.attrs["axes"]))


def slice_(node: Node, x: Tensor) -> Tensor:
    cut = slice(node.attrs["start"], node.attrs["stop"], node.attrs.get("step", 1))
    return np.asarray(x[(slice(None),) * (node.attrs["axis"] + 1) + (cut,)])


def expand(node: Node, x: Tensor) -> Tensor:
    wide = x.reshape(x.shape[0], *(1,) * (len(node.type.shape) - x.ndim + 1), *x.shape[1:])
    return np.broadcast_to(wide, (x.shape[0], *node.type.shape))


def unfold(node: Node, x: Tensor) -> Tensor:
    return tokens(x, node.attrs["patch"])[:, 0]


def fold(node: Node, x: Tensor) -> Tensor:
    return feature_map(x[:, None], node.attrs["patch"], node.attrs["size"])


def resize_nearest(node: Node, x: Tensor) -> Tensor:
    rows, columns = (np.arange(new) * old // new for new, old in zip(node.attrs["size"], x.shape[2:4], strict=True))
    return x[:, :, rows][:, :, :, columns]


def take(node: Node, x: Tensor) -> Tensor:
    return np.asarray(np.take(x, node.attrs["indices"], axis=node.attrs["axis"] + 1))


def identity(node: Node, x: Tensor) -> Tensor:
    return x


MOVES = {
    "reshape": reshape,
    "transpose": transpose,
    "slice": slice_,
    "expand": expand,
    "unfold": unfold,
    "fold": fold,
    "resize_nearest": resize_nearest,
    "take": take,
    "reinterpret": identity,
    "convert": identity,
}
