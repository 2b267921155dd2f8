"""The constants of integer arithmetic: docs/arithmetic.md, derived once for the evaluator and every backend."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .diagnostic import Diagnostic
from .types import Quantization

Ints = NDArray[np.int64]
LIMITS = {"i8": (-128, 127), "i16": (-32768, 32767)}
TABLE = 1024  # entries of an activation table, and of the exponent table of attention
EXP_STEP = 96  # entries of the exponent table for each unit of its argument


def high(a: Any, m: Any) -> Any:
    """(a · m + 2³¹) >> 32: the instruction SMMULR."""
    return (np.asarray(a, np.int64) * np.asarray(m, np.int64) + (1 << 31)) >> 32


def bits(value: int) -> int:
    """Length in binary."""
    return int(value).bit_length()


def distance(dtype: str, zero_point: int) -> int:
    """The largest |x − zero_point|."""
    lo, hi = LIMITS[dtype]
    return max(hi - zero_point, zero_point - lo)


@dataclass(frozen=True)
class Requantization:
    """high(acc << shift, multipliers): one multiplier, or one for each output channel (int64 arrays of int32 values)."""

    shift: int
    multipliers: Ints

    def __call__(self, acc: Ints) -> Ints:
        result: Ints = high(acc << self.shift, self.multipliers)
        return result


def requantization(ratio: Any, bound: float) -> Requantization:
    """For accumulators with |acc| ≤ bound; `ratio` is accumulator scale / result scale."""
    ratios = np.asarray(ratio, np.float64)
    largest = float(ratios.max())
    if not (np.isfinite(ratios).all() and largest >= 0):
        raise Diagnostic(f"a scale ratio is {largest}")
    shift = 0
    while largest * 2.0**-shift >= 0.5:
        shift += 1
    if bound * 2**shift >= 2**31:
        raise Diagnostic(
            f"an accumulator of up to {bound:.4g} does not fit 32 bits with scale ratio {largest:.4g}", help="a wider range of the result, or fewer channels"
        )
    multipliers = np.minimum(np.round(ratios * 2.0 ** (32 - shift)), 2**31 - 1).astype(np.int64)
    return Requantization(shift, multipliers)


def product_bound(weights: NDArray[Any], bias: NDArray[Any], reach: int) -> float:
    """Bound of a convolution's or linear's accumulator; weights [out, …], `reach` the largest |x − z_x|."""
    sums = np.abs(weights.astype(np.int64)).reshape(weights.shape[0], -1).sum(axis=1)
    return float((sums * reach + np.abs(bias.astype(np.int64))).max())


@dataclass(frozen=True)
class Residual:
    """v = (u + r · multiplier + constant) >> fraction, with u requantized to `fraction` more bits."""

    requantization: Requantization
    multiplier: int
    constant: int
    fraction: int


def residual(ratio: Any, bound: float, r: Quantization, out_scale: float, out_zero: int, dtype: str = "i8") -> Residual:
    """The largest number of fraction bits, 12 to 4, for which nothing overflows."""
    for fraction in range(12, 3, -1):
        scaled = np.asarray(ratio, np.float64) * 2.0**fraction
        multiplier = round(float(r.scale) / out_scale * 2**fraction)
        constant = (out_zero << fraction) - r.zero_point * multiplier + (1 << (fraction - 1))
        reach = -LIMITS[dtype][0]
        if bound * float(scaled.max()) + 1 + reach * multiplier + abs(constant) >= 2**31:
            continue
        try:
            return Residual(requantization(scaled, bound), multiplier, constant, fraction)
        except Diagnostic:
            continue
    raise Diagnostic("a residual sum does not fit 32 bits", help="a wider range of the result")


@dataclass(frozen=True)
class Sum:
    """(Σ operand · multiplier + constant) >> shift."""

    multipliers: tuple[int, ...]
    constant: int
    shift: int

    def __call__(self, *operands: Ints) -> Ints:
        total = sum((x.astype(np.int64) * m for x, m in zip(operands, self.multipliers, strict=True)), start=np.int64(self.constant))
        return np.asarray(total >> self.shift)


def weighted_sum(operands: Sequence[tuple[Quantization, str]], out: Quantization, signs: Sequence[int] = (1, 1)) -> Sum:
    """For operands given as (quantization, dtype)."""
    scale = float(out.scale)
    for shift in range(22, -1, -1):
        multipliers = tuple(sign * round(float(q.scale) / scale * 2**shift) for (q, _), sign in zip(operands, signs, strict=False))
        half = (1 << shift) >> 1
        constant = (out.zero_point << shift) - sum(q.zero_point * m for (q, _), m in zip(operands, multipliers, strict=True)) + half
        reach = sum(-LIMITS[dtype][0] * abs(m) for (_, dtype), m in zip(operands, multipliers, strict=True))
        if max(map(abs, multipliers)) < 1 << 15 and reach + abs(constant) < 1 << 31:
            return Sum(multipliers, constant, shift)
    raise Diagnostic("a sum does not fit 32 bits", help="the scales of its operands and result are too far apart")


def activation_table(function: Callable[[float], float], pre_scale: float, pre_zero: int, out: Quantization, dtype: str = "i8") -> Ints:
    """T[i] for i = 0…1023, read by an accumulator that was requantized to ten bits."""
    return _table(function, pre_scale * (np.arange(TABLE) - pre_zero), out, dtype)


def pointwise_table(function: Callable[[float], float], x: Quantization, out: Quantization) -> Ints:
    """T[x + 128] for i8 x."""
    return _table(function, float(x.scale) * (np.arange(-128, 128) - x.zero_point), out, "i8")


def _table(function: Callable[[float], float], arguments: NDArray[Any], out: Quantization, dtype: str) -> Ints:
    values = np.array([function(float(v)) for v in arguments])
    return np.clip(out.zero_point + np.round(values / float(out.scale)), *LIMITS[dtype]).astype(np.int64)


def exponent_table(step: float, size: int, top: int) -> Ints:
    """round(top · exp(−step · i))."""
    return np.array([round(top * math.exp(-step * i)) for i in range(size)], np.int64)


def reciprocal(total: Ints, k: int) -> Ints:
    """K / total by 17-bit normalised division, for 1 ≤ total < 2³¹ and K < 2⁴⁷."""
    total = np.asarray(total, np.int64)
    lead = 32 - np.frexp(total.astype(np.float64))[1].astype(np.int64)
    quotient = ((1 << 32) - 1) // ((total << lead) >> 15)
    return np.asarray((quotient * k) >> (47 - lead))


def rsqrt(w: Ints, p: int) -> Ints:
    """About 2^p / √w for max(1, 4^(p − 31)) ≤ w < 2⁶²."""
    w = np.asarray(w, np.int64)
    even = np.vectorize(lambda v: (32 - bits(int(v))) // 2 * 2, otypes=[np.int64])(w)
    mantissa = np.where(even >= 0, w << np.maximum(even, 0), w >> np.maximum(-even, 0)).astype(np.uint64)
    y = np.uint64(2254857830) - ((mantissa * np.uint64(1288490189)) >> np.uint64(32))
    for _ in range(3):
        cubic = (((y * y) >> np.uint64(32)) * mantissa) >> np.uint64(32)
        y = (y * (np.uint64(805306368) - cubic)) >> np.uint64(29)
    shift = (46 - p - even // 2).astype(np.uint64)
    return np.asarray(np.minimum(y >> shift, np.uint64(2**31 - 1)), np.int64)


@dataclass(frozen=True)
class AttentionConstants:
    """Scores to table indexes, the exponent table, and K of the reciprocal of a row."""

    index: Requantization
    exponents: Ints
    reciprocal: int


def attention_constants(
    q: Quantization, k: Quantization, v: Quantization, out: Quantization, *, scale: float, head: int, tokens: int, bias_step: int = 0
) -> AttentionConstants:
    """For heads of `head` channels and `tokens` keys, i8; with a bias, its step in steps of the exponent table."""
    top = min(32767, (2**31 - 1) // (255 * tokens))
    bound = float(head * distance("i8", q.zero_point) * distance("i8", 0 if bias_step else k.zero_point))
    ratio = float(q.scale) * float(k.scale) * scale * EXP_STEP
    exponents = exponent_table(1 / EXP_STEP, TABLE, top)
    if bias_step:
        exponents[-1] = 0  # where masks are
        if bound * ratio + bias_step * 2**15 >= 2**28:
            raise Diagnostic("the scores of attention are too large for a bias")
    index = requantization(ratio, bound if bias_step else 2 * bound)
    k_out = round(2**40 * (float(v.scale) / float(out.scale)))
    if k_out / top >= 2**31:
        raise Diagnostic("the result of attention has too fine a scale for its values")
    return AttentionConstants(index, exponents, k_out)


def softmax_constants(x: Quantization, out: Quantization) -> tuple[Ints, int]:
    """The exponent table of 256 entries, and K of the reciprocal of a row."""
    if float(out.scale) < 2.0**-14:
        raise Diagnostic("the result of softmax has too fine a scale")
    return exponent_table(float(x.scale), 256, 32767), round(2**32 / float(out.scale))


LOG_ONE = 1 << 12  # integer logarithms have 12 fraction bits


@dataclass(frozen=True)
class LogSoftmaxConstants:
    """The exponent table, the logarithm of its sums (`logs`: ln(1 + i/256)), and the sum that makes the result."""

    exponents: Ints
    logs: Ints
    sum: Sum

    def logarithm(self, total: Ints) -> Ints:
        """ln(total / 32767) in steps of 2⁻¹²."""
        lead = 32 - np.frexp(total.astype(np.float64))[1].astype(np.int64)
        return np.asarray(
            np.round((31 - lead) * (LOG_ONE * math.log(2))).astype(np.int64) + self.logs[((total << lead) >> 23) & 255] - round(LOG_ONE * math.log(32767))
        )


def log_softmax_constants(x: Quantization, out: Quantization) -> LogSoftmaxConstants:
    """For up to 2,048 elements, whose logarithms fit 16 bits."""
    logs = np.array([round(LOG_ONE * math.log1p(i / 256)) for i in range(256)], np.int64)
    operands = [(Quantization(float(x.scale)), "i16"), (Quantization(1 / LOG_ONE), "i16")]
    return LogSoftmaxConstants(exponent_table(float(x.scale), 256, 32767), logs, weighted_sum(operands, out))


@dataclass(frozen=True)
class NormConstants:
    """epsilon and least value of W, shift a and precision p of the normalised value, gains g, offsets h, final shift s."""

    epsilon: int
    least: int
    lift: int
    precision: int
    gains: Ints
    offsets: Ints
    shift: int


def norm_constants(x: Quantization, out: Quantization, gamma: NDArray[Any], beta: NDArray[Any], eps: float, count: int, dtype: str = "i8") -> NormConstants:
    """For normalisation over `count` elements; gamma and beta for each channel."""
    lift = 30 - bits(count * (255 if dtype == "i8" else 65535))
    if lift < 0:
        raise Diagnostic(f"a norm over {count} elements of {dtype} is too long for 32 bits")
    precision = 43 - lift
    epsilon = round(count * count * eps / float(x.scale) ** 2)
    g, h = gamma.astype(np.float64) / float(out.scale), beta.astype(np.float64) / float(out.scale) + out.zero_point
    reach = (1 << 11) * math.ceil(math.sqrt(count)) + 2
    for shift in range(26, 10, -1):
        gains = np.round(g * 2.0 ** (shift - 11)).astype(np.int64)
        offsets = np.round(h * 2.0**shift).astype(np.int64) + (1 << (shift - 1))
        if (np.abs(gains) < 1 << 15).all() and (reach * np.abs(gains) + np.abs(offsets) < 1 << 31).all():
            return NormConstants(epsilon, 4 ** max(precision - 31, 0), lift, precision, gains, offsets, shift)
    raise Diagnostic("a norm does not fit 32 bits", help="a wider range of the result")
