"""Counts as they are delivered: found, named, turned, and read in part."""

import gzip

import anndata as ad
import h5py
import mudata
import numpy as np
import pandas as pd
import pytest
from multiome2vec.errors import UserError
from multiome2vec.io.features import name_genes, take_modality, without_version
from multiome2vec.io.tenx import read_modality
from scipy import sparse
from toy_sample import Sample

FORMS = {"csr": sparse.csr_matrix, "csc": sparse.csc_matrix, "dense": np.asarray}


@pytest.fixture
def sample(tmp_path) -> Sample:
    return Sample(tmp_path)


def read(sample: Sample, **more) -> ad.AnnData:
    given = {"kind": sample.row["rna_kind"], "modality": "rna"}
    return read_modality(sample.row["rna"], **(given | more))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("entries", [3, 11, 40, None])
def test_the_first_entries_of_an_h5ad_in_any_form(sample, form, entries):
    sample.write_rna(FORMS[form](sample.counts))
    found = read(sample, entries=entries)
    assert found.shape == sample.counts.shape
    assert list(found.obs_names) == sample.barcodes
    values = sparse.csr_matrix(found.X).toarray()
    assert ((values == sample.counts) | (values == 0)).all()
    if entries is None:
        np.testing.assert_array_equal(values, sample.counts)
    else:
        assert 0 < (values != 0).sum() <= max(entries, sample.counts.shape[1])


@pytest.mark.parametrize("entries", [5, 10_000, None])
@pytest.mark.parametrize("kind", ["h5", "mtx"])
def test_the_first_entries_of_files_of_cell_ranger(sample, kind, entries):
    if kind == "h5":
        sample.write_h5(sample.folder / "rna.h5")
    else:
        sample.write_mtx(sample.folder / "mtx")
    values = read(sample, entries=entries).X.toarray()
    assert ((values == sample.counts) | (values == 0)).all()
    assert (values != 0).sum() == min(entries or 1000, (sample.counts != 0).sum())


def test_version_2_of_cell_ranger(sample):
    matrix = sparse.csr_matrix(sample.counts.astype(np.int32))
    with h5py.File(sample.folder / "old.h5", "w") as file:
        group = file.create_group("hg19")
        for name in ("data", "indices", "indptr"):
            group[name] = getattr(matrix, name)
        group["shape"] = matrix.shape[::-1]
        group["barcodes"] = np.array(sample.barcodes, "S")
        group["genes"] = np.array([f"ENSG{i}" for i in range(5)], "S")
        group["gene_names"] = np.array(sample.genes, "S")
    found = read_modality(str(sample.folder / "old.h5"), kind="10x_h5", modality="rna")
    assert list(found.var_names) == sample.genes
    assert found.var["gene_ids"].tolist()[0] == "ENSG0"
    np.testing.assert_array_equal(found.X.toarray(), sample.counts)


def test_a_matrix_that_does_not_fit_its_names(sample):
    sample.write_h5(sample.folder / "rna.h5")
    with h5py.File(sample.row["rna"], "a") as file:
        del file["matrix/barcodes"]
        file["matrix/barcodes"] = np.array(sample.barcodes[:-1], "S")
    with pytest.raises(UserError, match="its matrix is 5 × 8, but it names 5 features and 7 barc"):
        read(sample)
    with h5py.File(sample.row["rna"], "a") as file:
        del file["matrix/indices"]
        file["matrix/indices"] = np.zeros(3, int)
    with pytest.raises(UserError, match="damaged: /matrix has .* 3 indices"):
        read(sample)


def test_a_modality_of_an_h5mu(sample):
    regions = ad.AnnData(sample.counts[:, :2], obs=pd.DataFrame(index=sample.barcodes))
    regions.var_names = ["chr1:1-5", "chr1:7-9"]
    both = mudata.MuData({"gex": sample.anndata(sample.counts), "ATAC": regions})
    path = str(sample.folder / "both.h5mu")
    both.write(path)
    assert list(read_modality(path, kind="h5ad", modality="rna").var_names) == sample.genes
    assert read_modality(path, kind="h5ad", modality="atac").n_vars == 2
    mudata.MuData({"prot": regions}).write(path)
    with pytest.raises(UserError, match=r"has no modality 'rna' \(modalities: prot\)"):
        read_modality(path, kind="h5ad", modality="rna")


def test_raw_by_its_name_with_its_own_genes(sample):
    adata = sample.anndata(sample.counts)
    adata.raw = adata.copy()
    adata = adata[:, :2].copy()
    adata.X = np.log1p(adata.X)
    adata.write_h5ad(sample.row["rna"])
    found = read(sample, layer=".raw")
    assert list(found.var_names) == sample.genes
    np.testing.assert_array_equal(found.X, sample.counts)
    with pytest.raises(UserError, match="has no layer 'raw'.*raw stands for adata.raw"):
        read(sample, layer="raw")


def test_equal_layers_of_counts_are_no_choice(sample, caplog):
    layers = {"counts": sample.counts, "raw": sparse.csr_matrix(sample.counts)}
    sample.write_rna(np.log1p(sample.counts), layers=layers)
    values = sparse.csr_matrix(read(sample).X).toarray()
    np.testing.assert_array_equal(values, sample.counts)
    assert "X holds no counts; they are taken from the layer 'counts'" in caplog.text


def test_normalised_values_are_taken_where_they_are_wanted(sample):
    logs = np.log1p(sample.counts)
    sample.write_rna(logs, layers={"counts": sample.counts})
    np.testing.assert_allclose(read(sample, kind="normalized").X, logs, rtol=1e-6)


