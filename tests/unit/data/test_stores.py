import pickle
import subprocess
import sys

import anndata as ad
import h5py
import numpy as np
import pytest
import torch
from multiome2vec.data import csr
from multiome2vec.data.backed import BackedStore
from multiome2vec.data.device import CPU
from multiome2vec.data.sampling import index_windows
from multiome2vec.data.stores import DenseStore, DeviceStore, MemoryStore, choose_backend
from multiome2vec.errors import UserError
from multiome2vec.nn.sparse_rows import SparseRows
from scipy import sparse

CELLS, FEATURES = 400, 70


def counts(*, largest=9, seed=0):
    rng = np.random.default_rng(seed)
    matrix = sparse.random(CELLS, FEATURES, 0.15, "csr", rng=rng)
    matrix.data = rng.integers(1, largest, matrix.nnz, endpoint=True).astype(np.int32)
    return matrix


@pytest.fixture(params=["h5ad", "zarr"])
def backed(request, tmp_path):
    path = tmp_path / f"cells.{request.param}"
    write = {"h5ad": ad.AnnData.write_h5ad, "zarr": ad.AnnData.write_zarr}[request.param]
    write(ad.AnnData(sparse.csr_matrix((CELLS, FEATURES)), layers={"counts": counts()}), path)
    return BackedStore(path, "layers/counts")


def stores(backed, columns):
    whole = MemoryStore.from_matrix(counts())
    return {
        "memory": whole.select(columns),
        "loaded": MemoryStore.load(backed.select(columns)),
        "backed": backed.select(columns),
        "gpu": DeviceStore(whole.select(columns), CPU),
    }


@pytest.mark.parametrize("columns", [np.arange(FEATURES), np.arange(3, FEATURES, 4)], ids=len)
def test_all_stores_give_the_same_rows(backed, columns):
    index = np.random.default_rng(1).integers(-1, CELLS, 90)
    dense = counts().toarray()[:, columns]
    expected = np.where(index[:, None] >= 0, dense[np.maximum(index, 0)], 0)
    rows = {name: store.rows(index, CPU) for name, store in stores(backed, columns).items()}
    for found in rows.values():
        assert isinstance(found, SparseRows)
        for part in ("offsets", "rows", "columns", "values"):
            assert torch.equal(getattr(found, part), getattr(rows["memory"], part))
        assert found.values.dtype == torch.float32
        assert found.columns.dtype == found.offsets.dtype == torch.int64
        np.testing.assert_array_equal(found.dense(), expected)


def test_empty_batches(backed):
    for store in stores(backed, np.arange(5)).values():
        for index in (np.zeros(0, np.int64), np.array([-1, -1])):
            assert store.rows(index, CPU).dense().tolist() == [[0] * 5] * len(index)


def test_a_choice_of_a_choice(backed):
    first, second = np.array([1, 8, 9, 40, 60]), np.array([0, 2, 4])
    for store in (backed, MemoryStore.from_matrix(counts())):
        found = store.select(first).select(second).rows(np.arange(CELLS), CPU).dense()
        np.testing.assert_array_equal(found, counts().toarray()[:, [1, 9, 60]])


def test_halves_are_rounded_up(backed):
    expected = np.ceil(counts().toarray() / 2)
    for store in (backed, MemoryStore.from_matrix(counts())):
        np.testing.assert_array_equal(store.halved().rows(np.arange(CELLS), CPU).dense(), expected)
        np.testing.assert_array_equal(store.rows(np.arange(CELLS), CPU).dense(), counts().toarray())


@pytest.mark.parametrize(
    ("largest", "kind"), [(9, np.uint8), (999, np.uint16), (10**6, np.float32)]
)
def test_memory_is_compact(largest, kind):
    store = MemoryStore.from_matrix(counts(largest=largest))
    assert [array.dtype for array in store.arrays] == [np.int64, np.int32, kind]
    entries = counts().nnz
    assert store.nbytes == entries * (4 + np.dtype(kind).itemsize) + 8 * (CELLS + 1)
    device = DeviceStore(store, CPU)
    index = np.arange(CELLS)[::-1].copy()
    np.testing.assert_array_equal(device.rows(index, CPU).dense(), store.rows(index, CPU).dense())


def test_matrices_too_large_for_scipy_are_gathered_alike(monkeypatch):
    index = np.random.default_rng(2).integers(-1, CELLS, 60)
    expected = MemoryStore.from_matrix(counts()).rows(index, CPU).dense()
    monkeypatch.setattr(csr, "SCIPY_LIMIT", 10)
    store = MemoryStore.from_matrix(counts())
    assert store._matrix is None
    np.testing.assert_array_equal(store.rows(index, CPU).dense(), expected)


def test_any_form_of_matrix_becomes_the_same_store():
    matrix = counts()
    shuffled = matrix.copy()
    for row in range(CELLS):
        span = slice(*shuffled.indptr[row : row + 2])
        shuffled.indices[span] = shuffled.indices[span][::-1].copy()
        shuffled.data[span] = shuffled.data[span][::-1].copy()
    for other in (matrix.toarray(), matrix.tocsc(), shuffled, matrix.astype(np.float64)):
        found = MemoryStore.from_matrix(other)
        for mine, expected in zip(
            found.arrays, MemoryStore.from_matrix(matrix).arrays, strict=True
        ):
            np.testing.assert_array_equal(mine, expected)


