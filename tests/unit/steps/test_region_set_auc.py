"""The AUC of cistromes, on files."""

import logging

import anndata as ad
import numpy as np
import pandas as pd
import pytest
from multiome2vec import keys
from multiome2vec.steps.region_set_auc import region_set_auc
from scipy import sparse

CELLS, REGIONS = 60, 120
KIND, OWN = np.arange(CELLS) % 3, np.arange(REGIONS) // 20  # 0, 1, 2: of a kind; others: of none


@pytest.fixture
def data(tmp_path):
    """Three kinds of cells; cistromes of each kind's regions, a tiny one, regions not counted."""
    rng = np.random.default_rng(0)
    names = [f"s1#{i}" for i in range(CELLS)]
    start = 1000 * np.arange(REGIONS)
    var = pd.DataFrame({"chrom": "chr1", "start": start, "end": start + 500})
    var.index = "chr1:" + var["start"].astype(str) + "-" + var["end"].astype(str)
    chance = np.where(KIND[:, None] == OWN, 0.8, 0.1)
    chance[4] = 0  # nothing open
    counts = (rng.random(chance.shape) < chance).astype(np.int32)
    regions = ad.AnnData(sparse.csr_matrix(counts), obs=pd.DataFrame(index=names), var=var)
    regions.write_h5ad(tmp_path / "regions.h5ad")
    keep = pd.DataFrame({"keep": True, "reason": ""}, index=pd.Index(names, name="cell"))
    keep.iloc[-1] = [False, "atac"]
    keep.to_csv(tmp_path / "barcodes.tsv", sep="\t")
    theta = np.full((CELLS, 3), 0.1) + 0.7 * np.eye(3)[KIND] + rng.gamma(1, 0.02, (CELLS, 3))
    phi = np.where(OWN[:, None] == np.arange(3), 0.6, 0.05) * rng.gamma(9, 0.1, (REGIONS, 1))
    model = ad.AnnData(
        obs=pd.DataFrame({keys.TOPIC_FIT: pd.Categorical(["fitted"] * CELLS)}, index=names),
        var=var,
        obsm={keys.X_TOPIC: (theta / theta.sum(axis=1, keepdims=True)).astype(np.float32)},
        varm={keys.TOPIC_REGION: (phi / phi.sum(axis=0)).astype(np.float32)},
    )
    model.obs[keys.TOPIC_FIT] = pd.Categorical(np.where(np.arange(CELLS) == 4, "", "fitted"))
    model[:-1].copy().write_h5ad(tmp_path / "topics.h5ad")
    write_cistromes(tmp_path, var.index)
    return tmp_path


def write_cistromes(folder, regions, *, columns=4):
    """Cistromes over the regions in another order, and two that were not counted."""
    members = OWN[:, None] == np.arange(4)
    members[:, 3] = np.arange(REGIONS) < 4
    names = [*regions[::-1], "chr9:0-500", "chr9:900-1400"]
    matrix = np.vstack([members[::-1], np.ones((2, 4), dtype=bool)]).astype(np.uint8)
    var = pd.DataFrame({"tf": ["GATA1", "Spi1", "TBX21", "FEW"], "evidence": "direct"})
    var = var.assign(n_regions=matrix.sum(axis=0), motifs=["M1", "M2,M3", "M4", "M5"])
    var.index = (var["tf"] + "_direct").to_numpy()
    adata = ad.AnnData(sparse.csr_matrix(matrix), obs=pd.DataFrame(index=names), var=var)
    adata[:, :columns].copy().write_h5ad(folder / "cistromes.h5ad")


def score(folder, *, ranking="relative", threshold=0.2):
    by_counts = ranking == "counts"
    region_set_auc(
        cistromes=str(folder / "cistromes.h5ad"),
        topics=None if by_counts else str(folder / "topics.h5ad"),
        regions=str(folder / "regions.h5ad") if by_counts else None,
        barcodes=str(folder / "barcodes.tsv") if by_counts else None,
        out=str(folder / "auc.h5ad"),
        ranking=ranking,
        threshold=threshold,
    )
    return ad.read_h5ad(folder / "auc.h5ad")


@pytest.mark.parametrize("ranking", ["relative", "imputed", "counts"])
def test_cistromes_are_active_in_the_cells_that_open_them(data, ranking):
    found = score(data, ranking=ranking)
    assert found.obs_names.tolist() == [f"s1#{i}" for i in range(CELLS - 1)]
    assert found.var_names.tolist() == ["GATA1_direct", "Spi1_direct", "TBX21_direct"]
    assert found.var["tfs"].tolist() == found.var["name"].tolist() == ["GATA1", "Spi1", "TBX21"]
    assert found.var["n_regions"].tolist() == [20, 20, 20]  # regions that were not counted are out
    assert found.uns["auc"]["ranking"] == ranking
    assert found.uns["auc"]["top"] == 24
    kind = KIND[:-1].copy()
    kind[4] = -1
    for number in range(3):
        own = found.X[kind == number]
        assert (own.argmax(axis=1) == number).mean() > 0.95
        auc = found.layers["auc"]
        assert auc[kind == number, number].min() > auc[(kind != number), number].mean()
    assert (found.layers["auc"] <= 1).all()


def test_a_cell_without_open_regions_has_no_score(data):
    for ranking in ("relative", "counts"):
        found = score(data, ranking=ranking)
        assert found.layers["mask"][4].all()
        assert not np.delete(found.layers["mask"], 4, axis=0).any()
        assert (found.X[4] == 0).all()
        np.testing.assert_allclose(np.delete(found.X, 4, axis=0).mean(axis=0), 0, atol=1e-6)


def test_small_cistromes_are_left_out_and_named(data, caplog):
    with caplog.at_level(logging.INFO):
        score(data)
    assert "1 of 4 cistromes have fewer than 5 regions and are left out: FEW_direct" in caplog.text


def test_without_cistromes_there_are_no_columns(data, caplog):
    write_cistromes(data, ad.read_h5ad(data / "topics.h5ad").var_names, columns=0)
    found = score(data)
    assert found.shape == (CELLS - 1, 0)
    assert {"name", "tfs"} <= set(found.var)
    assert "has no cistrome to score" in caplog.text


def test_a_second_run_gives_the_same(data):
    first = score(data)
    assert (data / "auc.h5ad").stat().st_size
    np.testing.assert_array_equal(first.X, score(data).X)
