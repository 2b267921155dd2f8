"""Rules for attention: products and a softmax, which a pass fuses however the model wrote them."""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt

import numpy as np

from tfc.importer.builder import AnyRule, Builder, Constant, Operand, Result, Rule, builds
from tfc.ir.diagnostic import Diagnostic, expect

RULES: dict[str, Rule] = {}


def rule(*targets: str) -> Callable[[AnyRule], AnyRule]:
    return builds(RULES, *targets)


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
    expect(dropout_p == 0.0, f"attention drops {dropout_p:.0%} of its weights: export in eval mode, with dropout_p = 0")
    expect(not enable_gqa, "grouped-query attention is not supported")
    rank = len(key.type.shape)
    keys = build.transpose(key, (*range(rank - 2), rank - 1, rank - 2), "keys")
    factor = 1 / sqrt(query.type.shape[-1]) if scale is None else scale
    scores = build.emit("matmul", query, keys, part="scores")
    scaled = build.emit("mul", scores, build.number("scale", float(factor)), part="scaled")
    if is_causal:
        causal = build.constant("causal", np.tril(np.ones(scores.type.shape[-2:], bool)))
        expect(attn_mask is None, "a causal attention has no other mask")
        attn_mask = causal
    if attn_mask is not None and not hides_nothing(attn_mask):
        scaled = build.emit("add", scaled, additive(build, attn_mask), part="masked")
    return build.emit("matmul", build.emit("softmax", scaled, part="weights"), value)


@rule("aten._scaled_dot_product_flash_attention_for_cpu.default", "aten._scaled_dot_product_attention_math.default")
def attention_and_more(
    build: Builder,
    query: Operand,
    key: Operand,
    value: Operand,
    attn_mask: Operand | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    dropout_mask: Operand | None = None,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Result:
    """The second result serves training."""
    return [attention(build, query, key, value, attn_mask, dropout_p, is_causal, scale, enable_gqa), None]


def additive(build: Builder, mask: Operand) -> Constant:
    """A mask as what is added to scores: −∞ where it is False."""
    if not isinstance(mask, Constant):
        raise Diagnostic("attention with a mask that depends on the input is not supported", help="make the mask a buffer of the module, or export without it")
    return build.constant("mask", np.where(mask.data, 0.0, -np.inf)) if mask.data.dtype == bool else mask


def hides_nothing(mask: Operand) -> bool:
    """Whether a mask is known to let every token see every other: True everywhere, or nothing to be added."""
    return isinstance(mask, Constant) and bool(mask.data.all() if mask.data.dtype == bool else not mask.data.any())


@rule("aten._native_multi_head_attention.default")
def native_multi_head_attention(
    build: Builder,
    query: Operand,
    key: Operand,
    value: Operand,
    embed_dim: int,
    num_head: int,
    qkv_weight: Operand,
    qkv_bias: Operand,
    proj_weight: Operand,
    proj_bias: Operand,
    mask: Operand | None = None,
    need_weights: bool = True,
    average_attn_weights: bool = True,
    mask_type: int | None = None,
) -> Result:
    """The weights of attention, its second result, are never kept."""
    y = _heads(build, (query, key, value), num_head, qkv_weight, qkv_bias, mask)
    return [build.emit("linear", y, proj_weight, proj_bias, part="projected"), None]


def _heads(build: Builder, tokens: tuple[Operand, Operand, Operand], heads: int, weight: Operand, bias: Operand, mask: Operand | None) -> Operand:
    """Attention of projected [B, N, C] tokens, heads side by side along the channels."""
    wide = weight.type.shape[0] // 3
    split: list[Operand] = []
    for i, (x, part) in enumerate(zip(tokens, ("query", "key", "value"), strict=True)):
        own = [build.slice(parameter, 0, i * wide, (i + 1) * wide) for parameter in (weight, bias)]
        projected = build.emit("linear", x, *own, part=part)
        batch, count = x.type.shape[:2]
        split.append(build.transpose(build.reshape(projected, (batch, count, heads, wide // heads), f"{part}.heads"), (0, 2, 1, 3), f"{part}.split"))
    if isinstance(mask, Constant):  # here a mask says what is hidden, also by −∞
        mask = build.constant("visible", mask.data == 0)
    y = attention(build, split[0], split[1], split[2], mask)
    batch, _, count, _ = y.type.shape
    return build.reshape(build.transpose(y, (0, 2, 1, 3), "joined"), (batch, count, wide), "tokens")


@rule("aten._transformer_encoder_layer_fwd.default")
def transformer_encoder_layer(
    build: Builder,
    src: Operand,
    embed_dim: int,
    num_heads: int,
    qkv_weight: Operand,
    qkv_bias: Operand,
    proj_weight: Operand,
    proj_bias: Operand,
    use_gelu: bool,
    norm_first: bool,
    eps: float,
    norm_weight_1: Operand,
    norm_bias_1: Operand,
    norm_weight_2: Operand,
    norm_bias_2: Operand,
    ffn_weight_1: Operand,
    ffn_bias_1: Operand,
    ffn_weight_2: Operand,
    ffn_bias_2: Operand,
    mask: Operand | None = None,
    mask_type: int | None = None,
) -> Operand:
    """What torch computes in one call without gradients: attention and two linear layers, each with a residual and a norm."""

    def mix(x: Operand) -> Operand:
        return build.emit("linear", _heads(build, (x, x, x), num_heads, qkv_weight, qkv_bias, mask), proj_weight, proj_bias, part="projected")

    def feed(x: Operand) -> Operand:
        inner = build.emit("linear", x, ffn_weight_1, ffn_bias_1, part="ffn.1")
        return build.emit("linear", build.emit("gelu" if use_gelu else "relu", inner, part="ffn.act"), ffn_weight_2, ffn_bias_2, part="ffn.2")

    x = src
    steps = ((mix, norm_weight_1, norm_bias_1, "1"), (feed, norm_weight_2, norm_bias_2, "2"))
    for inner, gamma, beta, number in steps:
        read = build.emit("layer_norm", x, gamma, beta, part=f"norm{number}", eps=eps) if norm_first else x
        added = build.emit("add", x, inner(read), part=f"add{number}")
        x = added if norm_first else build.emit("layer_norm", added, gamma, beta, part=f"norm{number}", eps=eps)
    return x
