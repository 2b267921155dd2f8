"""Rules for programs that PT2E quantized: q/dq pairs on activations, dq on int8 weights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from tfc.importer.builder import AnyRule, Builder, Constant, Operand, Rule, builds
from tfc.ir.diagnostic import expect

RULES: dict[str, Rule] = {}
UNSIGNED_OFFSET = 128  # uint8 levels are int8 levels moved by this

Number = float | int | Operand


def rule(*targets: str) -> Callable[[AnyRule], AnyRule]:
    return builds(RULES, *(f"quantized_decomposed.{target}" for target in targets))


def number(value: Number) -> float:
    """A scale or zero point, given as a number or as a tensor of one element."""
    if isinstance(value, int | float):
        return value
    expect(isinstance(value, Constant) and value.data.size == 1, "a scale or zero point must be a constant")
    assert isinstance(value, Constant)
    return float(value.data.reshape(-1)[0])


@rule("quantize_per_tensor.default", "quantize_per_tensor.tensor")
def quantize_per_tensor(build: Builder, input: Operand, scale: Number, zero_point: Number, quant_min: int, quant_max: int, dtype: object) -> Operand:
    """Levels of eight bits; what they stand for is the value of the node, so that the dq behind it has nothing to do."""
    expect(quant_max - quant_min in (254, 255), f"{quant_min}…{quant_max} is not eight bits")
    offset = UNSIGNED_OFFSET if quant_min >= 0 else 0
    return build.emit("fake_quantize", input, part="q", scale=number(scale), zero_point=int(number(zero_point)) - offset)


@builds(RULES, "aten.fake_quantize_per_tensor_affine.default", "aten.fake_quantize_per_tensor_affine.tensor_qparams")
def fake_quantize_per_tensor_affine(build: Builder, self: Operand, scale: Number, zero_point: Number, quant_min: int, quant_max: int) -> Operand:
    """Rounding as in quantization-aware training; 1,024 levels stand before a function that a table computes."""
    if (quant_min, quant_max) == (0, 1023):
        return build.emit("fake_quantize", self, scale=number(scale), zero_point=int(number(zero_point)), levels=1024)
    return quantize_per_tensor(build, self, scale, zero_point, quant_min, quant_max, None)


@builds(RULES, "aten.fake_quantize_per_channel_affine.default")
def fake_quantize_per_channel_affine(build: Builder, self: Operand, scale: Operand, zero_point: Operand, axis: int, quant_min: int, quant_max: int) -> Operand:
    """Weights, rounded as they will be stored."""
    expect(isinstance(self, Constant) and isinstance(scale, Constant), "only constants are quantized channel by channel")
    assert isinstance(self, Constant)
    assert isinstance(scale, Constant)
    wide = scale.data.reshape([-1 if i == axis else 1 for i in range(self.data.ndim)])
    levels = replace(self, data=np.clip(np.round(self.data / wide), quant_min, quant_max))
    return dequantize_per_channel(build, levels, scale, zero_point, axis, quant_min, quant_max, None)


@rule("dequantize_per_tensor.default", "dequantize_per_tensor.tensor")
def dequantize_per_tensor(
    build: Builder, input: Operand, scale: Number, zero_point: Number, quant_min: int, quant_max: int, dtype: object, out_dtype: object = None
) -> Operand:
    if not isinstance(input, Constant):
        return input
    data = (input.data - np.float32(number(zero_point))) * np.float32(number(scale))
    scales = np.full(input.data.shape[:1], number(scale), np.float32) if input.data.ndim > 1 and number(zero_point) == 0 else None
    return replace(input, data=data, scales=scales)


@rule("dequantize_per_channel.default")
def dequantize_per_channel(
    build: Builder,
    input: Operand,
    scales: Operand,
    zero_points: Operand | None,
    axis: int,
    quant_min: int,
    quant_max: int,
    dtype: object,
    out_dtype: object = None,
) -> Operand:
    """Weights: their floats, and the scales that give the very same integers again."""
    expect(isinstance(input, Constant) and isinstance(scales, Constant), "only constants are quantized channel by channel")
    assert isinstance(input, Constant)
    assert isinstance(scales, Constant)
    expect(
        zero_points is None or (isinstance(zero_points, Constant) and not zero_points.data.any()), "weights are quantized symmetrically, with zero points of 0"
    )
    wide = [1] * input.data.ndim
    wide[axis] = -1
    return replace(input, data=input.data * scales.data.reshape(wide), scales=scales.data if axis == 0 else None)
