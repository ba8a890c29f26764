"""What is to be downloaded, for people."""

from multiome2vec.downloads.listing import describe, to_download, with_archives, wrong_sizes
from multiome2vec.io.catalogue import Entry

ENTRIES = {
    entry.path: entry
    for entry in (
        Entry("s/a.tar.gz", urls=("https://x.org/a", "ftp://x.org/a"), size=2_000_000_000),
        Entry("s/a/m1", archive="s/a.tar.gz", member="m1"),
        Entry("s/a/m2", archive="s/a.tar.gz", member="m2"),
        Entry("s/b.h5", urls=("https://x.org/b",), size=9),
        Entry("s/c.gz", urls=("https://x.org/c",)),
    )
}
ALL = ["s/a/m1", "s/a/m2", "s/b.h5", "s/c.gz"]


def paths(entries):
    return [entry.path for entry in entries]


def test_archives_come_along_once():
    assert with_archives(ALL, ENTRIES) == ["s/a.tar.gz", *ALL]


def test_only_what_is_missing_and_needed_is_downloaded(tmp_path):
    assert paths(to_download(ALL, ENTRIES, tmp_path)) == ["s/a.tar.gz", "s/b.h5", "s/c.gz"]
    (tmp_path / "s/a").mkdir(parents=True)
    (tmp_path / "s/b.h5").touch()
    (tmp_path / "s/a/m1").touch()
    assert paths(to_download(ALL, ENTRIES, tmp_path)) == ["s/a.tar.gz", "s/c.gz"]
    (tmp_path / "s/a/m2").touch()
    assert paths(to_download(ALL, ENTRIES, tmp_path)) == ["s/c.gz"]
    (tmp_path / "s/a/m2").unlink()
    (tmp_path / "s/a.tar.gz").touch()
    assert paths(to_download(ALL, ENTRIES, tmp_path)) == ["s/c.gz"]


def test_names_sizes_and_addresses():
    missing = [ENTRIES[name] for name in ("s/a.tar.gz", "s/c.gz")]
    text = describe(missing, folder="d", mirror="")
    assert text.splitlines() == [
        "2 file(s), 2.0 GB and 1 of unknown size:",
        "  d/s/a.tar.gz (2.0 GB)",
        "    https://x.org/a",
        "    ftp://x.org/a",
        "  d/s/c.gz (size unknown)",
        "    https://x.org/c",
    ]
    assert "    /m/s/c.gz" in describe(missing, folder="d", mirror="/m")


def test_files_of_another_size_are_named(tmp_path):
    (tmp_path / "s").mkdir()
    (tmp_path / "s/b.h5").write_bytes(b"12345678")
    found = wrong_sizes(ALL, ENTRIES, tmp_path)
    assert found == [
        f"{tmp_path}/s/b.h5 has 8 bytes, the one in the table 9. Delete it, and it is downloaded "
        "again."
    ]
