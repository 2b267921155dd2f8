"""What a kernel costs: cycles, scratch and flash.

Coefficients are cycles that the emulator tells, memory and branches included. `pytest tests/backends/test_kernels.py -k near` compares.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod

from tfc.ir.int_rules import Call

from .formats import format_named
from .measures import once
from .shapes import band_scratch, column_bands, few_scratch, few_steps, row_bands


@dataclass(frozen=True)
class Cost:
    """Cycles of one run, bytes of scratch while it runs, bytes of constants in flash (the code of kernels is shared)."""

    cycles: float = 0.0
    scratch: int = 0
    flash: int = 0

    def __add__(self, other: Cost) -> Cost:
        """One after the other: scratch is used again."""
        return Cost(self.cycles + other.cycles, max(self.scratch, other.scratch), self.flash + other.flash)


@dataclass(frozen=True)
class Rates:
    """Cycles for each multiply-accumulate, each result, each input that is widened, and each panel of four pixels or tokens."""

    mac: float
    result: float
    widened: float = 0.0
    panel: float = 0.0

    def cost(self, macs: float, results: int, *, widened: int = 0, panels: int = 0, scratch: int = 0, flash: int = 0) -> Cost:
        return Cost(self.mac * macs + self.result * results + self.widened * widened + self.panel * panels, scratch, flash)


TABLE_BYTES = 1024
ACTIVATION, CLAMP, RESIDUAL = 4.6, 6.5, 8.7  # more for each result
GROUPED = Rates(mac=40.0, result=40.0)
DEPTHWISE = Rates(mac=1.8, result=11.5, widened=2.8, panel=240)  # a "panel" is a channel
DEPTHWISE_SQUARE = {  # by size of the window and stride; a "panel" is a column of blocks
    (3, 1): Rates(mac=0.667, result=2.7, widened=1.3, panel=16),
    (3, 2): Rates(mac=0.667, result=3.1, widened=1.3, panel=16),
    (5, 1): Rates(mac=0.6, result=3.2, widened=1.3, panel=16),
    (7, 1): Rates(mac=0.571, result=3.2, widened=1.3, panel=16),
    (5, 2): Rates(mac=0.86, result=5.5, widened=1.3, panel=16),
    (7, 2): Rates(mac=0.85, result=5.5, widened=1.3, panel=16),
}
PLANE, PLANE_CALL, PLANE_WEIGHT, SUMS_OF_BLOCKS = 60.0, 65.0, 10.0, 3.9
FEW = Rates(mac=0.5, result=3.3, widened=3.2, panel=75)
FEW_WEIGHT, SUMS_OF_FEW = 8.0, 3.5
LOOKED_UP, TABLE_READY = 0.9, 700.0  # more for each result of these that a table ends, and once: a clamp fills one, others come from flash
ELEMENTS = {  # for each element of the result
    "softmax_s8": 7.8,
    "log_softmax_s8": 6.7,
    "layer_norm_s8": 7.35,
    "layer_norm_s16": 7.35,
    "rms_norm_s8": 7.35,
    "rms_norm_s16": 7.35,
    "group_norm_s8": 7.3,
    "group_norm_s16": 7.3,
    "resize_bilinear_s8": 8.5,
    "take_s8": 0.9,  # in runs; of single bytes 4.6
    "add_s8": 4.9,
    "add_s16": 4.5,
    "mul_s8": 5.4,
    "mul_s16": 4.5,
    "rescale_s8": 3.8,
    "rescale_s16": 3.5,
    "table_s8": 3.0,
    "strided_copy_s8": 1.0,  # in runs; a transpose of single bytes takes 1.3 to 3
    "pad_s8": 0.8,
    "resize_nearest_s8": 1.0,
    "max_pool2d_s8": 0.8,  # of each element of a window, as the two below
    "avg_pool2d_s8": 0.95,
    "mean_s8": 1.0,
    "mean_s16": 1.9,
}
ROWS = {  # and for each row beside its elements
    "softmax_s8": 90,
    "log_softmax_s8": 90,
    "layer_norm_s8": 160,
    "layer_norm_s16": 160,
    "rms_norm_s8": 160,
    "rms_norm_s16": 160,
    "group_norm_s8": 45,  # a run of neighbours that one group has
    "group_norm_s16": 45,
    "max_pool2d_s8": 16,  # a pixel of a window
    "avg_pool2d_s8": 105,
}


def elements(kernel: str, count: int, *, rows: int = 0, flash: int = 0) -> Cost:
    """A kernel whose work is proportional to a number of elements and to the number of rows in which they lie."""
    return Cost(ELEMENTS[kernel] * count + (ROWS[kernel] * rows if rows else 0), 0, flash)


def weighted_flash(call: Call, form: str) -> int:
    """Weights in their format, bias and multipliers, an activation table."""
    w = call.graph.constant(call.node.operands[1])
    out = call.operands[1].shape[0]
    stored = 0 if w is None else once(format_named(form).size, w)
    return stored + 8 * out + (TABLE_BYTES if call.attr("activation") else 0)


def band_cost(call: Call, rates: Rates) -> Cost:
    """A depthwise convolution by blocks of two by two results. Odd rows and columns have calls of their own."""
    _, out_h, out_w, c = call.node.type.shape
    taps, planes = prod(call.operands[1].shape[1:3]), c * row_bands(call) * column_bands(call)
    results = c * (out_h + out_h % 2) * (out_w + out_w % 2)
    plane = Cost(planes * (PLANE + PLANE_CALL * (1 + out_h % 2) * (1 + out_w % 2) + PLANE_WEIGHT * taps)) + with_table(call)
    return plane + direct_ending(rates, call, SUMS_OF_BLOCKS).cost(
        results * taps,
        results,
        widened=call.operands[0].size,
        panels=planes * (1 + out_h % 2) * -(-out_w // 2),
        scratch=band_scratch(call),
        flash=weighted_flash(call, "dense"),
    )


def few_cost(call: Call) -> Cost:
    """Panels of four windows; those of three rows of constant length are copied without loops. The sums of an odd number of channels are stored."""
    _, out_h, out_w, out = call.node.type.shape
    kernel_h, run = call.operands[1].shape[1], prod(call.operands[1].shape[2:])
    whole, steps = -(-out_h * out_w // 4) * 4, few_steps(call)
    straight = kernel_h == 3 and run in (3, 9) and out_w % 4 == 0
    rates = direct_ending(FEW, call, SUMS_OF_FEW) if out % 2 == 0 else with_sums(FEW, call, SUMS_OF_FEW)
    rates = replace(rates, panel=rates.panel + (10 * steps if straight else 300 + 8.8 * steps + 45 * kernel_h))
    results = whole * (out + out % 2)
    flash = weighted_flash(call, "dense")
    weights = Cost(FEW_WEIGHT * call.operands[1].size) + with_table(call)
    return weights + rates.cost(2 * steps * results, results, widened=call.operands[0].size, panels=whole // 4, scratch=few_scratch(call), flash=flash)


def with_ending(rates: Rates, call: Call) -> Rates:
    """With what a result takes beyond the plain ending."""
    more = ACTIVATION * bool(call.attr("activation")) + CLAMP * bool(call.attr("clamp")) + RESIDUAL * (len(call.operands) > 3)
    return replace(rates, result=rates.result + more)


def with_sums(rates: Rates, call: Call, sums: float) -> Rates:
    """The same where sums go through memory, for this much a result."""
    ended = with_ending(rates, call)
    return replace(ended, result=ended.result + sums)


def direct_ending(rates: Rates, call: Call, sums: float) -> Rates:
    """Of kernels that store sums only for residuals and int16."""
    if len(call.operands) > 3 or call.node.type.dtype == "i16":
        return with_sums(rates, call, sums)
    return replace(rates, result=rates.result + LOOKED_UP) if call.attr("activation") or call.attr("clamp") else rates


def with_table(call: Call) -> Cost:
    """The table of an activation or a clamp, once."""
    return Cost(TABLE_READY if call.attr("activation") or call.attr("clamp") else 0.0)
