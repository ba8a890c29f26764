"""multiome.h5mu and its exports, paired, mosaic and with modalities missing."""

import gzip

import anndata as ad
import mudata
import numpy as np
import pandas as pd
import pytest
import scipy.io
import scipy.sparse as sp
from multiome2vec.errors import ContractError, UserError
from multiome2vec.io.contracts import check_multiome
from multiome2vec.steps.export_matrices import export_matrices
from multiome2vec.steps.multiome import multiome

CELLS = [f"s{s}#c{i}" for s in (1, 2) for i in range(4)]
KEPT = [cell for cell in CELLS if cell != "s1#c1"]
REGIONS = ["chr1:0-10", "chr1:20-30", "chr2:5-15"]


@pytest.fixture
def data(tmp_path):
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"cell": CELLS, "sample": [c[:2] for c in CELLS], "batch": "b"})
    table = table.assign(donor="", condition="", in_rna=True, in_atac=True, rna_reason="")
    table = table.assign(total_counts=np.arange(8), keep=table["cell"].isin(KEPT), reason="")
    table.to_csv(tmp_path / "barcodes.tsv", sep="\t", index=False)
    labels = pd.DataFrame({"cell": CELLS, "label": ["T", "B"] * 4, "label_source": "leiden"})
    labels.to_csv(tmp_path / "labels.tsv", sep="\t", index=False)
    counts = sp.csr_matrix(rng.poisson(1.0, (8, 5)).astype(np.int32))
    rna = ad.AnnData(counts.astype(np.float32).log1p(), pd.DataFrame(index=CELLS))
    rna.var_names = [f"g{i}" for i in range(5)]
    rna.var["gene_ids"] = [f"ENSG{i}" for i in range(5)]
    rna.var["highly_variable"] = True
    rna.layers["counts"] = counts
    rna.obsm["X_pca"] = rng.normal(size=(8, 2))
    rna[::-1].write_h5ad(tmp_path / "rna.h5ad")  # another order than the table
    var = pd.DataFrame(
        {"chrom": ["chr1", "chr1", "chr2"], "start": [0, 20, 5], "end": [10, 30, 15]}, REGIONS
    )
    counts = sp.csr_matrix(rng.poisson(1.0, (8, 3)).astype(np.int32))
    atac = ad.AnnData(counts, pd.DataFrame(index=pd.Index(CELLS, name="cell")), var)
    atac.uns["counting"] = "paired-insertion"
    atac.write_h5ad(tmp_path / "regions.h5ad")
    topics = ad.AnnData(obs=pd.DataFrame(index=KEPT[::-1]), var=pd.DataFrame(index=REGIONS))
    topics.obsm["X_topic"] = rng.dirichlet([1, 1], 7)
    topics.write_h5ad(tmp_path / "topics.h5ad")
    motif = ad.AnnData(rng.normal(size=(7, 2)).astype(np.float32), pd.DataFrame(index=KEPT))
    motif.var = pd.DataFrame({"name": ["A", "B"], "tfs": ["A", "B"]}, index=["MA1", "MA2"])
    motif.layers["mask"] = np.zeros((7, 2), np.uint8)
    motif.layers["mask"][0, 1] = 1
    motif.X[0, 1] = 0
    motif.layers["deviation"] = motif.X / 2
    motif.write_h5ad(tmp_path / "deviations.h5ad")
    truth = pd.DataFrame({"cell": CELLS[:-1], "true_type": "x", "true_pseudotime": 0.5})
    truth.assign(on_trajectory=True, other=1).to_csv(tmp_path / "truth.tsv", sep="\t", index=False)
    return tmp_path


ALL = {"rna": "rna.h5ad", "regions": "regions.h5ad", "topics": "topics.h5ad"}
ALL |= {"motif": "deviations.h5ad", "truth": "truth.tsv"}


def build(data, **files):
    given = {name: str(data / files[name]) if files.get(name) else None for name in ALL}
    multiome(
        barcodes=str(data / "barcodes.tsv"),
        labels=str(data / "labels.tsv"),
        out=str(data / "multiome.h5mu"),
        **given,
    )
    return read(data)


def read(data):
    with mudata.set_options(pull_on_update=False):
        return mudata.read_h5mu(data / "multiome.h5mu")


