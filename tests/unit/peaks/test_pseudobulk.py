"""Groups of cells and the split of fragments over them."""

import numpy as np
import pandas as pd
from multiome2vec.peaks.pseudobulk import make_groups, split_fragments
from multiome2vec.peaks.stream import stream_fragments

SIZES = pd.Series({"chr1": 1000, "chr2": 500})


def test_groups_are_label_by_sample_with_safe_unique_slugs():
    cells = pd.DataFrame(
        {
            "label": ["B/T", "B T", "B T", "b t", "CD14+ Mono, x", ".hidden"],
            "sample": ["s1", "s1", "s1", "s1", "s2", "s2"],
        }
    )
    groups = make_groups(cells)
    assert groups["label"].tolist() == [".hidden", "B T", "B/T", "CD14+ Mono, x", "b t"]
    assert groups["cells"].tolist() == [1, 2, 1, 1, 1]
    slugs = groups["slug"].tolist()
    assert slugs == ["hidden.s2", "B_T.s1", "B_T.s1-2", "CD14_Mono_x.s2", "b_t.s1-3"]


def test_fragments_are_split_in_order_and_counted(tmp_path):
    rows = [
        ("chr1", 10, 20, "A", 1),
        ("chr1", 12, 30, "B", 2),
        ("chr1", 15, 40, "other", 1),
        ("chr1", 18, 60, "C", 1),
        ("chr2", 5, 9, "A", 7),
        ("chr2", 5, 9, "D", 1),
        ("chrM", 5, 9, "A", 1),
    ]
    source = tmp_path / "f.tsv"
    source.write_text("".join("\t".join(map(str, row)) + "\n" for row in rows))
    paths = {0: tmp_path / "zero.tsv", 2: tmp_path / "two.tsv"}
    written = split_fragments(
        stream_fragments(source, barcodes=["A", "B", "C", "D"], chrom_sizes=SIZES),
        group_of_cell=np.array([0, 1, 0, 2]),  # group 1 is counted, not written
        paths=paths,
        chromosomes=SIZES.index,
    )
    assert written.tolist() == [3, 1, 1]
    assert paths[0].read_text() == "chr1\t10\t20\t0\t1\nchr1\t18\t60\t2\t1\nchr2\t5\t9\t0\t7\n"
    assert paths[2].read_text() == "chr2\t5\t9\t3\t1\n"


def test_cells_of_no_group_are_left_out(tmp_path):
    (tmp_path / "f.tsv").write_text("chr1\t1\t2\tA\t1\nchr1\t1\t2\tB\t1\n")
    written = split_fragments(
        stream_fragments(tmp_path / "f.tsv", barcodes=["A", "B"], chrom_sizes=SIZES),
        group_of_cell=np.array([-1, 0]),
        paths={0: tmp_path / "zero.tsv"},
        chromosomes=SIZES.index,
    )
    assert written.tolist() == [1]
    assert (tmp_path / "zero.tsv").read_text() == "chr1\t1\t2\t1\t1\n"
