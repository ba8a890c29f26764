"""Files out of archives, and archives that want more."""

import gzip
import hashlib
import io
import shutil
import tarfile
import zipfile
from collections import namedtuple

import pytest
from multiome2vec.downloads.manifest import Manifest
from multiome2vec.downloads.unpack import unpack
from multiome2vec.errors import UserError
from multiome2vec.io.catalogue import Entry

TEXT = b"A\tB\n" * 1000


def tar(path, members: dict, mode="w:gz"):
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, mode) as out:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            if isinstance(data, bytes):
                info.size = len(data)
                out.addfile(info, io.BytesIO(data))
            else:
                info.type, info.linkname = data
                out.addfile(info)
    return path


def take(folder, archive, member="x/genes.tsv", file="rna/genes.tsv", **known):
    return unpack(
        Entry(path=f"set/{file}", archive=f"set/{archive}", member=member, **known), folder
    )


@pytest.mark.parametrize(
    ("name", "mode"), [("a.tar", "w"), ("a.tar.gz", "w:gz"), ("a.tgz", "w:gz")]
)
@pytest.mark.parametrize("prefix", ["", "GSE1/", "./"])
def test_a_member_of_a_tar(tmp_path, name, mode, prefix):
    tar(
        tmp_path / "set" / name, {f"{prefix}y/genes.tsv": b"no", f"{prefix}x/genes.tsv": TEXT}, mode
    )
    path = take(tmp_path, name)
    assert path == tmp_path / "set/rna/genes.tsv"
    assert path.read_bytes() == TEXT
    assert Manifest(tmp_path).sha256("set/rna/genes.tsv") == hashlib.sha256(TEXT).hexdigest()


def test_a_member_of_a_zip_and_a_gzip_file(tmp_path):
    (tmp_path / "set").mkdir()
    with zipfile.ZipFile(tmp_path / "set/a.zip", "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr("x/genes.tsv", TEXT)
    assert take(tmp_path, "a.zip").read_bytes() == TEXT
    (tmp_path / "set/b.tsv.gz").write_bytes(gzip.compress(TEXT))
    assert take(tmp_path, "b.tsv.gz", member="b.tsv", file="b.tsv").read_bytes() == TEXT


def test_nothing_is_written_where_an_archive_wants_it(tmp_path):
    folder = tmp_path / "in" / "downloads"
    tar(folder / "set/a.tar.gz", {"../../../x/genes.tsv": TEXT, "/etc/evil": b"evil"})
    assert take(folder, "a.tar.gz").read_bytes() == TEXT
    assert sorted(path.name for path in tmp_path.rglob("*") if path.is_file()) == sorted(
        ["a.tar.gz", "genes.tsv", "manifest.tsv", ".manifest.tsv.lock"]
    )


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE])
def test_links_and_devices_are_refused(tmp_path, kind):
    tar(tmp_path / "set/a.tar.gz", {"x/genes.tsv": (kind, "/etc/passwd")})
    with pytest.raises(UserError, match="it is a link or a device, not a file"):
        take(tmp_path, "a.tar.gz")
    assert not (tmp_path / "set/rna/genes.tsv").exists()


def test_members_that_are_not_there_or_twice(tmp_path):
    tar(tmp_path / "set/a.tar.gz", {"p/x/genes.tsv": TEXT, "q/x/genes.tsv": TEXT})
    with pytest.raises(UserError, match=r"has 2 members 'x/genes.tsv'; it has p/x/genes.tsv, q/x"):
        take(tmp_path, "a.tar.gz")
    with pytest.raises(UserError, match=r"has no member 'none'; .*\(member: path\)"):
        take(tmp_path, "a.tar.gz", member="none")


@pytest.mark.parametrize("name", ["a.tar.gz", "a.zip", "a.tsv.gz"])
def test_a_damaged_archive(tmp_path, name):
    tar(tmp_path / "set/a.tar.gz", {"x/genes.tsv": bytes(range(256)) * 4000})
    data = (tmp_path / "set/a.tar.gz").read_bytes()
    (tmp_path / "set" / name).write_bytes(data[: len(data) // 2])
    with pytest.raises(UserError, match=f"{name} cannot be read as an archive .*Delete it"):
        take(tmp_path, name)
    assert not list((tmp_path / "set/rna").glob("*"))


@pytest.mark.parametrize(
    ("known", "file", "message"),
    [
        ({"size": 9}, "rna/genes.tsv", "it has 4,000 bytes, the one in the table 9"),
        ({"sha256": "0" * 64}, "rna/genes.tsv", "its checksum is not the one in the table"),
        ({}, "rna/genes.h5", "does not begin as a .h5 file does"),
    ],
)
def test_a_member_is_checked(tmp_path, known, file, message):
    tar(tmp_path / "set/a.tar.gz", {"x/genes.tsv": TEXT})
    with pytest.raises(UserError, match=message):
        take(tmp_path, "a.tar.gz", file=file, **known)
    assert not list((tmp_path / "set/rna").glob("*"))
    assert Manifest(tmp_path).sha256(f"set/{file}") == ""


def test_a_member_that_does_not_fit(tmp_path, monkeypatch):
    tar(tmp_path / "set/a.tar.gz", {"x/genes.tsv": TEXT})
    usage = namedtuple("Usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(1, 1, 1000))
    with pytest.raises(UserError, match="No room for set/rna/genes.tsv"):
        take(tmp_path, "a.tar.gz")
