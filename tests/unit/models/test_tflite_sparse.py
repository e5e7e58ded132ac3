import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.models.tflite_sparse import SparseDimension, densify


def csr(segments, indices):
    return SparseDimension(0, np.array(segments, np.int64), np.array(indices, np.int64))


def compress(dense):
    """Store the last axis of an array sparsely, as TensorFlow Lite stores sparse kernels."""
    rows = dense.reshape(-1, dense.shape[-1])
    indices = [np.flatnonzero(row) for row in rows]
    segments = np.concatenate([[0], np.cumsum([len(i) for i in indices])])
    dimensions = [SparseDimension(n) for n in dense.shape[:-1]]
    flat = np.concatenate(indices) if indices else []
    return dense[dense != 0], [*dimensions, csr(segments, flat)]


def test_two_rows():
    values = np.array([5, 6, 7], np.float16)
    dense = densify(values, (2, 4), [SparseDimension(2), csr([0, 2, 3], [0, 3, 1])], (0, 1))
    assert dense.dtype == np.float16
    assert dense.tolist() == [[5, 0, 0, 6], [0, 7, 0, 0]]


@given(st.integers(0, 2**32 - 1), st.tuples(*[st.integers(1, 5)] * 4))
def test_compressing_and_decoding_returns(seed, shape):
    random = np.random.default_rng(seed)
    dense = random.integers(1, 9, shape) * (random.random(shape) < 0.4)
    values, dimensions = compress(dense)
    assert np.array_equal(densify(values, shape, dimensions, range(4)), dense)


def test_dimensions_can_be_walked_in_another_order():
    dense = np.array([[1, 0, 2], [0, 0, 3]])
    values, dimensions = compress(np.ascontiguousarray(dense.T))
    assert np.array_equal(densify(values, (2, 3), dimensions, (1, 0)), dense)


def test_blocks():
    """A 4×4 matrix of 2×2 blocks with two blocks stored, as in TensorFlow's own description."""
    dense = np.zeros((4, 4), int)
    dense[0:2, 2:4] = [[1, 2], [3, 4]]
    dense[2:4, 0:2] = [[5, 6], [7, 8]]
    dimensions = [
        SparseDimension(2),
        csr([0, 1, 2], [1, 0]),
        SparseDimension(2),
        SparseDimension(2),
    ]
    found = densify(np.arange(1, 9), (4, 4), dimensions, (0, 1, 2, 3), (0, 1))
    assert np.array_equal(found, dense)


@pytest.mark.parametrize(
    ("values", "dimensions", "message"),
    [
        ([1], [SparseDimension(2), csr([0, 2, 3], [0, 3, 1])], "1 values are stored where 3"),
        ([1], [SparseDimension(2)], "do not fit the shape"),
        ([1], [SparseDimension(2), csr([0, 1], [0])], "segments do not fit"),
        ([1], [SparseDimension(2), csr([0, 1, 1], [4])], "outside the shape"),
    ],
)
def test_nonsense_is_refused(values, dimensions, message):
    with pytest.raises(ValueError, match=message):
        densify(np.array(values), (2, 4), dimensions, (0, 1))
