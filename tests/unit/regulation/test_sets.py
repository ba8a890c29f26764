import numpy as np
import pandas as pd
from multiome2vec.io.file_names import file_names
from multiome2vec.regulation.sets import read_sets, write_sets

REGIONS = pd.DataFrame(
    {"chrom": ["chr2", "chr1", "chr1"], "start": [5, 900, 70], "end": [9, 950, 80]},
    index=["r0", "r1", "r2"],
)


def test_sets_come_back_sorted_and_under_their_names(tmp_path):
    sets = {
        "CD4+ T/NK": np.array([True, True, True]),
        "cd4_t_nk": np.array([False, False, True]),
        "none": np.zeros(3, bool),
    }
    write_sets(sets, REGIONS, tmp_path / "sets")
    found = read_sets(tmp_path / "sets")
    assert found == {
        "CD4+ T/NK": ["chr1:70-80", "chr1:900-950", "chr2:5-9"],
        "cd4_t_nk": ["chr1:70-80"],
    }
    assert {path.name for path in (tmp_path / "sets").glob("*.bed")} == {
        "CD4_T_NK.bed", "cd4_t_nk-2.bed"
    }  # fmt: skip
    (tmp_path / "sets/names.tsv").unlink()
    assert set(read_sets(tmp_path / "sets")) == {"CD4_T_NK", "cd4_t_nk-2"}
    line = (tmp_path / "sets/cd4_t_nk-2.bed").read_text()
    assert line == "chr1\t70\t80\tchr1:70-80\n"


def test_file_names():
    assert file_names(["a b", "a_b", "A/b", "..", "x"]) == ["a_b", "a_b-2", "A_b-3", "group", "x"]
