"""Region sets, differential regions and genes, on files."""

import anndata as ad
import numpy as np
import pandas as pd
import pytest
from multiome2vec import keys
from multiome2vec.errors import ContractError
from multiome2vec.regulation.sets import read_sets
from multiome2vec.steps.dars import dars
from multiome2vec.steps.degs import degs
from multiome2vec.steps.topic_regions import topic_regions
from multiome2vec.topics.variable import imputed_blocks
from scipy import sparse

CELLS, REGIONS = 240, 90
KIND = np.arange(CELLS) % 3
OWN = np.arange(REGIONS) // 20  # 0, 1, 2: of a kind; 3 and 4: open in all


@pytest.fixture
def data(tmp_path):
    """Three kinds of cells in two samples, each with 20 regions and 3 genes of its own."""
    rng = np.random.default_rng(0)
    chance = np.where(KIND[:, None] == OWN, 0.6, 0.05)
    chance[:, OWN > 2] = 0.3
    counts = (rng.random(chance.shape) < chance).astype(np.int32)
    names = [f"s{1 + i // 120}#{i}" for i in range(CELLS)]
    start = 1000 * np.arange(REGIONS)
    var = pd.DataFrame({"chrom": "chr1", "start": start, "end": start + 500})
    var.index = "chr1:" + var["start"].astype(str) + "-" + var["end"].astype(str)
    regions = ad.AnnData(sparse.csr_matrix(counts), obs=pd.DataFrame(index=names), var=var)
    regions.write_h5ad(tmp_path / "regions.h5ad")
    write_topics(tmp_path, names, var)
    labels = pd.DataFrame({"label": KIND}, index=pd.Index(names, name="cell")).astype(str)
    labels.iloc[:6, 0] = ["few", "unlabelled", "few", "unlabelled", "few", "few"]
    labels.to_csv(tmp_path / "labels.tsv", sep="\t")
    keep = pd.DataFrame({"keep": True, "reason": ""}, index=labels.index)
    keep.to_csv(tmp_path / "barcodes.tsv", sep="\t")
    expression = rng.poisson(np.where(np.arange(9) // 3 == KIND[:, None], 6, 1.5))
    genes = pd.DataFrame(index=[f"G{i}" for i in range(9)])
    rna = ad.AnnData(np.log1p(expression).astype(np.float32), pd.DataFrame(index=names), genes)
    rna.write_h5ad(tmp_path / "rna.h5ad")
    return tmp_path


def write_topics(folder, names, var):
    theta = np.full((CELLS, 3), 0.1) + 0.7 * np.eye(3)[KIND]
    phi = np.where(OWN[:, None] == np.arange(3), 0.6, 0.05)
    phi[OWN > 2] = 0.3
    model = ad.AnnData(
        obs=pd.DataFrame(index=names),
        var=var,
        obsm={keys.X_TOPIC: (theta / theta.sum(axis=1, keepdims=True)).astype(np.float32)},
        varm={keys.TOPIC_REGION: (phi / phi.sum(axis=0)).astype(np.float32)},
    )
    model.write_h5ad(folder / "topics.h5ad")


def given(folder, *names):
    files = {name: folder / f"{name}.h5ad" for name in ("topics", "regions", "rna")}
    files |= {name: folder / f"{name}.tsv" for name in ("labels", "barcodes")}
    return {name: str(files[name]) for name in names}


def call_dars(folder, **changed):
    thresholds = {"max_padj": 0.05, "min_log2fc": 0.585} | changed
    dars(
        **given(folder, "topics", "regions", "barcodes", "labels"),
        table=str(folder / "dars.tsv"),
        folder=str(folder / "dars"),
        **thresholds,
    )
    return pd.read_csv(folder / "dars.tsv", sep="\t", dtype={"label": str})


def test_regions_of_each_label(data):
    table = call_dars(data)
    sets = read_sets(data / "dars")
    assert set(sets) == {"0", "1", "2"}  # too few cells of 'few'; cells without a label have none
    for kind in range(3):
        own = {f"chr1:{1000 * i}-{1000 * i + 500}" for i in np.flatnonzero(kind == OWN)}
        assert set(sets[str(kind)]) == own
        mine = table[table["label"] == str(kind)]
        assert set(mine["region"]) == own
        assert mine["log2fc"].is_monotonic_decreasing
        assert (mine["n_samples"] == 2).all()
    assert (table["padj"] >= table["pvalue"]).all()


def test_no_region_is_different_enough(data):
    assert len(call_dars(data, min_log2fc=20)) == 0
    assert read_sets(data / "dars") == {}


def test_topics_of_other_regions_are_refused(data):
    model = ad.read_h5ad(data / "topics.h5ad")
    model[:, 1:].copy().write_h5ad(data / "topics.h5ad")
    with pytest.raises(ContractError, match="not of the cells and regions"):
        call_dars(data)


def test_genes_of_each_label(data):
    degs(
        **given(data, "rna", "barcodes", "labels"),
        table=str(data / "degs.tsv"), max_padj=0.05, min_log2fc=0.585,
    )  # fmt: skip
    table = pd.read_csv(data / "degs.tsv", sep="\t", dtype={"label": str})
    for kind in range(3):
        mine = table.loc[table["label"] == str(kind), "gene"]
        assert set(mine) == {f"G{i}" for i in range(3 * kind, 3 * kind + 3)}


def test_sets_and_quality_of_topics(data):
    out = {name: str(data / name) for name in ("otsu", "top", "imputed")}
    out |= {name: str(data / f"{name}.tsv") for name in ("quality", "variable")}
    topic_regions(**given(data, "topics", "regions", "barcodes"), out=out, n_imputed=10)
    otsu = read_sets(data / "otsu")
    for kind in range(3):
        own = {f"chr1:{1000 * i}-{1000 * i + 500}" for i in np.flatnonzero(kind == OWN)}
        assert own <= set(otsu[f"Topic{kind + 1}"])
    assert {len(names) for names in read_sets(data / "top").values()} == {9}
    quality = pd.read_csv(data / "quality.tsv", sep="\t", index_col="topic")
    counts = ad.read_h5ad(data / "regions.h5ad").X
    assert quality["assignments"].sum() == pytest.approx(counts.nnz, rel=1e-4)
    assert quality["marginal"].sum() == pytest.approx(1, abs=1e-4)
    assert (quality["cells"] == CELLS / 3).all()
    variable = pd.read_csv(data / "variable.tsv", sep="\t", index_col="region")
    imputed = ad.read_zarr(data / "imputed")
    assert imputed.shape == (CELLS, min(10, variable["highly_variable"].sum()))
    assert variable.loc[imputed.var_names, "highly_variable"].all()
    model = ad.read_h5ad(data / "topics.h5ad")
    ((_, dense),) = imputed_blocks(model.obsm["X_topic"], model.varm["topic_region"])
    columns = model.var_names.get_indexer(imputed.var_names)
    np.testing.assert_allclose(imputed.X, dense[:, columns], rtol=1e-5)
