"""What a kernel costs: cycles, scratch and flash. Coefficients are instructions on a Cortex-M7, counted on the emulator, times cycles each."""

from __future__ import annotations

from dataclasses import dataclass

CYCLES_PER_INSTRUCTION = 1.0


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
    """Instructions for each multiply-accumulate, each result, and each input that is widened."""

    mac: float
    result: float
    widened: float = 0.0

    def cost(self, macs: float, results: int, *, widened: int = 0, scratch: int = 0, flash: int = 0) -> Cost:
        instructions = self.mac * macs + self.result * results + self.widened * widened
        return Cost(instructions * CYCLES_PER_INSTRUCTION, scratch, flash)


DENSE = Rates(mac=0.91, result=12.0, widened=1.5)
SPARSE_1X4 = Rates(mac=1.3, result=12.0, widened=1.5)
SPARSE_2X4 = Rates(mac=1.15, result=10.0, widened=1.5)
GROUPED = Rates(mac=9.0, result=40.0)
DEPTHWISE = Rates(mac=1.6, result=11.0, widened=2.0)
MATMUL = Rates(mac=1.4, result=12.0, widened=5.0)
ATTENTION = Rates(mac=2.4, result=12.0, widened=9.0)  # a result is an element of the output, "widened" a score
ATTENTION_PANELS = Rates(mac=1.0, result=18.0, widened=14.0)
ELEMENTS = {  # instructions for each element of the result
    "softmax_s8": 18.0,
    "log_softmax_s8": 18.0,
    "layer_norm_s8": 15.0,
    "rms_norm_s8": 15.0,
    "group_norm_s8": 16.0,
    "resize_bilinear_s8": 22.0,
    "take_s8": 3.0,
    "add_s8": 7.0,
    "mul_s8": 12.0,
    "rescale_s8": 9.0,
    "table_s8": 4.0,
    "strided_copy_s8": 3.0,
    "concat_s8": 5.0,
    "pad_s8": 4.0,
    "resize_nearest_s8": 3.0,
    "max_pool2d_s8": 1.5,  # of each element of a window, as the two below
    "avg_pool2d_s8": 1.5,
    "mean_s8": 5.0,
}


def elements(kernel: str, count: int, *, flash: int = 0) -> Cost:
    """A kernel whose work is proportional to a number of elements."""
    return Cost(ELEMENTS[kernel] * count * CYCLES_PER_INSTRUCTION, 0, flash)
