"""Files out of archives."""

import gzip
import logging
import shutil
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from multiome2vec.downloads.content import HEAD, Sums, digest, require_data
from multiome2vec.downloads.manifest import Manifest
from multiome2vec.downloads.source import Refused
from multiome2vec.downloads.space import require_space, told_when_full
from multiome2vec.errors import UserError
from multiome2vec.io.atomic import atomic_path
from multiome2vec.io.catalogue import Entry, archive_suffix

logger = logging.getLogger(__name__)
BLOCK = 1 << 20
DAMAGED = (tarfile.TarError, zipfile.BadZipFile, gzip.BadGzipFile, EOFError, zlib.error)


def unpack(entry: Entry, folder: str | Path) -> Path:
    """Take a file out of its archive, to the path of its own, whatever the archive calls it.

    No name in the archive becomes a path, and only regular files are taken, so that an archive
    cannot write anywhere else.

    Parameters
    ----------
    entry
        With archive and member.
    folder
        Of downloads.

    Raises
    ------
    UserError
        If the archive is damaged or has no such member, or the member is no file, of another size
        or content than the table says, or does not fit on the disk.
    """
    folder = Path(folder)
    archive, target = folder / entry.archive, folder / entry.path
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        with atomic_path(target) as partial, told_when_full(target):
            with _member(archive, entry.member) as (stream, size):
                require_space(target.parent, size or 0, what=entry.path)
                with open(partial, "wb") as out:
                    shutil.copyfileobj(stream, out, BLOCK)
            sums = _check(partial, entry)
            Manifest(folder).record(
                entry.path, size=partial.stat().st_size, sha256=sums.sha256, url=entry.archive
            )
    except Refused as error:
        raise UserError(f"{entry.member} of {archive}: {error}.") from None
    except DAMAGED as error:
        raise UserError(
            f"{archive} cannot be read as an archive ({error}). Delete it, and it is downloaded "
            "again."
        ) from None
    return target


def _check(path: Path, entry: Entry) -> Sums:
    size = path.stat().st_size
    if entry.size and size != entry.size:
        raise Refused(f"it has {size:,} bytes, the one in the table {entry.size:,}")
    with open(path, "rb") as file:
        require_data(file.read(HEAD), name=entry.path, content_type="")
    sums = digest(path)
    if (entry.sha256 and entry.sha256 != sums.sha256) or (entry.md5 and entry.md5 != sums.md5):
        raise Refused("its checksum is not the one in the table")
    return sums


@contextmanager
def _member(archive: Path, name: str) -> Iterator[tuple[IO[bytes], int | None]]:
    """Stream and size of a member."""
    suffix = archive_suffix(archive.name)
    if suffix == ".zip":
        with zipfile.ZipFile(archive) as opened:
            files = {info.filename: info for info in opened.infolist() if not info.is_dir()}
            info = files[_find(name, list(files), archive)]
            with opened.open(info) as stream:
                yield stream, info.file_size
    elif ".tar" in suffix or suffix == ".tgz":
        with tarfile.open(archive, "r:*") as opened:
            members = {info.name: info for info in opened}
            info = members[_find(name, list(members), archive)]
            if not info.isreg():
                raise Refused("it is a link or a device, not a file")
            yield opened.extractfile(info), info.size
    else:
        with gzip.open(archive) as stream:
            yield stream, None


def _find(name: str, names: list[str], archive: Path) -> str:
    """Member of this name, or the only one whose path ends in it."""
    if name in names:
        return name
    ending = [other for other in names if other.endswith(f"/{name}")]
    if len(ending) != 1:
        there = ", ".join(sorted(names)[:8])
        said = f"no member '{name}'" if not ending else f"{len(ending)} members '{name}'"
        raise UserError(
            f"{archive} has {said}; it has {there}. Name the right one in the note of the table of "
            "downloads (member: path)."
        )
    return ending[0]
