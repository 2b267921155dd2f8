"""What a kernel is to the compiler: a name, what it computes, how it reads weights, what it bids."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tfc.ir.int_rules import Call

from .cost import Cost
from .target import Target

Bid = Callable[[Call, Target], Cost | None]


@dataclass(frozen=True)
class Kernel:
    """A kernel of the runtime. `format` is how it reads its weights; `bid` answers None where the kernel does not apply."""

    name: str
    ops: tuple[str, ...]
    format: str
    bid: Bid
    doc: str


def into(table: dict[str, Kernel]) -> Callable[..., Callable[[Bid], Bid]]:
    """The decorator `kernel(*ops)` of a file: it enters a bid in the file's table, under its function's name."""

    def kernel(*ops: str, format: str = "dense") -> Callable[[Bid], Bid]:
        def enter(bid: Bid) -> Bid:
            table[bid.__name__] = Kernel(bid.__name__, ops, format, bid, (bid.__doc__ or "").strip())
            return bid

        return enter

    return kernel
