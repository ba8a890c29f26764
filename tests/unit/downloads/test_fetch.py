"""Mirrors, the manifest, the disk, other processes, and what is shown meanwhile."""

import errno
import hashlib
import io
import logging
import os
import shutil
from collections import namedtuple

import pytest
from file_servers import Served, cut, page, status
from multiome2vec.downloads import progress
from multiome2vec.downloads.part import Part
from multiome2vec.downloads.transfer import OVERLAP
from multiome2vec.downloads.units import spelt
from multiome2vec.errors import UserError
from unit.downloads.conftest import DATA, OTHER, PATH

SHA256 = hashlib.sha256(DATA).hexdigest()


def test_the_second_mirror_stands_in_for_the_first(http, downloads):
    http.files["/b.tsv.gz"] = Served(DATA, acts=[page()])
    path = downloads.get(
        f"{http.url}/none.gz", f"{http.url}/b.tsv.gz", f"{http.url}/a.tsv.gz", sha256=SHA256
    )
    assert path.read_bytes() == DATA
    assert [path for path, _ in http.requests] == ["/none.gz", "/b.tsv.gz", "/a.tsv.gz"]
    assert f"{http.url}/a.tsv.gz" in downloads.manifest.path.read_text()


def test_each_mirror_is_named_with_its_reason(http, downloads):
    with pytest.raises(UserError) as error:
        downloads.get(f"{http.url}/none.gz", "http://127.0.0.1:9/a.tsv.gz", size=len(DATA))
    text = str(error.value)
    assert text.startswith(f"{downloads.target} (200 kB) could not be downloaded:")
    assert f"{http.url}/none.gz: HTTP 404" in text
    assert "http://127.0.0.1:9/a.tsv.gz: no connection" in text


@pytest.mark.parametrize(("sha256", "resumes"), [(SHA256, True), ("", False)])
def test_one_mirror_goes_on_for_another_only_if_a_sum_will_tell(http, downloads, sha256, resumes):
    http.files["/a.tsv.gz"].acts = [cut(70_000)] + [status(500)] * 4
    http.files["/b.tsv.gz"] = Served(DATA, etag='"other"')
    path = downloads.get(f"{http.url}/a.tsv.gz", f"{http.url}/b.tsv.gz", sha256=sha256)
    assert path.read_bytes() == DATA
    assert http.ranges()[-1] == (f"bytes={70_000 - OVERLAP}-" if resumes else "")
    assert "If-Range" not in http.requests[-1][1]


def test_a_file_without_a_published_sum_must_stay_the_same(http, downloads):
    url = f"{http.url}/a.tsv.gz"
    downloads.get(url).unlink()
    http.files["/a.tsv.gz"].data = OTHER
    with pytest.raises(UserError, match="but it was .* when it was first downloaded") as error:
        downloads.get(url)
    assert f"delete its line ({PATH}) from {downloads.manifest.path}" in str(error.value)
    assert downloads.left() == set()
    lines = downloads.manifest.path.read_text().splitlines()
    downloads.manifest.path.write_text("".join(f"{x}\n" for x in lines if not x.startswith(PATH)))
    assert downloads.get(url).read_bytes() == OTHER
    assert downloads.manifest.sha256(PATH) == hashlib.sha256(OTHER).hexdigest()


def test_a_published_sum_counts_more_than_a_former_download(http, downloads):
    url = f"{http.url}/a.tsv.gz"
    downloads.get(url).unlink()
    http.files["/a.tsv.gz"].data = OTHER
    downloads.get(url, sha256=hashlib.sha256(OTHER).hexdigest())
    assert downloads.manifest.sha256(PATH) == hashlib.sha256(OTHER).hexdigest()


def test_the_manifest_keeps_the_lines_of_other_files(http, downloads):
    http.files["/b"] = Served(b"text\n")
    downloads.get(f"{http.url}/a.tsv.gz")
    downloads.get(f"{http.url}/b", path="set/b.txt")
    text = downloads.manifest.path.read_text()
    assert text.splitlines() == [
        "path\tsize\tsha256\turl",
        f"{PATH}\t{len(DATA)}\t{SHA256}\t{http.url}/a.tsv.gz",
        f"set/b.txt\t5\t{hashlib.sha256(b'text' + bytes([10])).hexdigest()}\t{http.url}/b",
    ]


