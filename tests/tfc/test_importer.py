"""Every supported operator, imported and compared with torch."""

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tfc.importer.archive import inspect_archive
from tfc.importer.model import import_program
from tfc.importer.program import Program
from tfc.importer.pt2 import read_program
from tfc.importer.rules import quantized
from tfc.importer.table import SUPPORTED
from tfc.ir.evaluate import evaluate
from tfc.ir.text import parse_graph, print_graph

aten: Any = torch.ops.aten
IMAGE = (1, 4, 6, 6)
TOKENS = (1, 5, 8)


class Traced(nn.Module):
    """A function as a module, with parameters to use."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__()
        self.function = function
        self.square = nn.Parameter(torch.randn(8, 8))
        self.row = nn.Parameter(torch.randn(8))
        self.kernel = nn.Parameter(torch.randn(8, 4, 3, 3))
        self.table = nn.Parameter(torch.randn(1, 5, 8))
        self.wide = nn.Parameter(torch.randn(24, 8))
        self.mixer = nn.MultiheadAttention(8, 2, batch_first=True)
        self.line_mixer = nn.MultiheadAttention(8, 2)
        self.register_buffer("means", torch.randn(5))
        self.register_buffer("two", torch.tensor(2.0))
        self.register_buffer("one", torch.tensor(1))
        self.register_buffer("places", torch.tensor([3, 1, 2]))

    def forward(self, *inputs: Tensor) -> Any:
        return self.function(self, *inputs)


MODULES: dict[str, tuple[nn.Module, tuple[int, ...]]] = {
    "conv": (nn.Conv2d(4, 6, 3, stride=2, padding=1), IMAGE),
    "conv without bias": (nn.Conv2d(4, 6, (3, 1), stride=(1, 2), padding=(1, 0), bias=False), IMAGE),
    "conv dilated, in groups": (nn.Conv2d(4, 8, 3, dilation=2, padding=2, groups=2), IMAGE),
    "conv depthwise": (nn.Conv2d(4, 4, 5, padding=2, groups=4), IMAGE),
    "conv, same, even": (nn.Conv2d(4, 6, (4, 3), padding="same", dilation=(1, 2)), IMAGE),
    "conv, valid": (nn.Conv2d(4, 6, 3, padding="valid"), IMAGE),
    "linear": (nn.Linear(8, 3), TOKENS),
    "linear without bias": (nn.Linear(8, 3, bias=False), (1, 8)),
    "batch norm": (nn.BatchNorm2d(4), IMAGE),
    "batch norm, plain": (nn.BatchNorm2d(4, affine=False, eps=1e-3), IMAGE),
    "batch norm of tokens": (nn.BatchNorm1d(5), TOKENS),
    "layer norm": (nn.LayerNorm(8), TOKENS),
    "layer norm, plain": (nn.LayerNorm(8, elementwise_affine=False, eps=1e-3), TOKENS),
    "layer norm without bias": (nn.LayerNorm(8, bias=False), TOKENS),
    "activations in place": (nn.Sequential(nn.Linear(8, 8), nn.ReLU(inplace=True), nn.Linear(8, 8), nn.SiLU(inplace=True), nn.ReLU6(inplace=True)), TOKENS),
    "in place on the input": (nn.Sequential(nn.ReLU(inplace=True), nn.Linear(8, 8)), TOKENS),
    "more in place": (nn.Sequential(nn.Linear(8, 8), nn.Hardswish(inplace=True), nn.Hardsigmoid(inplace=True), nn.Hardtanh(0, 6, inplace=True)), TOKENS),
    "dropout": (nn.Sequential(nn.Dropout(), nn.Linear(8, 8), nn.Dropout(inplace=True), nn.Identity(), nn.Flatten()), TOKENS),
    "max pool": (nn.MaxPool2d(3, stride=2, padding=1), IMAGE),
    "max pool, ceil without effect": (nn.MaxPool2d(2, ceil_mode=True), IMAGE),
    "average pool": (nn.AvgPool2d(3, stride=2, padding=1), IMAGE),
    "average pool without padding": (nn.AvgPool2d((3, 2), stride=1, padding=(1, 0), count_include_pad=False), IMAGE),
    "upsample": (nn.Upsample(scale_factor=2), IMAGE),
    "upsample to a size": (nn.Upsample(size=(12, 18)), IMAGE),
    # --- one axis
    "conv of sequences": (nn.Conv1d(8, 6, 3, stride=2, padding=1, dilation=2), (1, 8, 11)),
    "conv of sequences, same, in groups": (nn.Conv1d(8, 8, 4, padding="same", groups=4, bias=False), (1, 8, 11)),
    "keyword spotter": (nn.Sequential(nn.Conv1d(4, 8, 3), nn.BatchNorm1d(8), nn.ReLU(), nn.MaxPool1d(2), nn.Conv1d(8, 6, 1), nn.AvgPool1d(2)), (1, 4, 12)),
    "transposed conv": (nn.ConvTranspose2d(4, 6, 3, stride=2, padding=1, output_padding=1), IMAGE),
    "transposed conv in groups": (nn.ConvTranspose2d(4, 8, (3, 2), stride=(1, 2), groups=2, dilation=(2, 1), bias=False), IMAGE),
    "transposed conv of sequences": (nn.ConvTranspose1d(8, 6, 4, stride=3, padding=1, output_padding=2), (1, 8, 5)),
    # --- norms
    "group norm": (nn.GroupNorm(2, 4), IMAGE),
    "group norm of sequences": (nn.GroupNorm(1, 5, affine=False), TOKENS),
    "instance norm": (nn.InstanceNorm2d(4, affine=True), IMAGE),
    "instance norm with statistics": (nn.InstanceNorm1d(5, track_running_stats=True), TOKENS),
    "layer norm over an image": (nn.LayerNorm((4, 6, 6)), IMAGE),
    "rms norm": (nn.RMSNorm(8), TOKENS),
    "rms norm over two axes": (nn.RMSNorm((5, 8), eps=1e-3), TOKENS),
    "weight norm": (nn.utils.parametrizations.weight_norm(nn.Linear(8, 4)), TOKENS),
    # --- attention
    "transformer layer": (nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), TOKENS),
    "transformer layer, norm first": (nn.TransformerEncoderLayer(8, 2, 16, activation="gelu", norm_first=True, batch_first=True), TOKENS),
    "transformer layer, tokens first": (nn.TransformerEncoderLayer(8, 2, 16), (1, 1, 8)),
    # --- functions
    "leaky relu, elu, prelu": (nn.Sequential(nn.LeakyReLU(0.2), nn.Conv2d(4, 4, 1), nn.ELU(0.7), nn.Conv2d(4, 4, 1), nn.PReLU(), nn.PReLU(4, 0.4)), IMAGE),
    "selu, celu": (nn.Sequential(nn.SELU(), nn.Linear(8, 8), nn.CELU(0.5), nn.Linear(8, 8), nn.CELU()), TOKENS),
    "softplus, mish": (nn.Sequential(nn.Softplus(), nn.Linear(8, 8), nn.Mish(), nn.Linear(8, 8), nn.Softplus(beta=2), nn.LogSigmoid()), TOKENS),
    "gated": (nn.GLU(1), IMAGE),
    # --- pooling, resizing
    "max pool, rounded up": (nn.MaxPool2d(3, stride=2, ceil_mode=True), (1, 4, 6, 7)),
    "average pool, rounded up": (nn.AvgPool2d(3, stride=2, ceil_mode=True), (1, 4, 6, 7)),
    "average pool, own divisor": (nn.AvgPool2d(2, padding=1, divisor_override=3), IMAGE),
    "pools of sequences": (nn.Sequential(nn.MaxPool1d(3, stride=2, padding=1, ceil_mode=True), nn.AvgPool1d(3, padding=1)), (1, 4, 12)),
    "adaptive pools of sequences": (nn.Sequential(nn.AdaptiveAvgPool1d(6), nn.AdaptiveMaxPool1d(3), nn.AdaptiveAvgPool1d(1)), (1, 4, 12)),
    "adaptive max pool": (nn.AdaptiveMaxPool2d((3, 2)), IMAGE),
    "upsample, bilinear": (nn.Upsample(scale_factor=2, mode="bilinear"), IMAGE),
    "upsample, between corners": (nn.Upsample(size=(4, 9), mode="bilinear", align_corners=True), IMAGE),
    "upsample by no whole number": (nn.Upsample(scale_factor=(1.3, 1.7)), IMAGE),
    "upsample sequences": (nn.Sequential(nn.Upsample(scale_factor=2), nn.Upsample(size=15, mode="linear")), TOKENS),
    "pixel shuffle": (nn.Sequential(nn.PixelShuffle(2), nn.PixelUnshuffle(3)), IMAGE),
    "channel shuffle": (nn.Sequential(nn.ChannelShuffle(2), nn.Conv2d(4, 3, 1)), IMAGE),
    "unfold and fold": (nn.Sequential(nn.Unfold(2, stride=2), nn.Fold((6, 6), 2, stride=2)), IMAGE),
    "unfold with overlap": (nn.Unfold((3, 2), dilation=(1, 2), padding=(1, 0), stride=(2, 1)), IMAGE),
    "borders": (nn.Sequential(nn.ReflectionPad2d((1, 2, 3, 0)), nn.ReplicationPad2d(1), nn.CircularPad2d((0, 2, 1, 0)), nn.ZeroPad2d((-1, 1, 0, -2))), IMAGE),
    "borders of sequences": (nn.Sequential(nn.ReflectionPad1d(2), nn.ReplicationPad1d((0, 3)), nn.ConstantPad1d((1, 0), 0.5)), TOKENS),
}

FUNCTIONS: dict[str, tuple[Callable[..., Any], list[tuple[int, ...]]]] = {
    "convolution": (lambda m, x: aten.convolution.default(x, m.kernel, None, [1, 1], [1, 1], [1, 1], False, [0, 0], 1), [IMAGE]),
    "linear by a value": (lambda m, x, w: F.linear(x, w, w[:, 0]), [TOKENS, (1, 8)]),
    "products": (lambda m, x: (x @ m.square, x @ x.mT, torch.bmm(x, x.transpose(1, 2)), m.square @ x.mT), [TOKENS]),
    "mm": (lambda m, x: torch.mm(x[0], m.square) + torch.mm(x[0].t(), x[0]), [(1, 8, 8)]),
    "addmm": (lambda m, x: torch.addmm(m.row, x[0], m.square) + torch.addmm(x[0], x[0], m.square), [(1, 8, 8)]),
    "attention": (lambda m, q, k: F.scaled_dot_product_attention(q, k, k + 1), [(1, 2, 5, 8), (1, 2, 7, 8)]),
    "attention, scaled": (lambda m, x: F.scaled_dot_product_attention(x, x, x, scale=0.3), [TOKENS]),
    "sums": (lambda m, x: (x + 1) + x * 2 - 0.5 - torch.add(x, x, alpha=3) + torch.sub(x, m.row, alpha=2) + (1 - x) + torch.rsub(x, x, alpha=2), [TOKENS]),
    "products and quotients": (lambda m, x: x * m.row / 3 / (x * x + 1) * torch.tensor(2.5), [TOKENS]),
    "scalar overloads": (
        lambda m, x: aten.div.Scalar(aten.mul.Scalar(aten.sub.Scalar(aten.add.Scalar(x, 2, 3), 1), 2), 3) + aten.rsub.Tensor(x, m.row),
        [TOKENS],
    ),
    "sums in place": (lambda m, x: x.clone().add_(1).sub_(x).mul_(x).div_(2).neg_(), [TOKENS]),
    "scalars in place": (lambda m, x: aten.div_.Scalar(aten.mul_.Scalar(aten.sub_.Scalar(aten.add_.Scalar(x.clone(), 2), 1), 2), 3), [TOKENS]),
    "broadcast": (lambda m, x, s: x * s.sigmoid() + m.row.view(1, -1, 1, 1)[:, :4], [IMAGE, (1, 4, 1, 1)]),
    "activations": (
        lambda m, x: F.relu(x) + F.relu6(x) + F.relu6(x * 2, inplace=True) + F.silu(x) + x.sigmoid() + x.tanh() + F.hardswish(x) + F.hardsigmoid(x) + F.gelu(x),
        [TOKENS],
    ),
    "activations, in place": (lambda m, x: (x * 1).sigmoid_().tanh_().exp_().sqrt_(), [TOKENS]),
    "gelu": (lambda m, x: F.gelu(x, approximate="tanh") + aten.gelu_.default(x * 2), [TOKENS]),
    "exponent, root": (lambda m, x: x.exp() + (x * x).sqrt() - (-x), [TOKENS]),
    "clamps": (lambda m, x: x.clamp(0, 6) + x.clamp(min=0) + x.clamp_min(0) + F.hardtanh(x, 0, 6) + (x * 1).clamp_(0, 6) + (x * 1).clamp_min_(0), [TOKENS]),
    "softmax": (lambda m, x: x.softmax(-1) + F.softmax(x, dim=1), [TOKENS]),
    "means": (lambda m, x: (x.mean(), x.mean((2, 3)), x.mean(1, keepdim=True), x.mean((-1,))), [IMAGE]),
    "adaptive pooling": (lambda m, x: (F.adaptive_avg_pool2d(x, 1), F.adaptive_avg_pool2d(x, (3, 2)), F.adaptive_avg_pool2d(x, (None, 1))), [IMAGE]),
    "resize": (lambda m, x: aten.upsample_nearest2d.default(x, [12, 6]), [IMAGE]),
    "pads": (lambda m, x: F.pad(x, (1, 2, 0, 3), value=2.0) + aten.constant_pad_nd.default(x, [3, 0, 3, 0]), [IMAGE]),
    "concatenations": (lambda m, x: torch.cat([torch.cat([x, x], -1), aten.concat.default([x + 1, x], 2), torch.stack([x, x], 3).flatten(2)], 0)[:2], [TOKENS]),
    "concatenation, another name": (lambda m, x: aten.concatenate.default([x, m.table], 1), [TOKENS]),
    "shapes": (
        lambda m, x: (
            x.view(1, 40).reshape(5, 8).unsqueeze(0).view_as(x).reshape_as(x).flatten(1).unflatten(1, (5, 8)) + aten._unsafe_view.default(x, [1, 1, 5, 8])
        ),
        [TOKENS],
    ),
    "squeezes": (lambda m, x: (x.squeeze(), x.squeeze(0), x.squeeze((0, 2)), x.unsqueeze(-1)), [(1, 3, 1, 4)]),
    "permutations": (
        lambda m, x: (
            x.permute(0, 2, 3, 1),
            x.transpose(-1, 1),
            x.swapaxes(1, 2),
            x.swapdims(0, 2),
            x.movedim(1, -1),
            x.movedim((1, 3), (3, 0)),
            x.mT,
            x.mT.contiguous(),
        ),
        [(1, 3, 4, 5)],
    ),
    "matrix transposes": (lambda m, x: (x[0].t(), x[0].T, m.square.t() + x[:, :1]), [TOKENS]),
    "slices": (lambda m, x: (x[:, 1:3], x[..., ::2], x[:, -1], x[:, :, 2:100], x.narrow(2, 3, 2), x.select(1, -2)), [TOKENS]),
    "pieces": (
        lambda m, x: (*x.split(3, 1), *x.chunk(3, 2), *x.unbind(1), *x.split([1, 4], 1), *x.tensor_split(3, 2), *aten.split.sizes(x, [2, 6], 2)),
        [TOKENS],
    ),
    "expansions": (lambda m, x: x[:, :1].expand(-1, 5, 8) + x[:, :1].expand_as(x) + m.table.expand(1, -1, -1) + m.row.expand(1, 5, 8), [TOKENS]),
    "cut constants": (lambda m, x: x + m.table[:, 0] + m.table.permute(0, 2, 1)[:, :, 0].unsqueeze(1), [TOKENS]),
    "nothing": (
        lambda m, x: (
            aten.alias.default(aten.lift_fresh.default(x.detach().contiguous(memory_format=torch.contiguous_format) + 0)).positive().type_as(x).float()
        ),
        [TOKENS],
    ),
    "no conversion": (
        lambda m, x: aten.to.dtype_layout(aten.to.other(aten.to.device(x, "cpu", torch.float32), x), dtype=torch.float32) + aten._to_copy.default(x),
        [TOKENS],
    ),
    "dropouts": (
        lambda m, x: (
            aten.dropout_.default(F.dropout2d(F.alpha_dropout(x, training=False), training=False) + 0, 0.5, False)
            + aten.feature_dropout_.default(x + 0, 0.5, False)
        ),
        [IMAGE],
    ),
    "attention, all heads": (lambda m, x: m.mixer(x, x, x, need_weights=False)[0], [TOKENS]),
    "attention with weights": (lambda m, x: m.mixer(x, x + 1, x * 2), [TOKENS]),
    "attention, tokens first": (lambda m, x: m.line_mixer(x, x, x)[0], [(1, 1, 8)]),
    "attention, mask without effect": (
        lambda m, x: (
            F.scaled_dot_product_attention(x, x, x, attn_mask=torch.zeros(5, 5)) + F.scaled_dot_product_attention(x, x, x, attn_mask=torch.ones(5, 5) > 0)
        ),
        [TOKENS],
    ),
    "attention with masks": (
        lambda m, x: (
            F.scaled_dot_product_attention(x, x, x, is_causal=True)
            + F.scaled_dot_product_attention(x, x, x, attn_mask=torch.ones(5, 5).tril() > 0)
            + F.scaled_dot_product_attention(x, x, x, attn_mask=torch.arange(25.0).view(5, 5).cos())
        ),
        [TOKENS],
    ),
    "attention, all heads, with a mask": (lambda m, x: m.mixer(x, x, x, attn_mask=torch.ones(5, 5).triu(1) > 0, need_weights=False)[0], [TOKENS]),
    "attention with weights and a mask": (lambda m, x: m.mixer(x, x, x, attn_mask=torch.ones(5, 5).triu(1) > 0), [TOKENS]),
    "attention with masked scores": (
        lambda m, x: (
            (x @ x.mT / 3).masked_fill(torch.ones(5, 5).triu(1) > 0, float("-inf")).softmax(-1) @ x
            + torch.where(torch.ones(5, 5).triu(2) > 0, -1e9, x @ x.mT + torch.arange(5.0)).softmax(-1) @ x
        ),
        [TOKENS],
    ),
    "attention and what serves training": (
        lambda m, q: aten._scaled_dot_product_flash_attention_for_cpu.default(q, q, q)[0] + aten._scaled_dot_product_attention_math.default(q, q, q)[0],
        [(1, 2, 5, 8)],
    ),
    "fused attention": (
        lambda m, x: (
            aten._native_multi_head_attention.default(x, x, x, 8, 2, m.wide, m.wide[:, 0], m.square, m.row)[0]
            + aten._native_multi_head_attention.default(x, x, x, 8, 2, m.wide, m.wide[:, 0], m.square, m.row, torch.ones(5, 5).triu(1) > 0, mask_type=0)[0]
            + aten._transformer_encoder_layer_fwd.default(
                x, 8, 2, m.wide, m.wide[:, 0], m.square, m.row, True, True, 1e-5, m.row, m.row, m.row, m.row, m.wide, m.wide[:, 0], m.wide.t(), m.row
            )
        ),
        [TOKENS],
    ),
    "einsum": (
        lambda m, x, y: (
            torch.einsum("bnc,bmc->bnm", x, y)
            + torch.einsum("bnc, oc -> bno", x, m.square)[:, :, :5]
            + torch.einsum("bnc,bmc->bmn", x, y)
            + torch.einsum("bnm->bmn", x[:, :, :5])
        ),
        [TOKENS, TOKENS],
    ),
    "products with vectors": (lambda m, x: (x @ m.row, m.row @ x.mT, torch.mv(x[0], m.row), torch.dot(x[0, 0], m.row), m.table @ m.square @ x.mT), [TOKENS]),
    "products that broadcast": (
        lambda m, x: (x.unsqueeze(1) @ m.table.mT, torch.baddbmm(x[:, :, :5], x, x.mT, beta=0.5, alpha=2), torch.baddbmm(x[:, :, :5], x, x.mT)),
        [TOKENS],
    ),
    "softmaxes": (
        lambda m, x: x.log_softmax(-1) + F.log_softmax(x, 1) + aten._softmax.default(x, 1, False) + aten._log_softmax.default(x, -1, False),
        [TOKENS],
    ),
    "softmax without rows of infinities": (lambda m, x: aten._safe_softmax.default(x, -1), [TOKENS]),
    "norms of decomposed exports": (
        lambda m, x: (
            aten.native_layer_norm.default(x, [8], m.row, None, 1e-5)[0]
            + aten._native_batch_norm_legit_no_training.default(x, None, m.row[:5], m.means, m.means**2, 0.1, 1e-5)[0]
            + aten._native_batch_norm_legit.no_stats(x, m.row[:5], None, True, 0.1, 1e-5)[0]
            + aten.native_group_norm.default(x, m.row[:5], None, 1, 5, 8, 5, 1e-5)[0]
            + aten._fused_rms_norm.default(x, [8], m.row, None)[0]
        ),
        [TOKENS],
    ),
    "pools of decomposed exports": (
        lambda m, x: (
            aten.max_pool2d_with_indices.default(x, [2, 2])[0] + aten._adaptive_avg_pool2d.default(x, [3, 3]),
            F.max_pool1d_with_indices(x[0, 0:1], 2)[0],
        ),
        [IMAGE],
    ),
    "convolutions of decomposed exports": (
        lambda m, x: (
            aten.convolution.default(x, m.kernel.transpose(0, 1), m.row, [2, 2], [0, 0], [1, 1], True, [1, 1], 1),
            aten.convolution.default(x.flatten(2), m.kernel[:, :, 0], m.row, [1], [1], [1], False, [0], 1),
            aten.convolution.default(x.flatten(2), m.kernel[:4, :, 0], None, [2], [1], [1], True, [1], 1),
        ),
        [(1, 4, 3, 3)],
    ),
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


def traced(module: nn.Module, inputs: tuple[Tensor, ...]) -> Program:
    buffer = io.BytesIO()
    torch.export.save(torch.export.export(module.eval(), inputs, strict=False), buffer)
    return read_program(inspect_archive(buffer.getvalue(), "case"))


def randomized(module: nn.Module) -> nn.Module:
    """Batch norm with statistics that show whether they are used."""
    for name, buffer in module.named_buffers():
        if buffer.is_floating_point():
            buffer.copy_(torch.rand_like(buffer) + ("var" in name))
    return module


@pytest.fixture(scope="module")
def cases() -> dict[str, tuple[nn.Module, tuple[Tensor, ...], Program]]:
    torch.manual_seed(0)
    made: dict[str, tuple[nn.Module, list[tuple[int, ...]]]] = {name: (randomized(module), [shape]) for name, (module, shape) in MODULES.items()}
    made |= {name: (Traced(function), shapes) for name, (function, shapes) in FUNCTIONS.items()}
    inputs = {name: tuple(torch.randn(shape) for shape in shapes) for name, (_, shapes) in made.items()}
    return {name: (module, inputs[name], traced(module, inputs[name])) for name, (module, _) in made.items()}


@pytest.mark.parametrize("name", [*MODULES, *FUNCTIONS])
def test_equals_torch(cases: Any, name: str) -> None:
    module, inputs, program = cases[name]
    graph = import_program(program, "case")
    with torch.no_grad():
        wanted = torch.utils._pytree.tree_leaves(module(*(x.clone() for x in inputs)))
    got = evaluate(graph, [x.numpy() for x in inputs])
    assert len(got) == len(wanted)
    for y, reference in zip(got, wanted, strict=True):
        assert y.shape == tuple(reference.shape)
        np.testing.assert_allclose(y, reference.numpy(), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", [*MODULES, *FUNCTIONS])
def test_prints_and_parses_back(cases: Any, name: str) -> None:
    graph = import_program(cases[name][2], "case")
    text = print_graph(graph)
    assert parse_graph(text, graph.tensors) == graph
    assert print_graph(parse_graph(text)) == text


def test_every_rule_has_a_case(cases: Any) -> None:
    seen = {"aten.lift_fresh.default"}  # torch 2.13 writes lift_fresh_copy in its place
    seen |= set(quantized.RULES)  # test_pt2e.py
    seen |= {call.target for _, _, program in cases.values() for call in program.calls}
    assert sorted(SUPPORTED - seen) == []
