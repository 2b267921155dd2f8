"""What basic blocks cost before anything is known of caches and branches, and what keeps each instruction waiting."""

from collections.abc import Sequence
from functools import cache

from tfc.backends.timing import Pipeline

from .decode import Decoded
from .issue import Issue, Issued

WARM_UP = 64  # repetitions after which a loop's state must have come back


def schedule(instructions: Sequence[Decoded], core: Pipeline) -> list[Issued]:
    """The block from a core that waits for nothing."""
    state = Issue(core)
    return [state.issue(one) for one in instructions]


@cache
def block_cycles(instructions: tuple[Decoded, ...], core: Pipeline, *, taken: bool = True) -> float:
    """Cycles until the first instruction behind the block may issue, which is half a cycle where that one may pair.

    `taken` tells whether a branch that ends the block is.
    """
    state = Issue(core)
    return run_block(state, instructions, taken=taken)


def run_block(state: Issue, instructions: Sequence[Decoded], *, taken: bool) -> float:
    """Issue a block; the cycles from the start of `state` until then."""
    for one in instructions:
        state.issue(one)
    if taken and instructions and "branch" in instructions[-1].units:
        state.jump()
    return state.elapsed


def loop_cycles(instructions: Sequence[Decoded], core: Pipeline) -> float:
    """Cycles an iteration of a block that repeats, once it is in its stride."""
    state = Issue(core)
    seen: dict[object, tuple[int, float]] = {}
    for count in range(WARM_UP):
        pending = frozenset((key, cycle - state.cycle) for key, cycle in state.ready.items() if cycle > state.cycle)
        before = seen.setdefault((pending, state.older), (count, state.elapsed))
        if before[0] < count:
            return (state.elapsed - before[1]) / (count - before[0])
        run_block(state, instructions, taken=True)
    raise AssertionError("a loop's state does not come back")
