import anndata as ad
import mudata
import numpy as np
import pandas as pd
import pytest
from multiome2vec import keys
from multiome2vec.errors import ContractError
from multiome2vec.io import contracts
from scipy import sparse

CELLS = ["s#A", "s#B", "s#C"]


def rna(cells=CELLS):
    counts = sparse.csr_matrix(np.arange(len(cells) * 2).reshape(-1, 2))
    return ad.AnnData(
        counts.astype(np.float32),
        obs=pd.DataFrame(index=cells),
        var=pd.DataFrame(index=["g1", "g2"]),
        layers={keys.COUNTS: counts},
    )


def atac(cells=CELLS):
    var = pd.DataFrame({"chrom": ["chr1"], "start": [10], "end": [20]}, index=["chr1:10-20"])
    counts = sparse.csr_matrix(np.ones((len(cells), 1), dtype=np.int32))
    uns = {keys.COUNTING: keys.FRAGMENT}
    return ad.AnnData(counts, obs=pd.DataFrame(index=cells), var=var, uns=uns)


def multiome(**modalities):
    with mudata.set_options(pull_on_update=False):
        return mudata.MuData(modalities)


def test_sound_objects_pass():
    contracts.check_rna(rna(), path="x")
    contracts.check_regions(atac(), path="x")
    contracts.check_multiome(multiome(rna=rna(), atac=atac()), path="x")


def test_permuted_cells_are_refused():
    mdata = multiome(rna=rna(), atac=atac())
    mdata.mod["atac"] = atac(["s#B", "s#A", "s#C"])
    with pytest.raises(ContractError, match="in another order: row 0 is 's#B', expected 's#A'"):
        contracts.check_multiome(mdata, path="m.h5mu")


def test_missing_cells_are_refused_unless_declared_a_mosaic():
    mdata = multiome(rna=rna(), atac=atac(CELLS[:2]))
    with pytest.raises(ContractError, match="modality atac: 2 cells, but 3 in the whole object"):
        contracts.check_multiome(mdata, path="m.h5mu")
    mdata.obs["has_rna"] = True
    mdata.obs["has_atac"] = [True, True, False]
    contracts.check_multiome(mdata, path="m.h5mu")
    mdata.obs["has_atac"] = [True, False, True]
    with pytest.raises(ContractError, match=r"against obs\['has_atac'\]"):
        contracts.check_multiome(mdata, path="m.h5mu")


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda a: a.uns.clear(), "not one of paired-insertion, fragment, insertion"),
        (lambda a: setattr(a, "X", a.X.astype(float) * 0.5), "X holds 0.5 in row 0, not a count"),
        (lambda a: setattr(a, "X", a.X.toarray()), "X is not a CSR matrix"),
        (lambda a: setattr(a, "var_names", ["peak1"]), "region 'peak1' is not named by its place"),
        (lambda a: setattr(a, "obs_names", ["s#A", "s#A", "s#C"]), "row 's#A' occurs more"),
    ],
)
def test_damaged_regions_are_refused(damage, message):
    adata = atac()
    damage(adata)
    with pytest.raises(ContractError, match=message):
        contracts.check_regions(adata, path="r.h5ad")


def test_tables_of_cells():
    table = pd.DataFrame({"label": ["a", ""], "label_source": "x"}, index=["s#A", "s#B"])
    with pytest.raises(ContractError, match="cell s#B has no label"):
        contracts.check_labels(table, path="l.tsv")
    with pytest.raises(ContractError, match="lacks the column"):
        contracts.check_labels(table[["label"]], path="l.tsv")
    with pytest.raises(ContractError, match="'A' is not named sample#barcode"):
        contracts.check_cells(table.set_axis(["A", "s#B"]), path="l.tsv", columns=())


def test_masked_deviations_are_zero_and_all_finite():
    layers = {keys.DEVIATION: np.zeros((2, 1)), keys.MASK: np.array([[1], [0]])}
    scores = ad.AnnData(np.array([[0.0], [2.0]]), layers=layers)
    with pytest.raises(ContractError, match="var lacks the column.s. name, tfs"):
        contracts.check_motif(scores, path="d.h5ad")
    scores.var = pd.DataFrame({"name": ["A"], "tfs": ["A"]}, index=["MA1"])
    contracts.check_motif(scores, path="d.h5ad")
    scores.X[0, 0] = 1
    with pytest.raises(ContractError, match="a masked entry of X is not 0"):
        contracts.check_motif(scores, path="d.h5ad")
    scores.X[1, 0] = np.nan
    with pytest.raises(ContractError, match="not finite"):
        contracts.check_motif(scores, path="d.h5ad")


def topics(regions, *, n_topics=3):
    """Even topics in single precision."""
    start = 10 * np.arange(regions)
    var = pd.DataFrame({"chrom": "chr1", "start": start, "end": start + 10})
    var.index = "chr1:" + var["start"].astype(str) + "-" + var["end"].astype(str)
    share = np.random.default_rng(0).gamma(1, size=(regions, n_topics))
    return ad.AnnData(
        obs=pd.DataFrame(index=CELLS),
        var=var,
        obsm={keys.X_TOPIC: np.full((3, n_topics), 1 / n_topics, dtype=np.float32)},
        varm={keys.TOPIC_REGION: (share / share.sum(axis=0)).astype(np.float32)},
    )


def test_topics_of_very_many_regions_sum_to_one():
    """In single precision the sum of a million shares is not 1."""
    model = topics(1_000_000)
    assert np.abs(model.varm[keys.TOPIC_REGION].sum(axis=0) - 1).max() > 1e-5
    contracts.check_topics(model, path="t.h5ad")
    model.varm[keys.TOPIC_REGION] *= np.float32(1.01)
    with pytest.raises(ContractError, match="a topic's regions sum to 1.0"):
        contracts.check_topics(model, path="t.h5ad")
