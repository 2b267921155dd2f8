"""Functions between layers: arithmetic, borders, views, indices, and numbers without inputs."""

from collections.abc import Callable
from typing import Any

import torch
from torch.nn import functional as F

from .importer_cases import IMAGE, TOKENS

aten: Any = torch.ops.aten
ARITHMETIC: dict[str, tuple[Callable[..., Any], list[tuple[int, ...]]]] = {
    "elementary": (
        lambda m, x: (
            x.abs() + x.square() + (x.abs() + 1).log() + x.erf() + x.sin() + x.cos() + x.expm1() + x.abs().log1p() + x.exp2() + (x.abs() + 1).rsqrt(),
            (x.abs() + 1).reciprocal(),
        ),
        [TOKENS],
    ),
    "elementary, in place": (
        lambda m, x: (
            (x * 1).abs_().square_().neg_().sin_().cos_().erf_().expm1_().exp2_().log1p_().add_(2).log_().add_(2).rsqrt_().reciprocal_(),
            aten.mish_.default(aten.selu_.default(aten.celu_.default(aten.elu_.default(aten.leaky_relu_.default(x * 1))))),
            (x * 1).pow_(3),
        ),
        [TOKENS],
    ),
    "powers": (
        lambda m, x: x**2 + (x * x) ** 0.5 + (x * x + 1) ** -0.5 + (x * x + 1) ** -1 + x**3 + x**4 + (x * x + 1) ** -2 + x**1 + 2**x + x**m.two,
        [TOKENS],
    ),
    "bounds": (
        lambda m, x: (
            x.clamp(-0.5, 0.75)
            + x.clamp(max=0.3)
            + x.clamp_max(0.2)
            + (x * 1).clamp_max_(0.1)
            + F.hardtanh(x)
            + torch.maximum(x, m.row)
            + torch.minimum(x, m.row)
            + torch.max(x, m.two)
            + torch.min(x, m.two)
            + torch.clamp(x, m.row - 1, m.row)
            + aten.clamp_min.Tensor(x, m.row)
            + aten.clamp_max.Tensor(x, m.row)
        ),
        [TOKENS],
    ),
    "slopes": (lambda m, x: aten._prelu_kernel.default(x, m.row.view(1, 1, 8)) + F.prelu(x, m.row[:5]), [TOKENS]),
    "arithmetic": (lambda m, x: torch.addcmul(x, x, m.row, value=0.5) + x / m.row, [TOKENS]),
    "choices": (
        lambda m, x: (
            torch.where(m.row > 0, x, x * 2)
            + torch.where(m.row > 0, x, 0.0)
            + torch.where(m.row > 0, 1.5, x)
            + x.masked_fill(m.row > 0, 3.0)
            + torch.where(m.row > 100, x, m.row)
            + (x * 1).masked_fill_(m.row > 0, 0.0)
            + x.masked_fill(m.row > 0, m.two)
            + (x * 1).masked_fill_(m.row > 0, m.two)
        ),
        [TOKENS],
    ),
    "sums over axes": (
        lambda m, x: (
            x.sum(),
            x.sum(1),
            x.sum((1, 3), keepdim=True),
            x.var(1),
            x.var((2, 3), unbiased=False, keepdim=True),
            x.std(-1),
            x.std(1, unbiased=False),
        ),
        [IMAGE],
    ),
    "variances": (
        lambda m, x: (*torch.var_mean(x, 1, correction=0), x.var((1, 2), correction=2), aten.std.correction(x, [1], correction=2), F.normalize(x, dim=1)),
        [IMAGE],
    ),
    "repetitions": (lambda m, x: (x[:, :1].repeat(1, 3, 2), x.repeat(2, 1, 1, 1), x.tile(3), x.repeat_interleave(2, 1), x.repeat_interleave(2)), [TOKENS]),
    "borders, each by its name": (
        lambda m, x: (
            aten.reflection_pad1d.default(x[0], [1, 2]),
            aten.reflection_pad2d.default(x, [1, 2, 0, 1]),
            aten.replication_pad1d.default(x[0], [1, 2]),
            aten.replication_pad2d.default(x, [1, 2, 0, 1]),
        ),
        [IMAGE],
    ),
    "rolls and flips": (lambda m, x: (x.roll(2, 1), x.roll((1, -2), (1, 2)), x.roll(3), x.flip(1), x.flip((1, 2))), [TOKENS]),
    "indices": (
        lambda m, x: (
            aten.index_select.default(x, 1, m.places),
            x.index_select(2, m.places),
            x[:, m.places[:, None], m.places],
            x[:, m.places],
            x[:, :, m.places.view(1, 3)],
        ),
        [TOKENS],
    ),
    "sliding windows": (lambda m, x: (x.unfold(2, 3, 2), x.unfold(1, 2, 2)), [TOKENS]),
    "more views": (
        lambda m, x: (x.ravel(), aten.adjoint.default(x), *x.tensor_split((2, 3), 1), *aten.unsafe_split.Tensor(x, 3, 1), *aten.unsafe_chunk.default(x, 2, 2)),
        [TOKENS],
    ),
    "sizes, unsafe": (lambda m, x: aten.unsafe_split_with_sizes.default(x, [2, 3], 1), [TOKENS]),
    "channel shuffle, native": (lambda m, x: aten.native_channel_shuffle.default(x, 2), [IMAGE]),
    "resizing, default": (
        lambda m, x: (
            aten.upsample_bilinear2d.default(x, [9, 4], False),
            aten.upsample_nearest1d.default(x[0], [9]),
            aten.upsample_linear1d.default(x[0], [9], False),
            aten.upsample_nearest2d.default(x, [12, 6]),
        ),
        [IMAGE],
    ),
    "class token": (lambda m, x: torch.cat([m.row.expand(1, 1, -1), x], 1) + torch.cat([m.table, m.row.view(1, 1, 8)], 1), [TOKENS]),
    "position embedding, resized": (
        lambda m, x: (
            x
            + F.interpolate(m.kernel[:1, :, :, :].permute(0, 1, 3, 2), size=(1, 2), mode="bilinear").reshape(1, 1, 8)
            + F.interpolate(m.kernel[:1], size=(1, 2), mode="bicubic").reshape(1, 1, 8)
            + aten.upsample_bicubic2d.default(m.kernel[:1], [1, 2], True).reshape(1, 1, 8)
        ),
        [TOKENS],
    ),
    "position embedding, computed": (
        lambda m, x: (
            x
            + F.embedding(torch.arange(5), m.square)
            + m.square[torch.arange(1, 6)]
            + torch.cat([torch.sin(torch.arange(0, 4, 1)[None] * torch.linspace(0, 1, 5)[:, None]), torch.ones(5, 4)], 1)
            + (10000 ** (torch.arange(8) / 8)).log2().floor()
        ),
        [TOKENS],
    ),
    "numbers without inputs": (
        lambda m, x: (
            x * torch.full((8,), 2.0)
            + torch.zeros(5, 8)
            + torch.eye(8)[:5]
            + torch.eye(5, 8)
            + torch.scalar_tensor(3.0)
            + torch.zeros_like(x)
            + torch.ones_like(x)
            + torch.full_like(x, 0.5)
            + x.new_zeros(8)
            + x.new_ones(8)
            + x.new_full((8,), 2.0)
            + aten.fill.Scalar(x, 2.0)
        ),
        [TOKENS],
    ),
    "numbers of empty tensors": (
        lambda m, x: (
            x
            + x.new_empty(8).fill_(3.0)
            + torch.empty_like(x).fill_(1.0)
            + torch.empty(8).fill_(0.5)
            + aten.copy.default(torch.empty(8), m.row)
            + (x * 1).copy_(m.row)
        ),
        [TOKENS],
    ),
    "masks": (
        lambda m, x: (
            x
            * (m.square[:5] > 0)
            * ((m.places > 0) & (m.places < 9) | (m.places >= 2) ^ (m.places <= 2)).any()
            * torch.logical_xor(torch.logical_and(m.row > 9, m.row < 3), torch.logical_or(m.row == 1, m.row != m.two))
            * torch.tril(torch.ones(5, 8))
            * (1 - torch.triu(torch.ones(5, 8), 3))
            * (m.row > 0).logical_not()
            * (~(m.row > 5)).all()
            * torch.where(m.row > 0, m.row, m.two)
            * torch.where(m.row > 0, 1.0, 2.0)
            * m.row.masked_fill(m.row > 0, -1.0)
            * (m.places & 1).any(0)
            * (m.square > 0).all(1, keepdim=True)[:5]
            * (aten.any.dims(m.square > 0, [0]) & aten.all.dims(m.square > -9, [0]) & ((m.places | 1) ^ 2).any())
        ),
        [TOKENS],
    ),
    "comparisons": (
        lambda m, x: (
            x
            * (m.row >= m.square)[:5]
            * (m.row <= m.two)
            * (m.row < m.two)
            * (m.row != 3)
            * torch.eq(m.row, m.row)
            * torch.gt(m.row, -m.two)
            * ~m.row.isinf()
            * ~m.row.isnan()
        ),
        [TOKENS],
    ),
    "bits": (
        lambda m, x: (
            x
            * (aten.bitwise_and.Scalar(m.places, 3) + aten.bitwise_or.Scalar(m.places, 3) + aten.bitwise_xor.Scalar(m.places, 3)).sum()
            * (aten.bitwise_and.Tensor(m.places, m.places) + aten.bitwise_or.Tensor(m.places, m.places) + aten.bitwise_xor.Tensor(m.places, m.one)).sum()
        ),
        [TOKENS],
    ),
    "whole numbers": (
        lambda m, x: (
            x
            * (
                torch.arange(8) // 3
                + torch.arange(8) % 3
                + torch.div(torch.arange(8), 2, rounding_mode="trunc")
                + torch.remainder(torch.arange(8), m.places[:1])
            )
            * torch.fmod(m.row, 0.7)
            * torch.fmod(m.row, m.two)
            * (m.row.ceil() + m.row.round() + m.row.trunc() + m.row.sign())
            * torch.div(m.row, m.two, rounding_mode="floor")
            * torch.floor_divide(torch.arange(8), m.places[1:2])
        ),
        [TOKENS],
    ),
    "running sums": (
        lambda m, x: (
            x
            * m.row.cumsum(0)
            * m.row.cumprod(0)
            * (m.square.amax(1) - m.square.amin(1) + m.square.max() - m.square.min() + m.square[0].prod())
            * torch.outer(m.row, m.row)[:5]
            * m.square.gather(0, torch.arange(8).view(1, 8).expand(5, 8))
        ),
        [TOKENS],
    ),
    "grids": (
        lambda m, x: (
            x
            * torch.stack(torch.meshgrid(torch.arange(5), torch.arange(8), indexing="ij")).sum(0)
            * aten.meshgrid.default([torch.arange(5), torch.arange(8)])[1]
            * m.square[(torch.arange(5)[:, None] - torch.arange(8)[None]) % 8, torch.arange(8)]
        ),
        [TOKENS],
    ),
    "never infinite": (lambda m, x: torch.where((x == float("-inf")).logical_not().any(-1, True).logical_not(), torch.zeros_like(x), x.softmax(-1)), [TOKENS]),
    "weight norm, in one call": (
        lambda m, x: F.linear(x, aten._weight_norm_interface.default(m.square, m.row.view(8, 1))[0] + torch._weight_norm(m.square, m.row.view(8, 1))),
        [TOKENS],
    ),
    "several in and out": (lambda m, x, y: [x + y, {"difference": x - y}], [TOKENS, TOKENS]),
}
