import anndata as ad
import numpy as np
import pandas as pd
import pytest
from multiome2vec.errors import UserError
from multiome2vec.io.reference import read_markers, read_reference
from scipy import sparse

COUNTS = np.array([[1, 9], [0, 5], [3, 1]], dtype=np.float32)


def write(path, values):
    obs = pd.DataFrame({"type": ["T", None, "B"]}, index=list("abc"))
    ad.AnnData(sparse.csr_matrix(values), obs=obs, var=pd.DataFrame(index=["G", "H"])).write_h5ad(
        path
    )
    return str(path)


def test_counts_are_normalised_and_cells_without_label_left_out(tmp_path):
    cells, labels = read_reference(write(tmp_path / "r.h5ad", COUNTS), label="type")
    assert labels.to_dict() == {"a": "T", "c": "B"}
    np.testing.assert_allclose(cells.X.toarray()[0], np.log1p([1000, 9000]), rtol=1e-5)


def test_log_values_stay(tmp_path):
    cells, _ = read_reference(write(tmp_path / "r.h5ad", np.log1p(COUNTS)), label="type")
    np.testing.assert_allclose(cells.X.toarray(), np.log1p(COUNTS)[[0, 2]])


@pytest.mark.parametrize(
    ("values", "label", "message"),
    [
        (COUNTS, "celltype", "no obs column 'celltype'; it has type"),
        (COUNTS - 4, "type", "negative values: it is scaled"),
        (COUNTS * 100.5, "type", "neither counts nor log-normalised"),
    ],
)
def test_what_cannot_be_used_is_refused(tmp_path, values, label, message):
    with pytest.raises(UserError, match=message):
        read_reference(write(tmp_path / "r.h5ad", values), label=label)


def test_markers(tmp_path):
    path = tmp_path / "markers.tsv"
    path.write_text("label\tgene\tnote\nT\tCD3D\tx\n")
    assert read_markers(path).to_dict("list") == {"label": ["T"], "gene": ["CD3D"]}
    path.write_text("type\tgene\nT\tCD3D\n")
    with pytest.raises(UserError, match="columns label and gene .* it has type, gene"):
        read_markers(path)
