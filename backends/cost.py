"""What a kernel costs: cycles, scratch and flash.

Coefficients of dense and sparse products are cycles that the emulator tells, memory and branches included; those of other kernels are
instructions still, which take 0.8 to 1 cycle each. `pytest tests/backends/test_kernels.py -k near` compares.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod

from tfc.ir.int_rules import Call

from .formats import LARGEST_STEP, Blocks, format_named, matrix
from .shapes import bias_slabs, depthwise_scratch, few_scratch, few_steps, int8, key_tokens, quads


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
DENSE = Rates(mac=0.72, result=8.0, widened=0.9, panel=100)
SPARSE = {  # multiply-accumulates of the blocks that are stored
    "block1x1": Rates(mac=1.8, result=10.5, widened=0.6, panel=70),
    "block1x2": Rates(mac=1.21, result=11.0, widened=0.8, panel=85),
    "block1x4": Rates(mac=1.01, result=12.3, widened=0.6, panel=95),
    "block2x2": Rates(mac=0.99, result=8.5, widened=0.9, panel=90),
    "block2x4": Rates(mac=0.85, result=9.2, widened=0.5, panel=100),
    "block4x1": Rates(mac=2.11, result=7.3, widened=1.2, panel=100),
}
SINGLE_TOKEN = Rates(mac=1.8, result=45.0, widened=2.2, panel=105)
ACTIVATION, CLAMP, RESIDUAL = 4.6, 6.5, 8.7  # more for each result
TAP = 60.0  # more for each panel and place of a window
GATHERED = 4.0  # more for each input of a window whose channels are no multiple of four
GROUPED = Rates(mac=40.0, result=40.0)
DEPTHWISE = Rates(mac=0.9, result=11.5, widened=1.5)
FEW = Rates(mac=0.51, result=3.0, widened=2.0, panel=250)
DEPTHWISE3X3 = Rates(mac=0.7, result=2.5, widened=1.5)
MATMUL = Rates(mac=0.9, result=15.0, widened=8.0)
ATTENTION = Rates(mac=3.0, result=15.0, widened=12.0)  # a result is an element of the output, "widened" a score
ATTENTION_PANELS = Rates(mac=0.875, result=14.0, widened=21.0)
ATTENTION_BIAS = Rates(mac=0.875, result=14.0, widened=28.0)
ELEMENTS = {  # for each element of the result
    "softmax_s8": 20.0,
    "log_softmax_s8": 22.0,
    "layer_norm_s8": 15.0,
    "layer_norm_s16": 15.0,
    "rms_norm_s8": 15.0,
    "rms_norm_s16": 15.0,
    "group_norm_s8": 16.0,
    "group_norm_s16": 16.0,
    "resize_bilinear_s8": 22.0,
    "take_s8": 3.0,
    "add_s8": 8.8,
    "add_s16": 8.9,
    "mul_s8": 13.6,
    "mul_s16": 13.6,
    "rescale_s8": 8.5,
    "rescale_s16": 8.0,
    "table_s8": 3.8,
    "strided_copy_s8": 1.5,  # in runs; a transpose of single bytes takes 7
    "pad_s8": 4.0,
    "resize_nearest_s8": 3.0,
    "max_pool2d_s8": 4.0,  # of each element of a window, as the two below
    "avg_pool2d_s8": 8.0,
    "mean_s8": 2.8,
    "mean_s16": 2.9,
}


def elements(kernel: str, count: int, *, flash: int = 0) -> Cost:
    """A kernel whose work is proportional to a number of elements."""
    return Cost(ELEMENTS[kernel] * count, 0, flash)


def weighted_flash(call: Call, form: str) -> int:
    """Weights in their format, bias and multipliers, an activation table."""
    w = call.graph.constant(call.node.operands[1])
    out = call.operands[1].shape[0]
    stored = 0 if w is None else format_named(form).pack(matrix(w)).size
    return stored + 8 * out + (TABLE_BYTES if call.attr("activation") else 0)


def product(call: Call, rates: Rates, form: str, *, macs: float, scratch: int) -> Cost:
    """A convolution or linear over panels of four; `macs` for each pixel or token."""
    pixels = prod(call.node.type.shape[:-1])
    whole = -(-pixels // 4) * 4
    if call.node.op == "conv2d":
        gathered = call.operands[0].shape[-1] % 4 != 0
        rates = replace(rates, widened=rates.widened + GATHERED) if gathered else replace(rates, panel=rates.panel + TAP * prod(call.operands[1].shape[1:3]))
    return with_ending(rates, call).cost(
        macs * whole, call.node.type.shape[-1] * whole, widened=4 * quads(call) * whole, panels=whole // 4, scratch=scratch, flash=weighted_flash(call, form)
    )


def depthwise_cost(call: Call, rates: Rates, words: int) -> Cost:
    """Blocks of two by two results, inputs widened once for a band of rows."""
    _, out_h, out_w, c = call.node.type.shape
    results = c * (out_h + out_h % 2) * (out_w + out_w % 2)
    taps = prod(call.operands[1].shape[1:3])
    return with_ending(rates, call).cost(
        results * taps, results, widened=call.operands[0].size, scratch=depthwise_scratch(call, words), flash=weighted_flash(call, "dense")
    )


def few_cost(call: Call) -> Cost:
    """Panels of four windows, in each row of the result."""
    _, out_h, out_w, out = call.node.type.shape
    windows, steps = out_h * -(-out_w // 4) * 4, few_steps(call)
    return with_ending(FEW, call).cost(
        2 * steps * windows * out, windows * out, widened=call.operands[0].size, panels=windows // 4, scratch=few_scratch(call), flash=weighted_flash(call, "dense")
    )


def with_ending(rates: Rates, call: Call) -> Rates:
    """With what a result takes beyond the plain ending."""
    more = ACTIVATION * bool(call.attr("activation")) + CLAMP * bool(call.attr("clamp")) + RESIDUAL * (len(call.operands) > 3)
    return replace(rates, result=rates.result + more)


def dense_product(call: Call, scratch: int) -> Cost:
    """Pairs of channels; a last token alone, if it is a linear's, does not pay for four."""
    out, tokens = call.operands[1].shape[0], prod(call.node.type.shape[:-1])
    if call.node.op == "linear" and tokens == 1:
        return SINGLE_TOKEN.cost(out * 4 * quads(call), out, widened=4 * quads(call), panels=1, scratch=scratch, flash=weighted_flash(call, "pairs"))
    return product(call, DENSE, "pairs", macs=out * 4 * quads(call), scratch=scratch)


def sparse_product(call: Call, form: Blocks, scratch: int) -> Cost | None:
    """The blocks that are not zero; None where a stream cannot reach far enough."""
    w = call.graph.constant(call.node.operands[1])
    if w is None or prod(call.operands[1].shape[1:]) > form.width * LARGEST_STEP:
        return None
    return product(call, SPARSE[form.name], form.name, macs=form.count(matrix(w)) * form.height * form.width, scratch=scratch)


def attention_cost(call: Call, rates: Rates, scratch: int) -> Cost | None:
    """Both products, and the scores between them."""
    if not int8(call) or call.attr("score"):
        return None
    pairs = prod(call.node.type.shape[:-1]) * key_tokens(call)
    macs = pairs * (call.operands[0].shape[-1] + call.operands[2].shape[-1])
    bias = call.graph.constant(call.node.operands[3]) if len(call.operands) > 3 else None
    flash = 2 * TABLE_BYTES + (0 if bias is None else bias_slabs(bias, call.attr("heads")).values.nbytes)
    return rates.cost(macs, call.node.type.size, widened=pairs * call.attr("heads"), scratch=scratch, flash=flash)
