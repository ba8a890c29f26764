"""Counts as text: tables of features × barcodes, and folders of annotated CSV files."""

import gzip

import numpy as np
import pytest
from multiome2vec import keys
from multiome2vec.errors import UserError
from multiome2vec.io.labels import read_labels
from multiome2vec.io.tenx import read_modality
from multiome2vec.io.text_counts import read_text_table
from scipy import sparse
from scipy.io import mmwrite

COUNTS = np.array([[1, 0, 2], [0, 3, 0]])  # cells × features


def table(path, *, corner="gene\t", rows=("A\t1\t0", "B\t0\t3", "C\t2\t0")) -> str:
    text = f"{corner}AAA-1\tCCC-1\n" + "".join(f"{row}\n" for row in rows)
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return str(path)


@pytest.mark.parametrize("corner", ["gene\t", "", "\t", '"gene"\t'])
@pytest.mark.parametrize("name", ["t.tsv", "t.tsv.gz"])
def test_a_table_with_and_without_a_corner(tmp_path, corner, name):
    found = read_modality(table(tmp_path / name, corner=corner), kind="table", modality="rna")
    assert sparse.issparse(found.X)
    np.testing.assert_array_equal(found.X.toarray(), COUNTS)
    assert list(found.obs_names) == ["AAA-1", "CCC-1"]
    assert list(found.var_names) == ["A", "B", "C"]


def test_a_table_of_regions_with_commas_and_quotes(tmp_path):
    (tmp_path / "t.csv").write_text('"AAA-1","CCC-1"\n"chr1:5-9",1,0\n"chr1:20-30",0,3\n')
    found = read_modality(str(tmp_path / "t.csv"), kind="table", modality="atac")
    assert list(found.var_names) == ["chr1:5-9", "chr1:20-30"]
    np.testing.assert_array_equal(found.X.toarray(), [[1, 0], [0, 3]])


def test_repeated_barcodes_are_not_renamed(tmp_path):
    (tmp_path / "t.tsv").write_text("AAA\tAAA\nA\t1\t2\n")
    assert list(read_text_table(str(tmp_path / "t.tsv")).obs_names) == ["AAA", "AAA"]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (("A\t1\t0", "B\t0\tx"), "the row 'B' lacks values, or has some that are no numbers"),
        (("A\t1\t0", "B\t0"), "the row 'B' lacks values"),
        (("A\t1\t0", "B\t0\t1\t2"), "is no table: .*Expected 3 fields in line 3, saw 4"),
        (("A\t1", "B\t2"), "its header names 3 barcodes, its rows have 1 values"),
        ((), "has no rows"),
    ],
)
def test_what_is_no_table_of_counts_is_named(tmp_path, rows, message):
    with pytest.raises(UserError, match=message):
        read_text_table(table(tmp_path / "t.tsv", rows=rows))


def scicar(folder, features: str):
    """A folder as the authors of sci-CAR name and write their files."""
    folder.mkdir()
    mmwrite(str(folder / "matrix.mtx"), sparse.coo_matrix(COUNTS.T))
    cells = 'sample,cell_name\nAAA-1,293T\nCCC-1,"A549, 1 h"\n'
    (folder / "barcodes.csv.gz").write_bytes(gzip.compress(cells.encode()))
    (folder / "features.csv.gz").write_bytes(gzip.compress(features.encode()))
    return str(folder)


def test_a_folder_of_annotated_tables(tmp_path):
    genes = "gene_id,gene_type,gene_short_name\nE1,x,A\nE2,x,B\nE3,x,C\n"
    rna = read_modality(scicar(tmp_path / "rna", genes), kind="10x_mtx", modality="rna")
    np.testing.assert_array_equal(rna.X.toarray(), COUNTS)
    assert list(rna.var_names) == ["A", "B", "C"]
    assert list(rna.var[keys.GENE_ID]) == ["E1", "E2", "E3"]
    assert list(rna.obs_names) == ["AAA-1", "CCC-1"]
    peaks = "id,peak,chr,start,end\n1,p1,1,5,9\n2,p2,1,20,30\n3,p3,X,7,8\n"
    atac = read_modality(scicar(tmp_path / "atac", peaks), kind="mtx", modality="atac")
    assert list(atac.var_names) == ["1:5-9", "1:20-30", "X:7-8"]


def test_labels_of_tables_with_other_headers(tmp_path):
    scicar(tmp_path / "rna", "gene_id\nA\nB\nC\n")
    found = read_labels(str(tmp_path / "rna" / "barcodes.csv.gz"), h5ad=None)
    assert found.to_dict() == {"AAA-1": "293T", "CCC-1": "A549, 1 h"}
    zheng = tmp_path / "zheng.tsv"
    zheng.write_text("TSNE.1\tTSNE.2\tbarcodes\tcelltype\n1\t2\tAAA-1\tCD19+ B\n")
    assert read_labels(str(zheng), h5ad=None).to_dict() == {"AAA-1": "CD19+ B"}
    plain = tmp_path / "plain.tsv"
    plain.write_text("AAA-1\tx\textra\nCCC-1\ty\textra\n")
    assert read_labels(str(plain), h5ad=None).to_dict() == {"AAA-1": "x", "CCC-1": "y"}
