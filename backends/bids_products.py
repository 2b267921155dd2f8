"""Bids for convolutions, linears and products of activations."""

from __future__ import annotations

from math import prod

from tfc.ir.int_rules import Call

from .cost import Cost
from .kernel import Kernel, into
from .pairs_cost import attention_cost, matmul_cost
from .shapes import has_constant_weights, is_depthwise, is_depthwise_square, is_few, is_linear, is_plain_conv2d
from .streams import BLOCKS, Blocks
from .strip_cost import dense_product, sparse_product
from .target import Target
from .window_cost import band_cost, depthwise_cost, few_cost, grouped_cost

KERNELS: dict[str, Kernel] = {}
kernel = into(KERNELS)


@kernel("conv2d", format="pairs")
def conv2d_s8(call: Call, target: Target) -> Cost | None:
    """Convolution, any window, dense."""
    return dense_product(call, target, linear=False) if is_plain_conv2d(call) else None


@kernel("conv2d")
def conv2d_s8_few(call: Call, target: Target) -> Cost | None:
    """Convolution of up to four channels, any window, dense."""
    return few_cost(call, target) if is_few(call) else None


@kernel("linear", "conv2d", format="pairs")
def linear_s8(call: Call, target: Target) -> Cost | None:
    """Tokens or a 1×1 convolution, dense."""
    return dense_product(call, target, linear=True) if is_linear(call) else None


def sparse(form: Blocks, size: str) -> None:
    """The two kernels of a form of blocks."""

    def conv2d(call: Call, target: Target) -> Cost | None:
        return sparse_product(call, target, form, linear=False) if is_plain_conv2d(call) else None

    def linear(call: Call, target: Target) -> Cost | None:
        return sparse_product(call, target, form, linear=True) if is_linear(call) else None

    suffix = form.name.replace("block", "s8_sparse")
    for name, ops, bid, doc in (
        (f"conv2d_{suffix}", ("conv2d",), conv2d, f"Convolution, any window, by {size}."),
        (f"linear_{suffix}", ("linear", "conv2d"), linear, f"Tokens or a 1×1 convolution, by {size}."),
    ):
        KERNELS[name] = Kernel(name, ops, form.name, bid, doc)


for _form in BLOCKS:
    sparse(_form, f"blocks of {_form.height} outputs × {_form.width} inputs" if _form.height * _form.width > 1 else "single weights")


@kernel("conv2d")
def conv2d_s8_grouped(call: Call, target: Target) -> Cost | None:
    """Convolution in groups of any size, one product at a time."""
    if not has_constant_weights(call) or call.node.type.shape[0] != 1:
        return None
    return grouped_cost(call, target, call.node.type.size * prod(call.operands[1].shape[1:]))


@kernel("conv_transpose2d")
def conv_transpose2d_s8(call: Call, target: Target) -> Cost | None:
    """Transposed convolution, one product at a time."""
    if not has_constant_weights(call) or call.node.type.shape[0] != 1:
        return None
    return grouped_cost(call, target, call.node.type.size * prod(call.operands[1].shape[1:]) // prod(call.attr("stride", (1, 1))))


@kernel("conv2d")
def conv2d_s8_depthwise(call: Call, target: Target) -> Cost | None:
    """Convolution of each channel alone, any window, horizontal stride 1 or 2."""
    return depthwise_cost(call, target) if is_depthwise(call) else None


@kernel("conv2d")
def conv2d_s8_depthwise3x3(call: Call, target: Target) -> Cost | None:
    """Convolution of each channel alone, 3×3, stride 1 or 2."""
    return band_cost(call, target) if is_depthwise_square(call, 3) else None


@kernel("conv2d")
def conv2d_s8_depthwise_square(call: Call, target: Target) -> Cost | None:
    """Convolution of each channel alone, 5×5 or 7×7, stride 1 or 2."""
    return band_cost(call, target) if is_depthwise_square(call, 5, 7) else None


@kernel("matmul")
def matmul_s8(call: Call, target: Target) -> Cost | None:
    """Product of activations."""
    return matmul_cost(call, target)


@kernel("attention")
def attention_s8(call: Call, target: Target) -> Cost | None:
    """Streamed over query rows in little memory; tokens, or a feature map in patches."""
    return attention_cost(call, target, "attention.weight") if len(call.operands) == 3 else None


@kernel("attention")
def attention_s8_bias_s8(call: Call, target: Target) -> Cost | None:
    """With a constant int8 bias or mask."""
    return biased_attention(call, target, "i8")


@kernel("attention")
def attention_s8_bias_s16(call: Call, target: Target) -> Cost | None:
    """With a constant int16 bias or mask."""
    return biased_attention(call, target, "i16")


def biased_attention(call: Call, target: Target, dtype: str) -> Cost | None:
    if len(call.operands) == 3 or call.operands[3].dtype != dtype:
        return None
    return attention_cost(call, target, "attention.weight_biased")
