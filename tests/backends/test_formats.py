"""Every format gives back what it was given."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tfc.backends.formats import BLOCKS, FORMATS, Blocks


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


@pytest.mark.parametrize("form", BLOCKS, ids=lambda form: form.name)
def test_a_stream_is_words_of_count_steps_and_weights(form: Blocks) -> None:
    weights = np.zeros((4, 64), np.int8)
    assert form.pack(weights).size == 4 * 4 // form.height
    weights[0, 40] = 7
    assert form.count(weights) == 1
    assert form.pack(weights).size == 4 * 4 // form.height + 4 + -(-form.height * form.width // 4) * 4


def test_pairs_in_memory() -> None:
    data = FORMATS["pairs"].pack(np.array([[1, 2, 3, 4], [5, 6, 7, 8], [9, 10, 11, 12]], np.int8))
    assert data.tolist() == [1, 5, 3, 7, 2, 6, 4, 8, 9, 9, 11, 11, 10, 10, 12, 12]


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
