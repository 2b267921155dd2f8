"""The branch unit and the caches alone, on addresses and lines."""

import ctypes

import pytest

from tfc.backends.emulator.core import BranchUnit, CacheLines
from tfc.backends.emulator.flow import Branch
from tfc.backends.emulator.native import native_function
from tfc.backends.emulator.structures import Branches, Cache

PREDICTED, FOUND_LATE, MISPREDICTED = range(3)
LOOP = Branch.BRANCH | Branch.CONDITIONAL | Branch.DIRECT
JUMP = Branch.BRANCH | Branch.DIRECT
CALL = JUMP | Branch.CALL
RETURN = Branch.BRANCH | Branch.RETURN
resolve = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(Branches), *(ctypes.c_uint32,) * 5)(native_function("resolve_branch").value)
access = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(Cache), ctypes.c_uint32)(native_function("access_cache").value)


@pytest.fixture
def unit(target):
    """resolve(kind, at, target, next) of an untaught unit; every branch is two bytes."""
    arrays = BranchUnit(target)
    state = arrays.reset()

    def run(kind: Branch, at: int, goal: int, follows: int | None = None) -> int:
        assert arrays is not None  # keeps the memory behind `state`
        return resolve(ctypes.byref(state), kind, at, goal, at + 2, goal if follows is None else follows)

    return run


def test_a_loop_is_found_late_then_predicted_then_left(unit):
    assert [unit(LOOP, 0x100, 0x80) for _ in range(5)] == [FOUND_LATE, *[PREDICTED] * 4]
    assert unit(LOOP, 0x100, 0x80, 0x102) == MISPREDICTED
    assert unit(LOOP, 0x100, 0x80) == PREDICTED  # one exit does not unteach it


def test_an_unknown_branch_forward_is_expected_not_to_be_taken(unit):
    assert unit(LOOP, 0x100, 0x180, 0x102) == PREDICTED
    assert unit(LOOP, 0x100, 0x180) == MISPREDICTED  # then it is known; its counter was 0 and is 1
    assert unit(LOOP, 0x100, 0x180) == MISPREDICTED
    assert unit(LOOP, 0x100, 0x180) == PREDICTED


def test_counters_saturate(unit):
    for _ in range(9):
        unit(LOOP, 0x100, 0x80)
    assert [unit(LOOP, 0x100, 0x80, 0x102) for _ in range(3)] == [MISPREDICTED, MISPREDICTED, PREDICTED]


def test_branches_that_share_an_entry_find_each_other_late(unit, target):
    near, far = 0x100, 0x100 + 2 * target.branches.btac_entries
    assert [unit(JUMP, at, 0x500) for at in (near, near, far, near, far, far)] == [FOUND_LATE, PREDICTED, FOUND_LATE, FOUND_LATE, FOUND_LATE, PREDICTED]


def test_returns_come_from_a_stack_that_holds_eight(unit):
    sites = [0x100 + 32 * depth for depth in range(10)]
    for at in sites:
        unit(CALL, at, 0x1000)
    outcomes = [unit(RETURN, 0x1010, at + 2) for at in reversed(sites)]
    assert outcomes == [FOUND_LATE, *[PREDICTED] * 7, MISPREDICTED, MISPREDICTED]


def test_an_indirect_branch_goes_where_it_went(unit):
    outcomes = [unit(Branch.BRANCH, 0x100, goal) for goal in (0x800, 0x800, 0x900, 0x900)]
    assert outcomes == [MISPREDICTED, PREDICTED, MISPREDICTED, PREDICTED]


@pytest.mark.parametrize(("size", "ways", "sets"), [(4096, 4, 32), (4096, 2, 64), (16384, 4, 128)])
def test_geometry_of_a_cache(size, ways, sets):
    lines = CacheLines(size, ways, 32, seed=1)
    assert lines.lines.shape == (sets, ways)
    cache = lines.reset()
    assert [access(ctypes.byref(cache), line) for line in range(size // 32)] == [1] * (size // 32)
    assert [access(ctypes.byref(cache), line) for line in range(size // 32)] == [0] * (size // 32)
    for way in range(ways):  # lines that share a set push one another out; others stay
        assert access(ctypes.byref(cache), size // 32 + way * sets)
    assert sum(access(ctypes.byref(cache), line) for line in range(1, size // 32) if line % sets) == 0


def test_replacement_depends_on_the_seed_only():
    def misses(seed: int) -> list[int]:
        lines = CacheLines(4096, 4, 32, seed)
        cache = lines.reset()
        return [access(ctypes.byref(cache), line % 200) for line in range(2000)]

    assert misses(1) == misses(1) != misses(2)
