"""The constant bias of attention as integers: steps of the exponent table, and masks. docs/arithmetic.md, Attention."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .arithmetic import EXP_STEP, LIMITS, Ints
from .diagnostic import Diagnostic, expect
from .graph import Tensor
from .types import Quantization, TensorType

FAR = -(1 << 30)  # what a mask makes of a score
HIDDEN = 64.0  # so far below the greatest of its row a bias is a mask
NOTHING = -1e4  # a row that never exceeds this has nothing but masks
WIDEST_STEP = 4  # of int8: 1/24 of the argument of exp


def step_of(operands: Sequence[TensorType]) -> int:
    """Steps of the exponent table for each step of the bias; 0 where attention has none."""
    if len(operands) < 4:
        return 0
    type = operands[3]
    if type.dtype not in LIMITS or type.quantization is None:
        raise Diagnostic("the bias of integer attention is i8 or i16")
    step = round(float(type.quantization.scale) * EXP_STEP)
    expect(step > 0 and type.quantization == Quantization(step / EXP_STEP), f"the scale of a bias is a whole number of {EXP_STEP}ths")
    return step


def offsets(bias: Tensor, type: TensorType, step: int) -> Ints:
    """What is added to scores that are counted in steps of the exponent table."""
    wide = bias.astype(np.int64)
    return np.where(wide == LIMITS[type.dtype][0], FAR, wide * step)


def expect_open_rows(bias: Tensor) -> None:
    """Every query must see a key."""
    if np.isnan(bias).any() or (bias == np.inf).any():
        raise Diagnostic("the bias of attention is not a number, or +∞")
    if (bias.max(axis=-1) <= NOTHING).any():
        raise Diagnostic("the mask of attention hides all keys from a query", help="let each query see at least one key, for example itself")


def integer_bias(bias: Tensor) -> tuple[Tensor, Quantization]:
    """A float bias as i8, or i16 where that is too coarse, with its scale."""
    expect_open_rows(bias)
    hidden = bias < bias.max(axis=-1, keepdims=True) - HIDDEN
    top = bias.max(axis=-1, keepdims=True).astype(np.float64)
    low = np.where(hidden, np.inf, bias).min(axis=-1, keepdims=True)
    centred = (np.where(hidden, top, bias) - (top + low) / 2) * EXP_STEP
    step = max(int(np.ceil(np.abs(centred).max() / 127)), 1)
    dtype, step = (np.int8, step) if step <= WIDEST_STEP else (np.int16, 1)
    rounded = np.round(centred / step).astype(dtype)
    return np.where(hidden, np.iinfo(dtype).min, rounded).astype(dtype), Quantization(step / EXP_STEP)
