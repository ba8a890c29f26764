"""Sizes of delivered files, exact by their heads or guessed by their bytes."""

import anndata as ad
import h5py
import numpy as np
import pytest
from mudata import MuData
from multiome2vec.costs.stored import NOTHING, bytes_of, count_fragments, count_matrix
from scipy import sparse


def tenx(path, n_genes: int, n_peaks: int, n_cells: int, per_cell: tuple[int, int]):
    """Matrix in 10x form: each cell has so many entries of genes and of peaks."""
    genes = np.arange(per_cell[0])
    cell = np.concatenate([genes, n_genes + np.arange(per_cell[1])])
    kinds = [b"Gene Expression"] * n_genes + [b"Peaks"] * n_peaks
    with h5py.File(path, "w") as file:
        matrix = file.create_group("matrix")
        matrix["shape"] = [n_genes + n_peaks, n_cells]
        matrix["data"] = np.ones(len(cell) * n_cells, np.int32)
        matrix["indices"] = np.tile(cell, n_cells)
        matrix["features/feature_type"] = np.array(kinds)
    return str(path)


def test_modalities_of_a_10x_matrix_share_its_entries(tmp_path):
    path = tenx(tmp_path / "m.h5", 30, 70, 50, (4, 12))
    assert count_matrix(path, "rna") == (50, 30, 4 * 50)
    assert count_matrix(path, "atac") == (50, 70, 12 * 50)


def test_anndata_and_mudata_say_their_sizes(tmp_path):
    matrix = sparse.random(100, 50, 0.2, format="csr", dtype=np.float32, rng=0)
    sparse_one, dense = ad.AnnData(matrix), ad.AnnData(matrix.toarray())
    sparse_one.write_h5ad(tmp_path / "sparse.h5ad")
    dense.write_h5ad(tmp_path / "dense.h5ad")
    MuData({"atac": sparse_one}).write(tmp_path / "both.h5mu")
    assert count_matrix(str(tmp_path / "sparse.h5ad"), "rna") == (100, 50, 1000)
    assert count_matrix(str(tmp_path / "dense.h5ad"), "rna") == (100, 50, 5000)
    assert count_matrix(str(tmp_path / "both.h5mu"), "atac") == (100, 50, 1000)


def test_a_changed_file_is_looked_at_again(tmp_path):
    path = tmp_path / "m.h5"
    assert count_matrix(tenx(path, 3, 1, 10, (2, 1)), "rna").entries == 20
    assert count_matrix(tenx(path, 3, 1, 1000, (2, 1)), "rna").entries == 2000


def test_text_is_guessed_by_its_bytes(tmp_path):
    folder = tmp_path / "mtx"
    folder.mkdir()
    (folder / "matrix.mtx.gz").write_bytes(bytes(4_000_000))
    found = count_matrix(str(folder), "rna")
    assert (found.cells, found.entries) == (500, 1_000_000)
    (tmp_path / "f.tsv.gz").write_bytes(bytes(10_000))
    assert count_fragments(str(tmp_path / "f.tsv.gz")) == 1000


def test_files_to_download_count_by_their_published_size():
    expected = {"d/m.h5": 4_000_000, "d/mtx/matrix.mtx.gz": 300, "d/mtx/genes.tsv.gz": 100}
    assert count_matrix("d/m.h5", "atac", expected).entries == 2_000_000
    assert bytes_of("d/mtx", expected) == 400
    assert count_fragments("d/none.tsv.gz", expected | {"d/unknown": None}) == 0
    assert count_matrix("", "rna", expected) == NOTHING


@pytest.mark.parametrize("content", [b"", b"<html>", b"\x89HDF\r\n\x1a\n" + bytes(400)])
def test_damaged_files_do_not_stop_the_planning(tmp_path, content):
    path = tmp_path / "m.h5"
    path.write_bytes(content)
    assert count_matrix(str(path), "rna").entries == len(content) / 2


def test_hdf5_of_another_kind_is_guessed(tmp_path):
    with h5py.File(tmp_path / "m.h5", "w") as file:
        file["table"] = np.zeros(1000)
    assert count_matrix(str(tmp_path / "m.h5"), "rna").entries > 1000
