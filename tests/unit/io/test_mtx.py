"""Matrix Market files that other tools read."""

import numpy as np
import pandas as pd
import pytest
import scanpy as sc
from multiome2vec.io import mtx
from multiome2vec.io.tenx import read_modality
from scipy import sparse
from scipy.io import mmread

CELLS = ["s#A-1", "s#C-1", "s#G-1"]
FEATURES = pd.DataFrame({"id": ["E1", "E2"], "name": ["a", "b"], "type": "Gene Expression"})


@pytest.mark.parametrize("dtype", [np.int32, np.float32])
def test_what_is_written_is_read_by_scipy_and_scanpy(tmp_path, monkeypatch, dtype):
    monkeypatch.setattr(mtx, "ENTRIES", 2)
    matrix = sparse.csr_matrix(np.array([[0, 7], [0, 0], [5, 1]], dtype))
    matrix.data = matrix.data / dtype(1) if dtype is np.int32 else matrix.data / 3
    matrix = matrix.astype(dtype)
    mtx.write_10x_mtx(matrix, tmp_path, cells=CELLS, features=FEATURES)
    np.testing.assert_allclose(
        mmread(tmp_path / "matrix.mtx.gz").toarray().T, matrix.toarray(), rtol=1e-6
    )
    found = sc.read_10x_mtx(tmp_path)
    assert list(found.obs_names) == CELLS
    assert list(found.var_names) == ["a", "b"]
    np.testing.assert_allclose(found.X.toarray(), matrix.toarray(), rtol=1e-6)
    ours = read_modality(str(tmp_path), kind="10x_mtx", modality="rna")
    np.testing.assert_allclose(ours.X.toarray(), matrix.toarray(), rtol=1e-6)