@pytest.fixture
def reads(monkeypatch):
    """Lengths of what is read from HDF5 files."""
    lengths = []
    read = h5py.Dataset.__getitem__

    def counting(self, key):
        found = read(self, key)
        lengths.append(len(found))
        return found

    monkeypatch.setattr(h5py.Dataset, "__getitem__", counting)
    return lengths


@pytest.fixture
def in_file(tmp_path):
    ad.AnnData(counts()).write_h5ad(tmp_path / "cells.h5ad")
    return BackedStore(tmp_path / "cells.h5ad", "X")


def test_neighbouring_rows_are_read_at_once(in_file, reads):
    in_file.rows(np.random.default_rng(0).permutation(CELLS)[:200], CPU)
    assert len(reads) == 2  # indices and data


def test_distant_rows_are_not_read_along(in_file, reads, monkeypatch):
    monkeypatch.setattr("multiome2vec.data.backed.GAP", 20)
    index = np.array([390, 5, 391, 6, 200])
    expected = counts()[index].toarray()
    np.testing.assert_array_equal(in_file.rows(index, CPU).dense(), expected)
    assert len(reads) == 2 * 3
    assert sum(reads) == 2 * counts()[index].nnz


def test_long_runs_are_read_in_pieces(in_file, reads, monkeypatch):
    monkeypatch.setattr("multiome2vec.data.backed.RUN", 1000)
    np.testing.assert_array_equal(in_file.rows(np.arange(CELLS), CPU).dense(), counts().toarray())
    assert len(reads) == 2 * -(-counts().nnz // 1000)
    assert max(reads) < 1100


def test_an_epoch_in_blocks_reads_far_fewer_times_than_it_has_cells(in_file, reads, monkeypatch):
    monkeypatch.setattr("multiome2vec.data.backed.GAP", 0)
    seen = []
    windows = index_windows(np.arange(CELLS), size=10, rng=np.random.default_rng(0), block=40)
    for window in windows:
        cells = np.concatenate(window)
        seen.extend(cells)
        part, places = in_file.window(cells)
        np.testing.assert_array_equal(part.rows(places, CPU).dense(), counts()[cells].toarray())
    assert sorted(seen) == list(range(CELLS))
    assert len(reads) <= 2 * (CELLS // 40 + 2)
    assert sum(reads) == 2 * counts().nnz


READ_AND_FORK = """
import multiprocessing, sys
import numpy as np
from multiome2vec.data.backed import BackedStore
from multiome2vec.data.device import CPU

def rows(store, index):
    return store.rows(index, CPU).dense().numpy()

def child(store, index, queue):
    queue.put(rows(store, index))

store, index = BackedStore(sys.argv[1], "X"), np.array([7, 3])
expected = rows(store, index)  # opens the file here
context = multiprocessing.get_context("fork")
queue = context.Queue()
process = context.Process(target=child, args=(store, index, queue))
process.start()
np.testing.assert_array_equal(queue.get(timeout=60), expected)
process.join()
"""


def test_a_store_that_was_read_survives_a_fork(in_file):
    """In a process of its own: torch's threads do not survive a fork, and a child would wait."""
    command = [sys.executable, "-c", READ_AND_FORK, in_file.path]
    found = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert found.returncode == 0, found.stderr


def test_a_pickled_store_holds_no_open_file(in_file):
    in_file.rows(np.array([1]), CPU)
    again = pickle.loads(pickle.dumps(in_file.select(np.array([4, 5]))))
    np.testing.assert_array_equal(
        again.rows(np.array([9]), CPU).dense(), counts()[[9]][:, [4, 5]].toarray()
    )


def test_dense_values_and_where_they_are_defined():
    rng = np.random.default_rng(0)
    values, defined = rng.normal(size=(6, 4)), rng.random((6, 4)) < 0.5
    store = DenseStore(values, defined).select(np.array([0, 3]))
    index = np.array([5, -1, 0])
    found = store.rows(index, CPU)
    assert found.dtype == torch.float32
    np.testing.assert_allclose(found[[0, 2]], values[[5, 0]][:, [0, 3]], rtol=1e-6)
    assert found[1].tolist() == [0, 0]
    np.testing.assert_array_equal(store.defined(index, CPU)[[0, 2]], defined[[5, 0]][:, [0, 3]])
    assert DenseStore(values).defined(index, CPU) is None


def test_backend_by_size():
    assert choose_backend(1e9, gpu_free=0) == "memory"
    assert choose_backend(1e10, gpu_free=0) == "backed"
    assert choose_backend(1e10, gpu_free=0, budget=2e10) == "memory"
    assert choose_backend(1e10, gpu_free=int(1e11)) == "gpu"
    assert choose_backend(5e10, gpu_free=int(1e11)) == "backed"
    assert choose_backend(1e12, backend="memory", gpu_free=0) == "memory"
    with pytest.raises(UserError, match="finds no GPU"):
        choose_backend(1, backend="gpu", gpu_free=0)
    with pytest.raises(UserError, match="'disk' is unknown.*memory"):
        choose_backend(1, backend="disk")
