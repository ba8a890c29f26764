import anndata as ad
import numpy as np
import pandas as pd
import pytest
from multiome2vec import keys
from multiome2vec.annotate import (
    choose_labels,
    cluster,
    correct_samples,
    merge,
    normalise,
    principal_components,
    spectral,
)
from multiome2vec.errors import UserError
from scipy import sparse
from sklearn.metrics import adjusted_rand_score

CELLS, GENES, TYPES = 180, 120, 3


@pytest.fixture(scope="module")
def planted():
    """Three types in two samples; the second sample has some genes shifted."""
    rng = np.random.default_rng(0)
    means = rng.gamma(1, 1, GENES) * np.ones((TYPES, 1))
    for kind in range(TYPES):
        means[kind, kind * 20 : kind * 20 + 20] += 4
    types, samples = rng.integers(TYPES, size=CELLS), np.repeat(["a", "b"], CELLS // 2)
    rates = means[types]
    rates[samples == "b", 80:110] *= 4
    counts = rng.poisson(rates)
    counts[:, 119] = 0
    counts[:2, 119] = 1
    names = [f"{s}#{i}" for i, s in enumerate(samples)]
    cells = ad.AnnData(
        sparse.csr_matrix(counts.astype(np.int32)),
        obs=pd.DataFrame({keys.SAMPLE: samples, "type": types}, index=names),
        var=pd.DataFrame(index=[f"G{i}" for i in range(GENES)]),
    )
    cells.layers[keys.COUNTS] = cells.X.copy()
    return cells


def test_normalise_by_hand(planted):
    found = normalise(planted.copy(), min_cells=3, n_top_genes=2000)
    assert found.n_vars == GENES - 1  # the last gene is seen in two cells
    assert found.var[keys.HIGHLY_VARIABLE].all()
    counts = planted.layers[keys.COUNTS][:, :-1].toarray()
    expected = np.log1p(1e4 * counts / counts.sum(axis=1, keepdims=True))
    np.testing.assert_allclose(found.X.toarray(), expected, rtol=1e-5)
    assert (found.layers[keys.COUNTS] != planted.layers[keys.COUNTS][:, :-1]).nnz == 0


def test_values_without_counts_are_left_alone(planted):
    values = planted.copy()
    values.X = values.X.astype(np.float32) / 7
    del values.layers[keys.COUNTS]
    found = normalise(values.copy(), min_cells=3, n_top_genes=40)
    assert (found.X != values.X).nnz == 0
    assert found.var[keys.HIGHLY_VARIABLE].sum() == 40


def test_variable_genes_are_the_planted_ones(planted):
    found = normalise(planted.copy(), min_cells=3, n_top_genes=60)
    chosen = found.var[keys.HIGHLY_VARIABLE].to_numpy()
    assert chosen.sum() == 60
    assert chosen[:60].mean() > 0.75  # half of them by chance
    assert chosen[80:110].mean() < 0.25  # not those that differ between samples


def test_clusters_are_the_types_and_repeat(planted):
    def run(seed):
        cells = normalise(planted.copy(), min_cells=3, n_top_genes=2000)
        principal_components(cells, n_pcs=10, seed=seed)
        cells.obsm[keys.X_HARMONY] = correct_samples(
            cells.obsm[keys.X_PCA], cells.obs[keys.SAMPLE], seed=seed
        )
        cluster(cells, representation=keys.X_HARMONY, n_neighbors=15, resolution=0.5, seed=seed)
        return cells

    first, second = run(0), run(0)
    assert adjusted_rand_score(first.obs["type"], first.obs[keys.LEIDEN]) > 0.95
    assert (first.obs[keys.LEIDEN] == second.obs[keys.LEIDEN]).all()
    for name in (keys.X_PCA, keys.X_HARMONY, keys.X_UMAP):
        np.testing.assert_array_equal(first.obsm[name], second.obsm[name])


def test_harmony_brings_samples_together_whatever_the_shape():
    rng = np.random.default_rng(0)
    samples = pd.Series(np.repeat(["a", "b"], 20))
    values = rng.normal(size=(40, 40))  # as many components as cells
    values[20:, 0] += 10
    found = correct_samples(values, samples, seed=0)
    assert found.shape == values.shape
    assert abs(found[:20, 0].mean() - found[20:, 0].mean()) < 3


def test_spectral_separates_planted_types(planted):
    one = planted[planted.obs[keys.SAMPLE] == "a"]
    cells = ad.AnnData(one.X.astype(np.uint32), obs=one.obs[["type"]].copy())
    spectral(cells, n_components=10, seed=0)
    cluster(cells, representation=keys.X_SPECTRAL, n_neighbors=10, resolution=0.3, seed=0)
    assert adjusted_rand_score(cells.obs["type"], cells.obs[keys.LEIDEN]) > 0.9


def test_too_few_cells_say_where_to_look(planted):
    few = normalise(planted[:4].copy(), min_cells=0, n_top_genes=2000)
    for fails in (
        lambda: principal_components(few, n_pcs=10, seed=0),
        lambda: spectral(few, n_components=10, seed=0),
    ):
        with pytest.raises(UserError, match=r"4 cells .*cannot be clustered"):
            fails()


def test_merge_takes_shared_features_and_refuses_other_references(planted):
    first, second = planted[:90].copy(), planted[90:, 20:].copy()
    merged = merge({"a": first, "b": second}, what="genes")
    assert merged.var_names.tolist() == planted.var_names[20:].tolist()
    assert merged.obs_names.tolist() == planted.obs_names.tolist()
    assert (merged.layers[keys.COUNTS] != planted.layers[keys.COUNTS][:, 20:]).nnz == 0
    second.var_names = [f"ENSG{i}" for i in range(second.n_vars)]
    with pytest.raises(UserError, match="share only 0 genes"):
        merge({"a": first, "b": second}, what="genes")


def test_labels_given_labels_first_then_clusters():
    cells = pd.Index(["s#1", "s#2", "s#3"])
    given = pd.Series({"s#1": "B cell", "s#3": "T", "s#9": "x"})
    clusters = pd.Series({"s#1": "0", "s#2": "1", "s#3": "10"})
    found = choose_labels(cells, given=given, clusters=clusters)
    assert found[keys.LABEL].tolist() == ["B cell", "unlabelled", "T"]
    assert set(found[keys.LABEL_SOURCE]) == {"sample sheet"}
    found = choose_labels(cells, given=None, clusters=clusters.drop("s#2"))
    assert found[keys.LABEL].tolist() == ["leiden-0", "unlabelled", "leiden-10"]
    assert set(found[keys.LABEL_SOURCE]) == {"leiden"}
    assert found.index.name == keys.CELL


def test_labels_that_fit_no_cell_are_an_error():
    with pytest.raises(UserError, match=r"None of the 1 given labels .*annotate.labels: leiden"):
        choose_labels(pd.Index(["s#1"]), given=pd.Series({"s#1-1": "T"}), clusters=None)
    with pytest.raises(UserError, match="neither labels nor clusters"):
        choose_labels(pd.Index(["s#1"]), given=None, clusters=None)
