import gzip

import anndata as ad
import numpy as np
import pandas as pd
import pytest
from multiome2vec.errors import UserError
from multiome2vec.io.annotation import read_tss
from multiome2vec.io.genome import read_tss_bed
from multiome2vec.io.labels import read_labels
from multiome2vec.io.region_names import parse_region_names
from multiome2vec.steps.ingest_regions import ingest_regions
from multiome2vec.steps.ingest_rna import ingest_rna
from scipy import sparse
from scipy.io import mmwrite

COUNTS = np.array([[1, 0, 2, 5], [0, 3, 0, 7]])
GENES = ["A", "B", "A", "chr1:5-9"]
TYPES = ["Gene Expression"] * 3 + ["Peaks"]


def write_h5ad(path, matrix=COUNTS, **more):
    var = pd.DataFrame({"feature_types": TYPES}, index=GENES)
    obs = pd.DataFrame({"kind": ["x", "y"]}, index=["AAA-1", "CCC-1"])
    ad.AnnData(matrix, obs=obs, var=var, **more).write_h5ad(path)
    return str(path)


def write_mtx(folder):
    folder.mkdir()
    mmwrite(str(folder / "matrix.mtx"), sparse.coo_matrix(COUNTS.T))
    (folder / "matrix.mtx.gz").write_bytes(gzip.compress((folder / "matrix.mtx").read_bytes()))
    (folder / "matrix.mtx").unlink()
    rows = "".join(f"id{i}\t{g}\t{t}\n" for i, (g, t) in enumerate(zip(GENES, TYPES, strict=True)))
    (folder / "features.tsv").write_text(rows)
    (folder / "barcodes.tsv").write_text("AAA-1\nCCC-1\n")
    return str(folder)


def rna(source, tmp_path, kind="h5ad", layer="", obs_columns=()):
    out = str(tmp_path / "rna.h5ad")
    ingest_rna(source=source, out=out, kind=kind, layer=layer, obs_columns=list(obs_columns))
    return ad.read_h5ad(out)


def regions(source, tmp_path, kind="h5ad", counting="fragment"):
    out = str(tmp_path / "regions.h5ad")
    ingest_regions(source=source, out=out, kind=kind, layer="", counting=counting)
    return ad.read_h5ad(out)


@pytest.mark.parametrize("form", [np.array, sparse.csr_matrix, sparse.csc_matrix])
def test_genes_of_a_joint_file_in_any_form(tmp_path, form):
    found = rna(write_h5ad(tmp_path / "a.h5ad", form(COUNTS)), tmp_path, obs_columns=["kind"])
    np.testing.assert_array_equal(found.layers["counts"].toarray(), COUNTS[:, :3])
    assert list(found.var_names) == ["A", "B", "A-1"]
    assert list(found.obs["kind"]) == ["x", "y"]


def test_matrix_folder_with_both_modalities(tmp_path):
    folder = write_mtx(tmp_path / "mtx")
    np.testing.assert_array_equal(rna(folder, tmp_path, "10x_mtx").X.toarray(), COUNTS[:, :3])
    found = regions(folder, tmp_path, "mtx")
    assert list(found.var_names) == ["chr1:5-9"]
    assert found.uns["counting"] == "fragment"


def test_values_that_are_no_counts_are_named(tmp_path):
    path = write_h5ad(tmp_path / "a.h5ad", COUNTS + np.array([[0, 0.5, 0, 0], [0, 0, 0, 0]]))
    with pytest.raises(UserError, match="not counts: 0.5 for B in cell AAA-1.*rna_kind to 'norma"):
        rna(path, tmp_path)
    assert "counts" not in rna(path, tmp_path, kind="normalized").layers
    with_layer = write_h5ad(tmp_path / "b.h5ad", COUNTS / 3, layers={"raw": COUNTS})
    np.testing.assert_array_equal(rna(with_layer, tmp_path, layer="raw").X.toarray(), COUNTS[:, :3])
    plain = write_h5ad(tmp_path / "c.h5ad", COUNTS)
    np.testing.assert_array_equal(rna(plain, tmp_path, layer="X").X.toarray(), COUNTS[:, :3])
    with pytest.raises(UserError, match=r"has no layer 'counts' \(layers: raw\)"):
        rna(with_layer, tmp_path, layer="counts")