def test_paired_data_have_the_same_cells_in_the_same_order(data):
    mdata = build(data, **ALL)
    assert list(mdata.mod) == ["rna", "atac", "motif"]
    for adata in (mdata, *mdata.mod.values()):
        assert adata.obs_names.tolist() == KEPT
    source = ad.read_h5ad(data / "rna.h5ad")[KEPT]
    np.testing.assert_array_equal(mdata["rna"].X.toarray(), source.X.toarray())
    np.testing.assert_array_equal(mdata["rna"].obsm["X_pca"], source.obsm["X_pca"])
    np.testing.assert_array_equal(
        mdata["rna"].layers["counts"].toarray(), source.layers["counts"].toarray()
    )
    topics = ad.read_h5ad(data / "topics.h5ad")[KEPT]
    np.testing.assert_array_equal(mdata["atac"].obsm["X_topic"], topics.obsm["X_topic"])
    assert mdata["atac"].uns["counting"] == "paired-insertion"
    assert (mdata["atac"].layers["counts"] != mdata["atac"].X).nnz == 0
    assert not [column for column in mdata.obs if column.startswith("has_")]


def test_global_obs_has_labels_quality_and_truth(data):
    obs = build(data, **ALL).obs
    assert obs["label"].tolist() == ["T", "T", "B", "T", "B", "T", "B"]
    assert obs["total_counts"].tolist() == [0, 2, 3, 4, 5, 6, 7]
    assert obs["true_type"].tolist() == ["x"] * 6 + [""]
    assert obs["true_pseudotime"].isna().tolist() == [False] * 6 + [True]
    assert not {"keep", "reason", "rna_reason", "in_rna", "other"} & set(obs.columns)
    assert "true_type" not in build(data, **{**ALL, "truth": None}).obs


@pytest.mark.parametrize(
    ("files", "modalities"),
    [
        ({"rna": "rna.h5ad"}, ["rna"]),
        ({"regions": "regions.h5ad"}, ["atac"]),
        ({"rna": "rna.h5ad", "regions": "regions.h5ad", "topics": "topics.h5ad"}, ["rna", "atac"]),
    ],
)
def test_modalities_may_be_missing(data, files, modalities):
    assert list(build(data, **files).mod) == modalities


def mosaic(data):
    """Sample 1 has RNA only."""
    text = (data / "barcodes.tsv").read_text().splitlines()
    text = [x.replace("True\tTrue", "True\tFalse", 1) if x.startswith("s1") else x for x in text]
    (data / "barcodes.tsv").write_text("\n".join(text) + "\n")
    atac = ad.read_h5ad(data / "regions.h5ad")
    atac[atac.obs_names.str.startswith("s2")].write_h5ad(data / "regions.h5ad")
    motif = ad.read_h5ad(data / "deviations.h5ad")
    motif[motif.obs_names.str.startswith("s2")].write_h5ad(data / "deviations.h5ad")


def test_mosaic_is_a_union_with_flags(data):
    mosaic(data)
    mdata = build(data, **ALL)
    assert mdata.obs_names.tolist() == KEPT
    assert mdata.obs["has_rna"].all()
    assert mdata.obs["has_atac"].tolist() == [False] * 3 + [True] * 4
    assert mdata["atac"].obs_names.tolist() == KEPT[3:]
    check_multiome(mdata, path="x")


def test_a_kept_cell_missing_from_a_modality_is_refused(data):
    atac = ad.read_h5ad(data / "regions.h5ad")
    atac[[c for c in CELLS if c != "s2#c2"]].write_h5ad(data / "regions.h5ad")
    with pytest.raises(ContractError, match=r"regions.h5ad lacks 1 of 7 kept cells, 's2#c2'"):
        build(data, **ALL)
    topics = ad.read_h5ad(data / "topics.h5ad")
    topics[KEPT[1:]].write_h5ad(data / "topics.h5ad")
    with pytest.raises(ContractError, match=r"topics.h5ad lacks the kept cell 's1#c0'"):
        build(data, regions="regions.h5ad", topics="topics.h5ad")


def test_a_cell_without_label_is_refused(data):
    text = (data / "labels.tsv").read_text().replace("s2#c0\tT\tleiden\n", "")
    (data / "labels.tsv").write_text(text)
    with pytest.raises(ContractError, match=r"no label of the kept cell 's2#c0'"):
        build(data, **ALL)


def export(data, kind):
    folder = data / f"{kind}_by_cell"
    export_matrices(
        multiome=str(data / "multiome.h5mu"),
        kind=kind,
        folder=str(folder),
        means=str(data / f"{kind}_by_cell_comb.csv"),
    )
    with gzip.open(folder / "matrix.mtx.gz") as file:
        matrix = scipy.io.mmread(file).toarray()
    lines = gzip.decompress((folder / "features.tsv.gz").read_bytes()).decode().splitlines()
    cells = gzip.decompress((folder / "barcodes.tsv.gz").read_bytes()).decode().split()
    assert cells == build_cells(data, kind)
    return matrix, lines, pd.read_csv(data / f"{kind}_by_cell_comb.csv", index_col=0)


def build_cells(data, kind):
    name = {"gene": "rna", "region": "atac", "motif": "motif"}[kind]
    return read(data)[name].obs_names.tolist()


