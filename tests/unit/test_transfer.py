import anndata as ad
import numpy as np
import pandas as pd
import pytest
from multiome2vec.errors import UserError
from multiome2vec.transfer import (
    from_markers,
    from_neighbours,
    from_reference,
    of_clusters,
    standardised,
)
from scipy import sparse

TYPES = ("B", "NK", "T")
GENES = [f"G{i}" for i in range(90)]


def expression(n, *, seed, shift=0.0, scale=1.0):
    """Cells of three types, each with 15 genes of its own, seen by an instrument of its own."""
    rng = np.random.default_rng(seed)
    kind = rng.integers(3, size=n)
    counts = rng.poisson(1 + 3 * (np.arange(90) // 15 == kind[:, None]))
    values = scale * np.log1p(counts) + shift * rng.random(90)
    cells = ad.AnnData(sparse.csr_matrix(values.astype(np.float32)), var=pd.DataFrame(index=GENES))
    cells.obs_names = [f"c{i}" for i in range(n)]
    return cells, pd.Series(np.array(TYPES)[kind], index=cells.obs_names)


@pytest.mark.parametrize(("shift", "scale"), [(0, 1), (3, 0.3)])
def test_types_of_a_reference_are_found_on_another_scale(shift, scale):
    reference, known = expression(300, seed=0)
    cells, truth = expression(200, seed=1, shift=shift, scale=scale)
    found = from_reference(cells[:, ::-1], reference, known)
    assert (found == truth).mean() > 0.95
    assert found.index.equals(cells.obs_names)


def test_genes_that_differ_from_the_reference_are_named():
    reference, known = expression(50, seed=0)
    cells, _ = expression(50, seed=1)
    cells.var_names = [f"ENSG{i}" for i in range(90)]
    with pytest.raises(UserError, match="shares only 0 genes .* G0, G1, G2; .* ENSG0"):
        from_reference(cells, reference, known)


def test_clusters_take_what_most_of_their_cells_are():
    labels = pd.Series(["T", "T", "B", "B", "B"], index=list("abcde"))
    clusters = pd.Series(["0", "0", "0", "1", "1"], index=list("abcde"), dtype="category")
    assert of_clusters(labels, clusters).tolist() == ["T", "T", "T", "B", "B"]


def test_clusters_take_the_label_of_their_markers():
    cells, truth = expression(200, seed=2)
    clusters = truth.map({"B": "2", "NK": "0", "T": "1"}).astype("category")
    rows = [(name, f"G{15 * i + j}") for i, name in enumerate(TYPES) for j in range(4)]
    markers = pd.DataFrame([*rows, ("T", "unknown gene")], columns=["label", "gene"])
    found = from_markers(cells, markers, clusters)
    assert (found == truth).all()
    only_b = from_markers(cells, markers[markers["label"] == "B"], clusters)
    assert only_b[truth == "B"].eq("B").all()
    assert only_b[truth != "B"].isna().all()


def test_markers_of_other_names_are_told():
    cells, truth = expression(20, seed=3)
    markers = pd.DataFrame({"label": ["T", "B"], "gene": ["CD3D", "G1"]})
    with pytest.raises(UserError, match=r"markers of T .*CD3D are not; .*G0, G1, G2"):
        from_markers(cells, markers, truth.astype("category"))


def test_a_gene_without_variation_is_no_division_by_zero():
    cells = ad.AnnData(np.array([[1.0, 2], [1, 4]], dtype=np.float32))
    np.testing.assert_allclose(standardised(cells), [[0, -1], [0, 1]])


def test_cells_without_label_take_that_of_their_neighbours():
    rng = np.random.default_rng(0)
    kind = rng.integers(3, size=90)
    values = 5 * np.eye(3)[kind] + rng.normal(size=(90, 3))
    truth = pd.Series(np.array(TYPES)[kind], index=[f"c{i}" for i in range(90)])
    known = truth.where(np.arange(90) < 60)
    found = from_neighbours(values, known)
    assert found.index.tolist() == [f"c{i}" for i in range(60, 90)]
    assert (found == truth[60:]).all()
