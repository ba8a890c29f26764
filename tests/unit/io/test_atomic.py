"""A file appears whole or not at all, and says nothing of when it was written."""

import gzip
import time

import pandas as pd
import pytest
from multiome2vec.doctor.leftovers import PARTIAL
from multiome2vec.io.atomic import atomic_path, scratch_folder, write_json, write_tsv

TABLE = pd.DataFrame({"kept": [True, False], "x": [1.5, None]}, index=pd.Index(["a", "b"]))


def test_nothing_is_left_of_a_write_that_failed(tmp_path):
    (tmp_path / "out.tsv").write_text("old")

    def write():
        with atomic_path(tmp_path / "out.tsv") as partial:
            partial.write_text("half")
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        write()
    assert [path.name for path in tmp_path.iterdir()] == ["out.tsv"]
    assert (tmp_path / "out.tsv").read_text() == "old"


def test_a_folder_is_written_whole_too(tmp_path):
    with atomic_path(tmp_path / "sub" / "folder") as partial:
        partial.mkdir()
        (partial / "a").touch()
    assert [path.name for path in (tmp_path / "sub").iterdir()] == ["folder"]


def test_two_writers_do_not_share_a_name(tmp_path):
    with atomic_path(tmp_path / "a.h5ad") as one, atomic_path(tmp_path / "a.h5ad") as two:
        assert one != two
        assert one.parent == tmp_path
        assert one.suffix == ".h5ad"
        one.touch()
        two.touch()


def test_gzip_has_neither_time_nor_name(tmp_path):
    write_tsv(TABLE, tmp_path / "a.tsv.gz")
    time.sleep(1.1)
    write_tsv(TABLE, tmp_path / "b.tsv.gz")
    content = (tmp_path / "a.tsv.gz").read_bytes()
    assert content == (tmp_path / "b.tsv.gz").read_bytes()
    assert gzip.decompress(content) == b"\tkept\tx\na\tTrue\t1.5\nb\tFalse\t\n"


def test_json_refuses_what_json_does_not_have(tmp_path):
    with pytest.raises(ValueError, match="JSON compliant"):
        write_json({"a": float("nan")}, tmp_path / "a.json")
    assert not list(tmp_path.iterdir())


def test_a_scratch_folder_has_a_name_of_its_own_and_is_gone_afterwards(tmp_path):
    with scratch_folder(tmp_path / "new") as one, scratch_folder(tmp_path / "new") as two:
        assert one != two
        assert PARTIAL.match(one.name)  # doctor finds it after a crash
        (one / "file").write_text("x")
    assert list((tmp_path / "new").iterdir()) == []
