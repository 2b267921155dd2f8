"""The derived constants against exact arithmetic."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfc.ir import arithmetic as fixed
from tfc.ir.diagnostic import Diagnostic
from tfc.ir.types import Quantization


@given(st.floats(1e-6, 4.0), st.integers(-(2**26), 2**26))
def test_requantization_is_within_half_a_step_and_a_little(ratio: float, acc: int) -> None:
    """The little is half a unit of the multiplier, |acc| · 2^(shift − 33)."""
    bound = max(abs(acc), 1)
    requantize = fixed.requantization(ratio, bound)
    assert abs(int(requantize(np.int64(acc))) - acc * ratio) <= 0.5 + bound * 2.0 ** (requantize.shift - 33) + 1e-6


@given(st.integers(1, 2**31 - 1), st.integers(2**30, 2**47 - 1))
def test_reciprocal_is_close(total: int, k: int) -> None:
    assert abs(int(fixed.reciprocal(np.int64(total), k)) - k / total) <= k / total * 2**-14 + 1


@given(st.integers(1, 2**62 - 1), st.integers(20, 31))
def test_rsqrt_is_close(w: int, p: int) -> None:
    exact = min(2**p / math.sqrt(w), 2**31 - 1)
    assert abs(int(fixed.rsqrt(np.array([w]), p)[0]) - exact) <= exact * 2**-20 + 1


@given(st.floats(1e-3, 10), st.floats(1e-3, 10), st.floats(1e-3, 10), st.integers(-128, 127), st.integers(-128, 127), st.integers(-128, 127))
def test_sums_are_within_a_step_and_fit_int32(sa: float, sb: float, sy: float, za: int, zb: int, zy: int) -> None:
    a, b, out = Quantization(sa, za), Quantization(sb, zb), Quantization(sy, zy)
    try:
        c = fixed.weighted_sum([(a, "i8"), (b, "i8")], out)
    except Diagnostic:
        assert max(sa, sb) / sy > 2**13
        return
    corners = np.array([-128, 127, za, zb], np.int64)
    x, y = (grid.reshape(-1) for grid in np.meshgrid(corners, corners))
    total = x * c.multipliers[0] + y * c.multipliers[1] + c.constant
    assert np.abs(total).max() < 2**31
    exact = zy + ((x - za) * sa + (y - zb) * sb) / sy
    assert np.abs(c(x, y) - exact).max() <= 0.5 + 2 * 255 * 2.0 ** -(c.shift + 1)


@given(st.floats(1e-5, 0.2), st.floats(0.01, 8), st.integers(-128, 127), st.integers(-128, 127))
def test_residuals_fit_int32_at_their_bounds(ratio: float, r_scale: float, r_zero: int, zero: int) -> None:
    bound = 2.0**22
    try:
        c = fixed.residual(ratio, bound, Quantization(r_scale, r_zero), 1.0, zero)
    except Diagnostic:
        return
    assert 4 <= c.fraction <= 12
    for acc in (-bound, bound):
        for r in (-128, 127):
            u = int(c.requantization(np.int64(acc)))
            assert abs(u + r * c.multiplier + c.constant) < 2**31
            exact = zero + acc * ratio + (r - r_zero) * r_scale
            assert abs(((u + r * c.multiplier + c.constant) >> c.fraction) - exact) <= 0.5 + 2.0**-c.fraction * (1 + 255) + bound * ratio * 2**-20


@pytest.mark.parametrize("tokens", [1, 16, 64, 256, 1024])
def test_attention_sums_fit_int32(tokens: int) -> None:
    q = Quantization(0.02, 7)
    top = int(fixed.attention_constants(q, q, q, q, scale=0.25, head=16, tokens=tokens).exponents.max())
    assert top * 255 * tokens < 2**31
    assert top <= 32767


def test_an_accumulator_that_is_too_wide_is_refused() -> None:
    with pytest.raises(Diagnostic, match="does not fit 32 bits"):
        fixed.requantization(3.0, 2**30)
    with pytest.raises(Diagnostic, match="too long"):
        fixed.norm_constants(Quantization(1, 0), Quantization(1, 0), np.ones(8), np.zeros(8), 1e-5, 1 << 15, "i16")


def test_high_is_smmulr() -> None:
    rng = np.random.default_rng(0)
    a, m = rng.integers(-(2**31), 2**31, (2, 1000))
    assert all(int(h) == (int(x) * int(y) + 2**31) >> 32 for x, y, h in zip(a, m, fixed.high(a, m), strict=True))
