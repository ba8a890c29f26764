import re

import pytest
from multiome2vec.errors import UserError
from multiome2vec.io.sheet import metadata_columns, read_sheet


def write(path, text):
    path.write_text(text.replace(" ", "\t"))
    return path


def test_missing_columns_are_empty_and_batch_is_the_sample(tmp_path):
    sheet = read_sheet(write(tmp_path / "s.tsv", "sample fragments tissue\na f.tsv.gz lung\n"))
    assert list(sheet.index) == ["a"]
    assert sheet.loc["a", "batch"] == "a"
    assert sheet.loc["a", "rna"] == ""
    assert metadata_columns(sheet) == ["batch", "donor", "condition", "tissue"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sample rna rna_kind\na x.h5 10x_h5\na y.h5 10x_h5\n", "row 3: sample 'a' occurs in"),
        ("sample rna rna_kind\na/b x.h5 10x_h5\n", "row 2: sample name 'a/b' may hold letters"),
        ("sample rna rna_kind\na x.h5 10x\n", "row 2: rna_kind '10x' is none of 10x_h5"),
        ("sample rna batch\na  b1\n", "row 2: sample 'a' has neither rna nor fragments nor atac"),
        ("sample atac atac_kind counting\na x.h5 h5ad reads\n", "counting 'reads' is none of"),
        ("name rna\na x\n", "no column 'sample'; columns are: name, rna"),
        ("sample fragments rna_barcodes\na f *-1\n", "row 2: rna_barcodes is '*-1' but column rna"),
        ("sample fragments fragments_barcodes\na f -1\n", "'-1' is no choice of barcodes"),
        ("sample fragments fragments_barcodes\na f *1\n", "'*1' is no choice of barcodes"),
        ("sample fragments fragments_barcodes\na f A*\n", "'A*' is no choice of barcodes"),
        ("sample fragments\na f\nb f\n", "rows 2, 3: fragments is f in all of them; say in"),
        (
            "sample rna rna_kind rna_barcodes\na m 10x_h5 *-1\nb m 10x_h5 *-1\n",
            "rows 2, 3: rna is m in all of them; say in rna_barcodes which barcodes are whose",
        ),
    ],
)  # fmt: skip
def test_problems_are_named_with_their_row(tmp_path, text, message):
    with pytest.raises(UserError, match=re.escape(message)):
        read_sheet(write(tmp_path / "s.tsv", text))


def test_samples_that_share_a_file_say_which_barcodes_are_theirs(tmp_path):
    text = "sample fragments fragments_barcodes\na f *-1\nb f *-2\nc f lung_*\nd g \n"
    sheet = read_sheet(write(tmp_path / "s.tsv", text))
    assert sheet["fragments_barcodes"].to_list() == ["*-1", "*-2", "lung_*", ""]


def test_all_problems_at_once(tmp_path):
    path = write(tmp_path / "s.tsv", "sample rna rna_kind\na/b x 10x\na/b x 10x_h5\n")
    with pytest.raises(UserError) as caught:
        read_sheet(path)
    assert str(caught.value).count("row ") >= 4


def test_missing_sheet_says_what_to_set(tmp_path):
    with pytest.raises(UserError, match=r"datasets.<name>.samples"):
        read_sheet(tmp_path / "none.tsv")