Usage = namedtuple("Usage", "total used free")


@pytest.mark.parametrize("known", [{}, {"size": len(DATA)}])
def test_a_disk_without_room_is_found_before_anything_is_written(
    http, downloads, monkeypatch, known
):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(1, 1, 64 << 20))
    with pytest.raises(UserError, match=r"No room for set/a.tsv.gz .*: it needs 200 kB more") as e:
        downloads.get(f"{http.url}/a.tsv.gz", **known)
    assert "67.1 MB are free" in str(e.value)
    assert downloads.left() == set()
    assert downloads.pauses == []


def test_a_disk_that_fills_up_on_the_way(http, downloads, monkeypatch):
    whole = Part.append

    def full_soon(part, block):
        if part.size > 100_000:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        whole(part, block[:60_000])

    monkeypatch.setattr(Part, "append", full_soon)
    monkeypatch.setattr("multiome2vec.downloads.transfer.BLOCK", 60_000)
    with pytest.raises(UserError, match="became full while .a.tsv.gz.part was written"):
        downloads.get(f"{http.url}/a.tsv.gz")
    assert "a.tsv.gz" not in downloads.left()
    monkeypatch.setattr(Part, "append", whole)
    assert downloads.get(f"{http.url}/a.tsv.gz").read_bytes() == DATA


def test_two_processes_do_not_write_one_file(http, downloads):
    with (
        Part(downloads.target),
        pytest.raises(UserError, match="is being downloaded by another process"),
    ):
        downloads.get(f"{http.url}/a.tsv.gz")
    assert http.requests == []


def test_a_mirror_stands_for_all_servers(http, downloads, tmp_path):
    http.files[f"/all/{PATH}"] = Served(DATA)
    downloads.get("http://127.0.0.1:9/a.tsv.gz", mirror=f"{http.url}/all/").unlink()
    folder = tmp_path / "copy"
    (folder / "set").mkdir(parents=True)
    (folder / PATH).write_bytes(DATA)
    for mirror in (str(folder), folder.as_uri()):
        downloads.get("http://127.0.0.1:9/a.tsv.gz", mirror=mirror).unlink()
    (folder / PATH).unlink()
    with pytest.raises(UserError, match="No such file or directory"):
        downloads.get(f"{http.url}/a.tsv.gz", mirror=str(folder))
    assert [path for path, _ in http.requests] == [f"/all/{PATH}"]


def test_a_copy_from_a_folder_is_checked_too(downloads, tmp_path):
    (tmp_path / "set").mkdir()
    (tmp_path / PATH).write_bytes(DATA[:-9])
    with pytest.raises(UserError, match="bytes, the one in the table"):
        downloads.get("http://127.0.0.1:9/a", mirror=str(tmp_path), size=len(DATA))
    assert downloads.left() == set()


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_bar_on_a_terminal_and_lines_in_the_log(http, downloads, caplog, monkeypatch):
    monkeypatch.setattr(progress, "EVERY", 0.0)
    terminal = Terminal()
    with caplog.at_level(logging.INFO):
        downloads.get(f"{http.url}/a.tsv.gz", terminal=terminal)
    assert "a.tsv.gz: " in terminal.getvalue()
    assert "a.tsv.gz: 0 B of 200 kB are there" in caplog.text
    assert "a.tsv.gz: 200 kB of 200 kB (" in caplog.text
    downloads.target.unlink()
    nowhere = io.StringIO()
    downloads.get(f"{http.url}/a.tsv.gz", terminal=nowhere)
    assert nowhere.getvalue() == ""


@pytest.mark.parametrize(
    ("size", "text"),
    [(None, "size unknown"), (0, "0 B"), (999, "999 B"), (5867, "5.9 kB"), (467_587_065, "468 MB"),
     (999_600, "1.0 MB"), (35_192_958_114, "35.2 GB")],
)  # fmt: skip
def test_sizes_for_people(size, text):
    assert spelt(size) == text