def test_exports_hold_the_matrices_and_their_label_means(data):
    mdata = build(data, **ALL)
    is_b = (mdata.obs["label"] == "B").to_numpy()
    for kind, name in (("gene", "rna"), ("region", "atac")):
        matrix, lines, means = export(data, kind)
        counts = mdata[name].layers["counts"].toarray()
        np.testing.assert_array_equal(matrix, counts.T)
        assert np.issubdtype(matrix.dtype, np.integer)
        scaled = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1) * 1e4
        assert means.columns.tolist() == ["B", "T"]
        assert means.index.tolist() == mdata[name].var_names.tolist()
        np.testing.assert_allclose(means["B"], scaled[is_b].mean(axis=0), rtol=1e-5)
    assert lines[0] == "chr1:0-10\tchr1:0-10\tPeaks\tchr1\t0\t10"
    assert export(data, "gene")[1][0] == "ENSG0\tg0\tGene Expression"


def test_masked_motif_entries_are_left_out(data):
    mdata = build(data, **ALL)
    matrix, lines, means = export(data, "motif")
    np.testing.assert_array_equal(matrix.astype(np.float32), mdata["motif"].X.T)
    text = gzip.decompress((data / "motif_by_cell" / "matrix.mtx.gz").read_bytes()).decode()
    assert text.splitlines()[1] == "2 7 13"  # 14 entries, one masked
    assert lines == ["MA1\tA\tMotif Deviation", "MA2\tB\tMotif Deviation"]
    is_t = (mdata.obs["label"] == "T").to_numpy()
    expected = mdata["motif"].X[is_t][1:, 1].mean()  # the masked cell is the first T
    np.testing.assert_allclose(means.loc["MA2", "T"], expected, rtol=1e-5)


def cistrome_auc(data, *, cistromes):
    """A file of AUC instead of deviations."""
    motif = ad.read_h5ad(data / "deviations.h5ad")
    motif.layers["auc"] = motif.layers.pop("deviation")
    motif.var_names = ["A_direct", "B_direct"]
    motif.uns["auc"] = {"ranking": "relative", "threshold": 0.05}
    motif[:, :cistromes].copy().write_h5ad(data / "auc.h5ad")


def test_auc_of_cistromes_may_be_the_motif_modality(data):
    cistrome_auc(data, cistromes=2)
    mdata = build(data, **{**ALL, "motif": "auc.h5ad"})
    source = ad.read_h5ad(data / "auc.h5ad")
    assert mdata["motif"].obs_names.tolist() == KEPT
    np.testing.assert_array_equal(mdata["motif"].X, source.X)
    np.testing.assert_array_equal(mdata["motif"].layers["auc"], source.layers["auc"])
    assert mdata["motif"].uns["auc"]["ranking"] == "relative"
    matrix, lines, means = export(data, "motif")
    np.testing.assert_array_equal(matrix.astype(np.float32), source.X.T)
    assert lines[0] == "A_direct\tA\tCistrome AUC"
    assert means.index.tolist() == ["A_direct", "B_direct"]


def test_auc_without_cistromes_is_refused_as_modality(data):
    cistrome_auc(data, cistromes=0)
    with pytest.raises(UserError, match=r"no motif is enriched.*Set motifs.matrix: deviations"):
        build(data, **{**ALL, "motif": "auc.h5ad"})


def test_columns_are_all_labels_even_where_a_modality_has_none(data):
    mosaic(data)
    labels = (data / "labels.tsv").read_text().replace("s1#c0\tT", "s1#c0\tOnly RNA")
    (data / "labels.tsv").write_text(labels)
    build(data, **ALL)
    tables = [export(data, kind)[2] for kind in ("gene", "region", "motif")]
    assert all(table.columns.tolist() == ["B", "Only RNA", "T"] for table in tables)
    assert tables[0]["Only RNA"].notna().all()
    assert tables[1]["Only RNA"].isna().all()


def test_normalised_values_without_counts_are_averaged_as_they_are(data, caplog):
    rna = ad.read_h5ad(data / "rna.h5ad")
    del rna.layers["counts"]
    rna.write_h5ad(data / "rna.h5ad")
    mdata = build(data, rna="rna.h5ad")
    matrix, _, means = export(data, "gene")
    np.testing.assert_allclose(matrix, mdata["rna"].X.toarray().T, rtol=1e-6)
    is_b = (mdata.obs["label"] == "B").to_numpy()
    np.testing.assert_allclose(means["B"], mdata["rna"].X.toarray()[is_b].mean(axis=0), rtol=1e-5)
    assert "No counts of genes" in caplog.text


def test_exports_repeat_byte_for_byte(data):
    build(data, **ALL)
    export(data, "gene")
    first = (data / "gene_by_cell" / "matrix.mtx.gz").read_bytes()
    export(data, "gene")
    assert (data / "gene_by_cell" / "matrix.mtx.gz").read_bytes() == first
