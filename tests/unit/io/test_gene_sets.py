import gzip

import pytest
from multiome2vec.errors import UserError
from multiome2vec.io.gene_sets import read_gmt


def test_gene_sets(tmp_path):
    path = tmp_path / "sets.gmt.gz"
    path.write_bytes(gzip.compress(b"A b\thttp://x\tG1\tG2\t\n\nC\t\tG3\n"))
    assert read_gmt(path) == {"A b": ["G1", "G2"], "C": ["G3"]}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("A\tx\tG1\nA\tx\tG2\n", "line 2: set 'A' occurs twice"),
        ("A\tx\n", "line 1: set 'A' has no genes"),
        ("", "is empty"),
    ],
)
def test_bad_files(tmp_path, text, message):
    path = tmp_path / "sets.gmt"
    path.write_text(text)
    with pytest.raises(UserError, match=message):
        read_gmt(path)
    with pytest.raises(UserError, match="does not exist"):
        read_gmt(tmp_path / "none")
