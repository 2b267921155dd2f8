"""Every format gives back what it was given."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfc.backends.formats import BLOCKS, FORMATS, Blocks
from tfc.backends.strips import QUAD_BYTES, Blocks2x4, Pairs, Windows, one_by_one


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


@pytest.mark.parametrize("form", [form for form in BLOCKS if isinstance(form, Blocks)], ids=lambda form: form.name)
def test_a_stream_is_words_of_count_steps_and_weights(form: Blocks) -> None:
    weights = np.zeros((4, 64), np.int8)
    assert form.pack(weights).size == 4 * 4 // form.height
    weights[0, 40] = 7
    assert form.count(weights) == 1
    assert form.pack(weights).size == 4 * 4 // form.height + 4 + -(-form.height * form.width // 4) * 4


def words(*steps: int) -> bytes:
    return np.array(steps, "<i4").astype("<u2").tobytes()


def test_pairs_in_memory() -> None:
    data = FORMATS["pairs"].pack(np.array([[1, 2, 3, 4], [5, 6, 7, 8], [9, 10, 11, 12]], np.int8))
    run = words(0, QUAD_BYTES)
    assert data.tobytes() == run + bytes([1, 5, 3, 7, 2, 6, 4, 8]) + bytes(4) + run + bytes([9, 9, 11, 11, 10, 10, 12, 12]) + bytes(4)


def test_a_dense_window_is_runs_of_taps() -> None:
    weights = np.arange(1, 25, dtype=np.int8).reshape(2, 12)
    (row,) = Pairs().rows(weights, Windows.of((1, 3), 4, stride=2, dilation=1))
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
    assert Blocks2x4().pack(weights).tobytes() == words(-4, QUAD_BYTES) + bytes([7, 0, 0, 0, 0, 0, 0, 0])
    weights[1, 15] = 9
    blocks = words(2 * QUAD_BYTES, QUAD_BYTES) + bytes([7, 0, 0, 0, 0, 0, 0, 0]) + bytes([0, 0, 0, 0, 0, 0, 0, 9])
    assert Blocks2x4().pack(weights).tobytes() == blocks + words(0, -4)


def test_a_block_that_is_far_away_is_reached_over_zeros() -> None:
    weights = np.zeros((2, 4 * 900), np.int8)
    weights[0, -1] = 1
    (row,) = Blocks2x4().rows(weights, one_by_one(4 * 900))
    steps = np.frombuffer(row, "<i2")
    assert [steps[1], steps[0]] == [341 * QUAD_BYTES, 341 * QUAD_BYTES]
    assert np.array_equal(Blocks2x4().unpack(np.frombuffer(row, np.int8), 2, 4 * 900), weights)


def test_blocks_in_memory() -> None:
    row = np.zeros((1, 24), np.int8)
    row[0, [4, 5, 12]] = 1, 2, 3
    assert FORMATS["block1x4"].pack(row).tolist() == [2, 0, 0, 0, 1, 0, 2, 0, 1, 2, 0, 0, 3, 0, 0, 0]


def test_small_blocks_in_memory() -> None:
    row = np.zeros((2, 8), np.int8)
    row[0, [2, 3, 7]] = 1, 2, 3
    row[1, 2] = 9
    assert FORMATS["block1x1"].pack(row[:1]).tolist() == [3, 0, 0, 0, 2, 0, 1, 0, 4, 0, 0, 0, 1, 2, 3, 0]
    assert FORMATS["block1x2"].pack(row).tolist() == [2, 0, 0, 0, 1, 0, 2, 0, 1, 0, 2, 3, 1, 0, 0, 0, 1, 0, 0, 0, 9, 0, 0, 0]
    assert FORMATS["block2x2"].pack(row[:, :4]).tolist() == [1, 0, 0, 0, 1, 0, 0, 0, 1, 9, 2, 0]
    assert FORMATS["block4x1"].pack(row[:, :4]).tolist() == [2, 0, 0, 0, 2, 0, 1, 0, 1, 9, 0, 0, 2, 0, 0, 0]
