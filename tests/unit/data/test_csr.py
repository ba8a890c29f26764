import numpy as np
import pytest
from multiome2vec.data import csr
from multiome2vec.data.csr import Csr
from scipy import sparse


def random_csr(rng, *, rows=50, columns=30, density=0.2):
    matrix = sparse.random(rows, columns, density, "csr", rng=rng)
    matrix.data = rng.integers(1, 9, matrix.nnz)
    return matrix, Csr(matrix.indptr.astype(np.int64), matrix.indices, matrix.data)


def dense(rows, n_columns):
    parts = (rows.values, rows.indices, rows.indptr)
    return sparse.csr_matrix(parts, shape=(len(rows.indptr) - 1, n_columns)).toarray()


def test_values_take_the_smallest_type_that_holds_them():
    kinds = {255: np.uint8, 256: np.uint16, 65535: np.uint16, 65536: np.float32, -1: np.float32}
    for value, kind in kinds.items():
        assert csr.smallest_type(np.array([1.0, value])) == kind
        assert csr.smallest_type(np.array([1, value])) == kind
    assert csr.smallest_type(np.array([0.5])) == np.float32
    assert csr.smallest_type(np.array([np.nan])) == np.float32
    assert csr.smallest_type(np.zeros(0)) == np.uint8


def test_gathered_rows_are_those_of_scipy():
    rng = np.random.default_rng(0)
    matrix, rows = random_csr(rng)
    for index in (rng.integers(50, size=20), np.array([3, 3, 3]), np.zeros(0, np.int64)):
        found = csr.gather(rows, index)
        np.testing.assert_array_equal(dense(found, 30), matrix[index].toarray())


def test_picked_rows_and_columns_hold_no_zero():
    rng = np.random.default_rng(1)
    matrix, rows = random_csr(rng)
    rows.values[::5] = 0
    columns, wanted = np.array([2, 5, 6, 29]), rng.random(50) < 0.5
    found = csr.pick(rows, lookup=csr.lookup_table(columns, n_columns=30), wanted=wanted)
    np.testing.assert_array_equal(dense(found, 4), matrix.toarray()[wanted][:, columns])
    assert (found.values != 0).all()
    assert found.indices.dtype == np.int32


def test_columns_of_a_row_end_up_sorted_and_once():
    rows = Csr(np.array([0, 0, 3, 3, 5]), np.array([4, 1, 4, 0, 2]), np.array([1, 2, 3, 4, 5]))
    found = csr.pick(rows)
    assert found.indptr.tolist() == [0, 0, 2, 2, 4]
    assert found.indices.tolist() == [1, 4, 0, 2]
    assert found.values.tolist() == [2, 4, 4, 5]


def test_joined_rows_are_compact():
    rng = np.random.default_rng(2)
    parts = [random_csr(rng, density=share) for share in (0.1, 0, 0.5)]
    found = csr.join(rows for _, rows in parts)
    np.testing.assert_array_equal(dense(found, 30), np.concatenate([m.toarray() for m, _ in parts]))
    assert [array.dtype for array in found] == [np.int64, np.int32, np.uint8]
    parts[2][1].values[0] = 300
    assert csr.join(rows for _, rows in parts).values.dtype == np.uint16
    fraction = Csr(np.array([0, 1]), np.array([7]), np.array([0.5]))
    mixed = csr.join(iter([parts[2][1], fraction]))
    assert mixed.values.dtype == np.float32
    assert mixed.values[[0, -1]].tolist() == [300, 0.5]


@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.int64, np.float32])
def test_sparse_rows_leave_missing_rows_empty(kind):
    matrix, rows = random_csr(np.random.default_rng(3), rows=4)
    there = np.array([True, False, True, True, False, True])
    rows = rows._replace(values=rows.values.astype(kind))
    found = csr.as_sparse_rows(rows, there=there, n_columns=30, device="cpu")
    expected = np.zeros((6, 30))
    expected[there] = matrix.toarray()
    np.testing.assert_array_equal(found.dense(), expected)
