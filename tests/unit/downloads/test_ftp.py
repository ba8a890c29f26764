"""FTP: the same promises as HTTP."""

import pytest
from multiome2vec.downloads.transfer import OVERLAP
from multiome2vec.errors import UserError
from unit.downloads.conftest import DATA, OTHER, PATH


def test_a_file(ftp, downloads):
    assert downloads.get(f"{ftp.url}/pub/a.tsv.gz").read_bytes() == DATA
    assert downloads.left() == {"a.tsv.gz"}
    assert downloads.manifest.sha256(PATH)


@pytest.mark.parametrize("kind", ["cut", "stall"])
def test_a_connection_that_breaks_is_resumed(ftp, downloads, kind):
    ftp.acts = [(kind, 70_000)]
    assert downloads.get(f"{ftp.url}/pub/a.tsv.gz").read_bytes() == DATA
    assert ftp.rests == [0, 70_000 - OVERLAP]
    assert len(downloads.pauses) == 1


def test_a_busy_server_is_asked_again(ftp, downloads):
    ftp.acts = [("busy", 0), ("busy", 0)]
    assert downloads.get(f"{ftp.url}/pub/a.tsv.gz").read_bytes() == DATA
    assert len(downloads.pauses) == 2


def test_a_server_that_cannot_start_in_the_middle(ftp, downloads):
    ftp.acts = [("cut", 70_000), ("no-rest", 0)]
    assert downloads.get(f"{ftp.url}/pub/a.tsv.gz").read_bytes() == DATA
    assert ftp.rests == [0, 0]


def test_a_file_that_has_changed(ftp, downloads):
    ftp.acts = [("cut", 70_000)] + [("busy", 0)] * 4
    with pytest.raises(UserError, match="70.0 kB are kept"):
        downloads.get(f"{ftp.url}/pub/a.tsv.gz")
    ftp.files["/pub/a.tsv.gz"] = OTHER
    ftp.modified = "20210504100000"
    assert downloads.get(f"{ftp.url}/pub/a.tsv.gz").read_bytes() == OTHER


@pytest.mark.parametrize(
    ("act", "path", "message"),
    [
        (("refuse", 0), "/pub/a.tsv.gz", "FTP 530 not you"),
        (("serve", 0), "/pub/none.gz", "FTP 550 no such file"),
    ],
)
def test_what_the_server_refuses_is_not_asked_again(ftp, downloads, act, path, message):
    ftp.acts = [act]
    with pytest.raises(UserError, match=message):
        downloads.get(f"{ftp.url}{path}")
    assert downloads.pauses == []
    assert downloads.left() == set()