def test_a_matrix_named_in_its_folder(sample):
    sample.write_mtx(sample.folder / "mtx", prefix="GSM1_")
    (sample.folder / "mtx/GSM1_barcodes.tsv.gz").rename(sample.folder / "mtx/barcodes.tsv.gz")
    with pytest.raises(UserError, match="mtx has no GSM1_barcodes.tsv"):
        read(sample)
    (sample.folder / "mtx/GSM1_matrix.mtx.gz").unlink()
    with pytest.raises(UserError, match="has no matrix.mtx .*it holds GSM1_features.tsv.gz, barco"):
        read(sample)


def test_version_2_of_a_matrix_folder_and_regions_as_bed(sample):
    sample.write_mtx(sample.folder / "mtx")
    folder = sample.folder / "mtx"
    (folder / "features.tsv.gz").rename(folder / "genes.tsv.gz")
    assert list(read(sample).var_names) == sample.genes
    (folder / "genes.tsv.gz").unlink()
    (folder / "peaks.bed").write_text("".join(f"chr1\t{i}\t{i + 5}\n" for i in range(5)))
    found = read_modality(str(folder), kind="mtx", modality="atac")
    assert list(found.var_names)[:2] == ["chr1:0-5", "chr1:1-6"]


def test_square_matrices_are_not_turned(sample, caplog):
    sample.counts, sample.barcodes = sample.counts[:5], sample.barcodes[:5]
    sample.write_mtx(sample.folder / "mtx")
    np.testing.assert_array_equal(read(sample).X.toarray(), sample.counts)
    assert "transposed" not in caplog.text


def genes(names, **columns) -> ad.AnnData:
    return ad.AnnData(np.ones((1, len(names))), var=pd.DataFrame(columns, index=names))


def test_genes_by_ids_take_the_symbols_that_there_are():
    ids = ["ENSG00000000003.15", "ENSMUSG00000000001.5", "ENSG00000182378.15_PAR_Y"]
    adata = genes(ids, Symbol=["TSPAN6", None, " "])
    name_genes(adata, path="x")
    plain = ["ENSG00000000003", "ENSMUSG00000000001", "ENSG00000182378_PAR_Y"]
    assert list(adata.var_names) == ["TSPAN6", *plain[1:]]
    assert adata.var["gene_ids"].tolist() == plain


def test_genes_by_ids_alone_are_told(caplog):
    adata = genes(["ENSG00000000003.15", "ENSG00000000005.6"])
    name_genes(adata, path="x")
    assert list(adata.var_names) == ["ENSG00000000003", "ENSG00000000005"]
    assert "no column of symbols" in caplog.text


def test_symbols_stay_and_their_ids_lose_the_version():
    adata = genes(["A", "B"], gene_id=["ENSG00000000003.15", "FBgn0000014"])
    name_genes(adata, path="x")
    assert list(adata.var_names) == ["A", "B"]
    assert adata.var["gene_ids"].tolist() == ["ENSG00000000003", "FBgn0000014"]
    assert without_version(pd.Series(["NM_1.2"]))[0] == "NM_1.2"


def test_regions_are_no_genes():
    with pytest.raises(UserError, match="its features are regions.*columns atac and atac_kind"):
        name_genes(genes(["chr1:1-5", "chr1:7-9", "A"]), path="x")


@pytest.mark.parametrize(
    ("types", "rna", "atac"),
    [
        (["Gene Expression", "Peaks", "Antibody Capture"], [0], [1]),
        (["GEX", "ATAC", "ADT"], [0], [1]),
        (["RNA", "chromatin accessibility", "hto"], [0], [1]),
        (["gene", "peak", "peak"], [0], [1, 2]),
        (["protein_coding", "lncRNA", "lncRNA"], [0, 1, 2], [0, 1, 2]),  # no modalities
    ],
)
def test_spellings_of_feature_types(types, rna, atac):
    for modality, mine in (("rna", rna), ("atac", atac)):
        found = take_modality(genes(list("abc"), feature_types=types), modality=modality, path="x")
        assert list(found.var_names) == [list("abc")[i] for i in mine]


def test_a_file_of_the_other_modality():
    with pytest.raises(UserError, match="no features of type Gene Expression; its types are Peaks"):
        take_modality(genes(["a"], feature_types=["Peaks"]), modality="rna", path="x")


def test_infinite_and_too_large_counts_are_refused(sample):
    from multiome2vec.io.counts import no_counts

    values = np.array([1, np.inf, np.nan, -1, 0.5, 2.0**40, 7], np.float32)
    assert no_counts(values).tolist() == [False, True, True, True, True, True, False]
    assert no_counts(np.array([1, -1])).tolist() == [False, True]
    assert no_counts(np.array([1, 2**31], np.uint32)).tolist() == [False, True]


def test_a_matrix_that_is_empty(sample):
    sample.anndata(sample.counts)[:0].copy().write_h5ad(sample.row["rna"])
    with pytest.raises(UserError, match="holds 0 barcodes and 5 features"):
        read(sample)


def test_a_table_of_barcodes_that_is_damaged(sample):
    sample.write_mtx(sample.folder / "mtx")
    path = sample.folder / "mtx/barcodes.tsv.gz"
    path.write_bytes(gzip.compress(b"x" * 999)[:-9])
    with pytest.raises(UserError, match="barcodes.tsv.gz cannot be read"):
        read(sample)
