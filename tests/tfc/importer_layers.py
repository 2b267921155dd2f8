"""Functions that networks are made of: products, attention, norms, pools, shapes, in all their spellings."""

from collections.abc import Callable
from typing import Any

import torch
from torch.nn import functional as F

from .importer_cases import IMAGE, TOKENS

aten: Any = torch.ops.aten
LAYERS: dict[str, tuple[Callable[..., Any], list[tuple[int, ...]]]] = {
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
}