def test_undeclared_counting_unit_is_an_error(tmp_path):
    path = write_h5ad(tmp_path / "a.h5ad")
    with pytest.raises(UserError, match="unit of its counts is not declared.*paired-insertion"):
        regions(path, tmp_path, counting="")
    declared = write_h5ad(tmp_path / "b.h5ad", uns={"counting": "insertion"})
    assert regions(declared, tmp_path, counting="").uns["counting"] == "insertion"


def test_repeated_barcodes_and_missing_files(tmp_path):
    adata = ad.AnnData(COUNTS, obs=pd.DataFrame(index=["AAA-1", "AAA-1"]))
    adata.write_h5ad(tmp_path / "a.h5ad")
    with pytest.raises(UserError, match="barcode AAA-1 occurs more than once"):
        rna(str(tmp_path / "a.h5ad"), tmp_path)
    with pytest.raises(UserError, match="does not exist"):
        rna(str(tmp_path / "none.h5ad"), tmp_path)
    (tmp_path / "bad.h5").write_bytes(b"no hdf5")
    with pytest.raises(UserError, match="cannot be read as 10x_h5"):
        rna(str(tmp_path / "bad.h5"), tmp_path, kind="10x_h5")


def test_region_names_in_three_spellings():
    names = ["chr1:10-20", "chr1-30-40", "chr1_GL383_alt_50_60"]
    table = parse_region_names(names, path="x")
    assert list(table.index) == ["chr1:10-20", "chr1:30-40", "chr1_GL383_alt:50-60"]
    for bad, message in (("peak1", "is not a region"), ("chr1:20-10", "ends before it starts")):
        with pytest.raises(UserError, match=message):
            parse_region_names([*names, bad], path="x")
    with pytest.raises(UserError, match="chr1:10-20 occurs more than once"):
        parse_region_names(["chr1:10-20", "chr1-10-20"], path="x")


def test_transcription_start_sites(tmp_path):
    gtf = tmp_path / "g.gtf.gz"
    rows = [
        'chr1\tx\tgene\t101\t200\t.\t+\t.\tgene_id "g1"; gene_name "A";',
        'chr1\tx\texon\t101\t200\t.\t+\t.\tgene_id "g1"; gene_name "A";',
        'chr1\tx\tgene\t301\t400\t.\t-\t.\tgene_id "g2";',
    ]
    gtf.write_bytes(gzip.compress("\n".join(rows).encode()))
    table = read_tss(gtf)
    assert table[["start", "end", "gene_name"]].to_numpy().tolist() == [
        [100, 101, "A"],
        [399, 400, "g2"],
    ]
    bed = tmp_path / "t.bed"
    bed.write_text("chr1\t100\t150\tA\t0\t-\n")
    assert read_tss_bed(bed).loc[0, ["start", "end"]].tolist() == [149, 150]


def test_labels_from_tables_and_obs(tmp_path):
    named = tmp_path / "named.tsv"
    named.write_text("n\tlabel\tbarcode\n1\tT\tAAA-1\n")
    bare = tmp_path / "bare.tsv"
    bare.write_text("AAA-1\tT\nCCC-1\t\n")
    assert read_labels(str(named), h5ad=None).to_dict() == {"AAA-1": "T"}
    assert read_labels(str(bare), h5ad=None).to_dict() == {"AAA-1": "T"}
    path = write_h5ad(tmp_path / "a.h5ad")
    assert read_labels("obs:kind", h5ad=path).to_dict() == {"AAA-1": "x", "CCC-1": "y"}
    with pytest.raises(UserError, match="has no obs column 'type'"):
        read_labels("obs:type", h5ad=path)
    bare.write_text("AAA-1\tT\nAAA-1\tB\n")
    with pytest.raises(UserError, match="barcode AAA-1 occurs more than once"):
        read_labels(str(bare), h5ad=None)
