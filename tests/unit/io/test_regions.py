"""Tables of cells and regions: types, order, messages."""

import gzip

import anndata as ad
import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from multiome2vec.errors import ContractError, UserError
from multiome2vec.io.regions import (
    load_regions,
    read_bed,
    read_cells,
    read_chrom_sizes,
    region_names,
)


@pytest.fixture
def cells(tmp_path):
    path = tmp_path / "barcodes.tsv"
    path.write_text(
        "cell\tsample\tlabel\tfrip\tkeep\tpredicted_doublet\tsite\n"
        "1#A\t1\t0\t0.5\tTrue\tFalse\tx\n"
        "1#B\t1\t10\t\tFalse\t\t\n"
        "2#A\t2\tNA\t0.25\tTrue\tTrue\ty\n"
    )
    return path


def test_columns_of_a_table_of_cells_have_their_types(cells):
    table = read_cells(cells)
    assert table.index.tolist() == ["1#A", "1#B", "2#A"]
    assert table["sample"].tolist() == ["1", "1", "2"]
    assert table["label"].tolist() == ["0", "10", "NA"]
    assert table["keep"].tolist() == [True, False, True]
    assert table["predicted_doublet"].tolist() == [False, False, True]
    assert table["frip"].dtype == float
    assert np.isnan(table["frip"].iloc[1])
    assert table["site"].tolist() == ["x", "", "y"]


def test_load_regions_keeps_the_kept_cells_in_the_order_of_the_table(cells, tmp_path):
    counts = sp.csr_matrix(np.array([[1, 0], [2, 3], [0, 4]], dtype=np.int32))
    obs = pd.DataFrame(index=["2#A", "1#B", "1#A"])
    adata = ad.AnnData(counts, obs, pd.DataFrame(index=["chr1:0-5", "chr1:5-9"]))
    adata.write_h5ad(tmp_path / "regions.h5ad")
    kept = load_regions(tmp_path / "regions.h5ad", cells)
    assert kept.obs_names.tolist() == ["1#A", "2#A"]
    assert kept.X.toarray().tolist() == [[0, 4], [1, 0]]
    adata[["1#B"]].write_h5ad(tmp_path / "other.h5ad")
    with pytest.raises(ContractError, match="No kept cell"):
        load_regions(tmp_path / "other.h5ad", cells)


def test_bed_is_read_with_and_without_gzip(tmp_path):
    text = "track name=x\n#comment\nchr2\t5\t9\tname\t1\n\nchr1\t0\t3\n"
    (tmp_path / "a.bed").write_text(text)
    (tmp_path / "a.bed.gz").write_bytes(gzip.compress(text.encode()))
    for name in ("a.bed", "a.bed.gz"):
        bed = read_bed(tmp_path / name)
        assert region_names(bed).tolist() == ["chr2:5-9", "chr1:0-3"]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("chr1\t5", "line 2: expected chrom, start, end"),
        ("chr1 5 9", "line 2: expected chrom, start, end"),
        ("chr1\t9\t9", "line 2: start 9 and end 9"),
        ("chr1\t-1\t9", "line 2: start -1"),
    ],
)
def test_bad_bed_line_is_named(tmp_path, line, message):
    (tmp_path / "a.bed").write_text(f"chr1\t0\t3\n{line}\n")
    with pytest.raises(UserError, match=message):
        read_bed(tmp_path / "a.bed")


def test_missing_and_truncated_bed(tmp_path):
    with pytest.raises(UserError, match="does not exist"):
        read_bed(tmp_path / "no.bed")
    path = tmp_path / "cut.bed.gz"
    path.write_bytes(gzip.compress(b"chr1\t0\t3\n" * 1000)[:-20])
    with pytest.raises(UserError, match="not a whole gzip file"):
        read_bed(path)


def test_chrom_sizes_keep_their_order(tmp_path):
    (tmp_path / "chrom.sizes").write_text("chr2\t20\nchr1\t10\n")
    assert read_chrom_sizes(tmp_path / "chrom.sizes").to_dict() == {"chr2": 20, "chr1": 10}
