import anndata as ad
import numpy as np
import pytest
from anndata.io import read_zarr
from multiome2vec import keys
from multiome2vec.errors import UserError
from multiome2vec.tasks.apply import expected, prepare
from multiome2vec.tasks.impute import impute
from scipy import sparse


def by_type(mdata, values):
    """Mean over the cells of each type and batch, at each cell: what is true but for noise."""
    groups = mdata.obs[keys.TRUE_TYPE].astype(str) + mdata.obs[keys.BATCH].astype(str)
    out = np.zeros(values.shape)
    for group in groups.unique():
        rows = (groups == group).to_numpy()
        out[rows] = values[rows].mean(axis=0)
    return out


def correlation(a, b):
    return np.corrcoef(a.ravel(), b.ravel())[0, 1]


def test_imputed_rna_is_nearer_to_the_truth_than_the_counts(model, mdata, tmp_path):
    impute(model.checkpoint, mdata, modality="rna", out=tmp_path / "rna.zarr")
    found = read_zarr(tmp_path / "rna.zarr")
    assert found.X.dtype == np.float32
    assert found.obs_names.equals(mdata.obs_names)
    assert found.var_names.equals(mdata["rna"].var_names)
    assert found.uns[keys.PROVENANCE]["values"].startswith("counts per 10000")
    np.testing.assert_allclose(found.X.sum(axis=1), 1e4, rtol=1e-4)
    counts = mdata["rna"].layers[keys.COUNTS].toarray()
    raw = np.log1p(1e4 * counts / counts.sum(axis=1, keepdims=True))
    truth = by_type(mdata, raw)
    assert correlation(np.log1p(found.X), truth) > correlation(raw, truth) + 0.1


def test_library_of_the_training_cells(model, mdata, tmp_path):
    out = tmp_path / "rna.h5ad"
    impute(model.checkpoint, mdata, np.arange(7), modality="rna", out=out, library="median")
    found = ad.read_h5ad(out)
    assert found.n_obs == 7
    median = model.card["libraries"]["rna"]
    np.testing.assert_allclose(found.X.sum(axis=1), median, rtol=1e-4)


@pytest.mark.parametrize("ending", [".zarr", ".h5ad"])
def test_accessibility_is_kept_from_a_quantile_of_each_cell(model, mdata, tmp_path, ending):
    out = tmp_path / f"atac{ending}"
    read = read_zarr if ending == ".zarr" else ad.read_h5ad
    data = prepare(model.checkpoint, mdata)
    blocks = expected(
        model.checkpoint.model, data, np.arange(len(data)), target="atac", library=1e4
    )
    whole = np.concatenate([values for _, values in blocks])
    impute(model.checkpoint, mdata, modality="atac", out=out, quantile=0.9)
    found = read(out)
    assert sparse.issparse(found.X)
    assert found.X.dtype == np.uint8
    kept = whole >= np.quantile(whole, 0.9, axis=1, keepdims=True)
    np.testing.assert_array_equal(found.X.toarray(), kept)
    impute(model.checkpoint, mdata, modality="atac", out=out, quantile=0.9, binarise=False)
    np.testing.assert_allclose(read(out).X.toarray(), np.where(kept, whole, 0), rtol=1e-5)
    assert found.var[keys.CHROM].tolist() == ["chr1"] * found.n_vars


def test_imputed_atac_is_nearer_to_the_truth_than_the_counts(model, mdata, tmp_path):
    impute(model.checkpoint, mdata, modality="atac", out=tmp_path / "a.zarr", quantile=None)
    found = read_zarr(tmp_path / "a.zarr").X
    counts = mdata["atac"].layers[keys.COUNTS].toarray()
    raw = counts / counts.sum(axis=1, keepdims=True)
    truth = by_type(mdata, raw)
    assert correlation(found, truth) > correlation(raw, truth) + 0.2


def test_atac_of_cells_that_have_rna_alone(model, mdata, tmp_path):
    small = mdata[:20].copy()
    del small.mod["atac"], small.mod["motif"]
    impute(model.checkpoint, small, modality="atac", out=tmp_path / "a.zarr", quantile=None)
    impute(
        model.checkpoint,
        mdata,
        np.arange(20),
        modality="atac",
        sources=["rna"],
        out=tmp_path / "b.zarr",
        quantile=None,
    )
    alone, hidden = (read_zarr(tmp_path / f"{name}.zarr") for name in "ab")
    assert alone.var_names.equals(mdata["atac"].var_names)
    np.testing.assert_allclose(alone.X, hidden.X, rtol=1e-4)


def test_zero_inflation_is_taken_off(mixture, mdata, tmp_path):
    """scmvp's ATAC is zero-inflated: the rates sum to the library, the means do not."""
    out = tmp_path / "a.zarr"
    impute(mixture.checkpoint, mdata, modality="atac", out=out, quantile=None, library=500)
    np.testing.assert_allclose(read_zarr(out).X.sum(axis=1), 500, rtol=1e-3)
    data, network = prepare(mixture.checkpoint, mdata), mixture.checkpoint.model
    [(_, means)] = expected(network, data, np.arange(9), target="atac", library=500)
    assert (means.sum(axis=1) < 499).all()


def test_no_more_than_a_block_is_dense(model, mdata, tmp_path, monkeypatch):
    monkeypatch.setattr("multiome2vec.tasks.apply.CHUNK", 32)
    heights, quantile = [], np.quantile

    def noted(values, *arguments, **options):
        heights.append(len(values))
        return quantile(values, *arguments, **options)

    monkeypatch.setattr(np, "quantile", noted)
    impute(model.checkpoint, mdata, modality="atac", out=tmp_path / "a.zarr")
    assert max(heights) == 32
    assert sum(heights) == mdata.n_obs


def test_a_quantile_or_a_modality_that_cannot_be(model, mdata, tmp_path):
    with pytest.raises(UserError, match="quantile is 1,"):
        impute(model.checkpoint, mdata, modality="atac", out=tmp_path / "a.zarr", quantile=1.0)
    with pytest.raises(UserError, match="no modality 'adt'"):
        impute(model.checkpoint, mdata, modality="adt", out=tmp_path / "a.zarr")
