import anndata as ad
import numpy as np
import pandas as pd
import pytest
from anndata.io import read_zarr
from multiome2vec.errors import UserError
from multiome2vec.io import streamed
from multiome2vec.io.streamed import write_streamed
from scipy import sparse

X = sparse.random_array((23, 11), density=0.3, rng=np.random.default_rng(0), format="csr")
TABLES = {
    "obs": pd.DataFrame({"batch": list("ab") * 11 + ["a"]}, index=[f"c{i}" for i in range(23)]),
    "var": pd.DataFrame(index=[f"f{i}" for i in range(11)]),
    "uns": {"what": {"values": "test"}},
}


def blocks(matrix, height=5):
    return (matrix[start : start + height] for start in range(0, matrix.shape[0], height))


@pytest.mark.parametrize("chunk", [4, 7, 2**20])
@pytest.mark.parametrize("name", ["x.zarr", "x.h5ad"])
@pytest.mark.parametrize("dense", [False, True])
def test_what_is_written_is_read_back(tmp_path, monkeypatch, chunk, name, dense):
    monkeypatch.setattr(streamed, "CHUNK", chunk)
    matrix = X.toarray().astype(np.float32) if dense else sparse.csr_matrix(X)
    for _ in range(2):  # the second replaces the first
        write_streamed(tmp_path / name, blocks(matrix), **TABLES)
    found = (read_zarr if name.endswith("zarr") else ad.read_h5ad)(tmp_path / name)
    values = found.X if dense else found.X.toarray()
    np.testing.assert_array_equal(values, X.toarray().astype(values.dtype))
    assert found.X.dtype == matrix.dtype
    pd.testing.assert_frame_equal(found.obs.astype(str), TABLES["obs"])
    assert found.var_names.equals(TABLES["var"].index)
    assert found.uns["what"]["values"] == "test"
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_rows_without_entries(tmp_path):
    empty = sparse.csr_matrix((23, 11), dtype=np.uint8)
    write_streamed(tmp_path / "x.zarr", blocks(empty), **TABLES)
    assert read_zarr(tmp_path / "x.zarr").X.nnz == 0


def test_a_failure_leaves_what_was_there(tmp_path):
    path = tmp_path / "x.zarr"
    write_streamed(path, blocks(sparse.csr_matrix(X)), **TABLES)

    def broken():
        yield sparse.csr_matrix(X[:5])
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_streamed(path, broken(), **TABLES)
    assert read_zarr(path).n_obs == 23
    assert list(tmp_path.iterdir()) == [path]


def test_folders_that_are_no_zarr_are_left_alone(tmp_path):
    folder = tmp_path / "mine.zarr"
    folder.mkdir()
    (folder / "thesis.txt").write_text("precious")
    with pytest.raises(UserError, match="is a folder, but no zarr"):
        write_streamed(folder, blocks(X), **TABLES)
    assert (folder / "thesis.txt").read_text() == "precious"
    with pytest.raises(UserError, match="must end in .zarr or .h5ad"):
        write_streamed(tmp_path / "out", blocks(X), **TABLES)
