"""Every format gives back what it was given."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfc.backends.formats import FORMATS
from tfc.backends.streams import Blocks, Singles
from tfc.backends.strips import QUAD_BYTES
from tfc.backends.walked import Pairs


def sparse(rng: np.random.Generator, out: int, inputs: int, density: float) -> np.ndarray:
    return (rng.integers(-127, 128, (out, inputs)) * (rng.random((out, inputs)) < density)).astype(np.int8)


@pytest.mark.parametrize("name", FORMATS)
@given(seed=st.integers(0, 2**32 - 1), out=st.integers(1, 9), inputs=st.integers(1, 40), density=st.sampled_from([0.0, 0.05, 0.5, 1.0]))
def test_round_trip(name: str, seed: int, out: int, inputs: int, density: float) -> None:
    weights = sparse(np.random.default_rng(seed), out, inputs, density)
    data = FORMATS[name].pack(weights)
    assert data.dtype == np.int8
    assert FORMATS[name].size(weights) == data.size
    assert np.array_equal(FORMATS[name].unpack(data, out, inputs), weights)


def words(*steps: int) -> bytes:
    return np.array(steps, "<i4").astype("<u2").tobytes()


def test_pairs_in_memory() -> None:
    data = FORMATS["pairs"].pack(np.array([[1, 2, 3, 4], [5, 6, 7, 8], [9, 10, 11, 12]], np.int8))
    run = words(0, QUAD_BYTES)
    assert data.tobytes() == run + bytes([1, 5, 3, 7, 2, 6, 4, 8]) + bytes(4) + run + bytes([9, 9, 11, 11, 10, 10, 12, 12]) + bytes(4)


def test_a_dense_window_is_runs_of_taps() -> None:
    weights = np.arange(1, 25, dtype=np.int8).reshape(2, 12)
    (row,) = Pairs().rows(weights, Pairs().windows((1, 3), 4, stride=2))
    # The middle tap reads the second phase, which follows the first; the third tap the first phase again, a column on.
    quads = [weights[:, [k, k + 2]].T.tobytes() + weights[:, [k + 1, k + 3]].T.tobytes() for k in (0, 4, 8)]
    assert row == words(0, 2 * QUAD_BYTES) + quads[0] + quads[1] + words(4 - 2 * QUAD_BYTES, QUAD_BYTES) + quads[2] + bytes(4)


def test_runs_are_of_bounded_length() -> None:
    data = Pairs().pack(np.ones((2, 4 * 700), np.int8)).tobytes()
    assert data[:4] == words(0, 512 * QUAD_BYTES)
    assert data[4 + 512 * 8 :][:4] == words(0, 188 * QUAD_BYTES)


def test_pairs_of_blocks_in_memory() -> None:
    weights = np.zeros((2, 16), np.int8)
    weights[0, 4] = 7
    assert Blocks(2, 4).pack(weights).tobytes() == words(-4, QUAD_BYTES) + bytes([7, 0, 0, 0, 0, 0, 0, 0])
    weights[1, 15] = 9
    blocks = words(2 * QUAD_BYTES, QUAD_BYTES) + bytes([7, 0, 0, 0, 0, 0, 0, 0]) + bytes([0, 0, 0, 0, 0, 0, 0, 9])
    assert Blocks(2, 4).pack(weights).tobytes() == blocks + words(0, -4)


def test_a_block_that_is_far_away_is_reached_over_zeros() -> None:
    weights = np.zeros((2, 4 * 900), np.int8)
    weights[0, -1] = 1
    (row,) = Blocks(2, 4).rows(weights, Blocks(2, 4).windows((1, 1), 4 * 900))
    steps = np.frombuffer(row, "<i2")
    assert [steps[1], steps[0]] == [341 * QUAD_BYTES, 341 * QUAD_BYTES]
    assert np.array_equal(Blocks(2, 4).unpack(np.frombuffer(row, np.int8), 2, 4 * 900), weights)


def test_blocks_of_a_channel_in_memory() -> None:
    row = np.zeros((1, 24), np.int8)
    row[0, [4, 5, 12]] = 1, 2, 3
    assert FORMATS["block1x4"].pack(row).tobytes() == words(2 * QUAD_BYTES, QUAD_BYTES) + bytes([1, 2, 0, 0, 3, 0, 0, 0]) + words(0, -4)
    # The second pair of a quad lies half of it further on.
    steps = words(QUAD_BYTES * 2, QUAD_BYTES) + bytes([1, 3, 2, 0]) + words(0, -4)
    assert FORMATS["block1x2"].pack(row).tobytes() == steps


def test_small_blocks_in_memory() -> None:
    row = np.zeros((2, 8), np.int8)
    row[0, [2, 3, 7]] = 1, 2, 3
    row[1, 2] = 9
    quarter = QUAD_BYTES // 4
    singles = words(-4, 4 * quarter, quarter, 2 * quarter) + bytes([1, 2, 3, 0])
    assert FORMATS["block1x1"].pack(row[:1]).tobytes() == singles
    assert FORMATS["block1x1"].pack(row[:1, :2]).tobytes() == words(0, 0, 0, -4) + bytes(4)
    pairs = words(QUAD_BYTES, QUAD_BYTES // 2) + bytes([1, 0, 2, 3]) + words(0, -4)
    assert FORMATS["block1x2"].pack(row).tobytes() == pairs + words(-4, QUAD_BYTES // 2) + bytes([9, 0, 0, 0])
    assert FORMATS["block2x2"].pack(row[:, :4]).tobytes() == words(-4, QUAD_BYTES // 2) + bytes([1, 9, 2, 0])
    # Inputs two apart share words of a strip by quads; a last row of blocks repeats its last channel.
    assert FORMATS["block4x1"].pack(row[:, :4]).tobytes() == words(QUAD_BYTES // 2, 2) + bytes([1, 9, 9, 9, 2, 0, 0, 0]) + words(0, -4)


def takes(weights: np.ndarray, start: int, dtype: str = "i8") -> bool:
    return Singles().takes(dtype, weights, lambda: np.array([start]))


def test_two_sums_share_a_word_where_the_first_surely_fits() -> None:
    weights = np.full((1, 260), 127, np.int8)
    most, least = (1 << 22) - 1 - 127 * 127 * 260, -(1 << 22) + 128 * 127 * 260
    assert not takes(weights, least)
    assert not takes(weights, most)
    weights[0, 255:] = 0
    most, least = most + 5 * 127 * 127, least - 5 * 128 * 127
    assert least <= most
    assert [takes(weights, bias) for bias in (least - 1, least, most, most + 1)] == [False, True, True, False]
    assert not takes(weights, least, "i16")


@pytest.mark.parametrize("extremes", [(127, -128), (-128, 127), (-128, -128), (127, 127)])
def test_sums_of_two_columns_come_apart(extremes: tuple[int, int]) -> None:
    """At the limits of what the format takes, whichever way the signs lie."""
    w, bias = np.full(258, 127, np.int64), (1 << 22) - 1 - 258 * 127 * 127
    assert takes(w[None], bias)
    (start,) = Singles().starts(np.array([bias]))
    first, second = extremes
    total = int.from_bytes(start, "little", signed=True) + sum((first + (second << 23)) * int(weight) for weight in w)
    assert (total & ((1 << 23) - 1)) - (1 << 22) == bias + first * int(w.sum())
    assert total >> 23 == bias + second * int(w.sum())
