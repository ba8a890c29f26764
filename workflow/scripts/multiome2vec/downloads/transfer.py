"""Bytes of one URL into a part, over as many connections as it takes."""

import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass

from multiome2vec.downloads.content import HEAD, require_data
from multiome2vec.downloads.part import Part
from multiome2vec.downloads.progress import Progress
from multiome2vec.downloads.source import Opened, Refused, Transient, open_source
from multiome2vec.downloads.space import require_space, told_when_full
from multiome2vec.downloads.units import spelt
from multiome2vec.io.catalogue import Entry

logger = logging.getLogger(__name__)
BLOCK = 1 << 20
OVERLAP = 4096  # bytes that are asked for again, to see whether the file is still the same
PROGRESS = 1 << 20  # bytes after which a connection was worth it, and tries are counted anew
SLOWEST = 100  # bytes per second, over the time-out, below which a connection counts as dead
LONGEST_PAUSE = 60.0  # s


@dataclass(frozen=True)
class Settings:
    """How patient a download is.

    Attributes
    ----------
    retries
        Further tries of one URL, one after another, without any progress between them.
    timeout
        Seconds without data after which a connection is given up.
    mirror
        URL or folder that stands for all servers, or empty.
    sleep
        Waits between two tries.
    """

    retries: int = 5
    timeout: float = 60.0
    mirror: str = ""
    sleep: Callable[[float], None] = time.sleep


def transfer(url: str, part: Part, *, entry: Entry, settings: Settings, progress: Progress) -> bool:
    """Fill a part with all bytes of a URL.

    Returns
    -------
    bool
        Whether all bytes came over one connection.

    Raises
    ------
    Refused
        If the URL does not give the file, at once or after all tries. What is there of it stays in
        the part.
    UserError
        If there is no room for it.
    """
    failures, furthest, at_once = 0, part.size, True
    while True:
        try:
            resumed = _connection(url, part, entry=entry, settings=settings, progress=progress)
            return at_once and not resumed
        except Transient as error:
            at_once = False
            failures = 1 if part.size >= furthest + PROGRESS else failures + 1
            furthest = max(furthest, part.size)
            if failures > settings.retries:
                raise Refused(f"{error}, {failures} times") from None
            pause = max(_pause(failures), error.wait)
            logger.warning("%s: %s; next try in %.0f s", url, error, pause)
            settings.sleep(pause)
        finally:
            progress.end()


def _pause(failures: int) -> float:
    """Seconds before the next try: twice as long each time, and never the same for two clients."""
    return min(2.0 ** (failures - 1), LONGEST_PAUSE) * random.uniform(0.5, 1.0)


def _connection(
    url: str, part: Part, *, entry: Entry, settings: Settings, progress: Progress
) -> bool:
    """Take what one connection gives; whether it went on where another had stopped."""
    there = part.size if _may_resume(part, url, entry) else 0
    overlap = OVERLAP if there else 0
    known = part.validator if part.url == url else ""
    source = open_source(url, offset=there - overlap, validator=known, timeout=settings.timeout)
    try:
        _require_size(source, entry)
        head = b""
        if there and source.offset == there - overlap and _same(source, part, url, overlap):
            logger.info("%s: goes on after %s", url, spelt(there))
        elif there and source.offset:
            part.drop()
            raise Transient("the file has changed on the server since this download began")
        else:
            there, head = 0, _head(source)
            require_data(head, name=entry.path, content_type=source.content_type)
            part.drop()
        left = (source.total or entry.size or 0) - there
        require_space(part.path.parent, max(left, 0), what=entry.path)
        progress.begin(there, source.total)
        with told_when_full(part.path):
            part.begin(url=url, validator=source.validator, total=source.total)
            part.append(head)
            _pour(source, part, timeout=settings.timeout, progress=progress)
        _require_end(source, part)
    finally:
        source.close()
    return there > 0


def _may_resume(part: Part, url: str, entry: Entry) -> bool:
    """Whether the bytes there are may be a beginning of this file, and are worth keeping.

    Those of another mirror only where a sum will tell in the end.
    """
    return part.size > OVERLAP and (part.url == url or bool(entry.sha256 or entry.md5))


def _same(source: Opened, part: Part, url: str, overlap: int) -> bool:
    """Whether the source still gives the file that the part is a beginning of."""
    known = part.validator if part.url == url else ""
    if known and source.validator and source.validator != known:
        return False
    if part.total is not None and source.total is not None and part.total != source.total:
        return False
    return _exactly(source, overlap) == part.tail(overlap)


def _exactly(source: Opened, n: int) -> bytes:
    """Return the next ``n`` bytes, fewer only at the end."""
    found = b""
    while len(found) < n and (block := source.read(n - len(found))):
        found += block
    return found


def _head(source: Opened) -> bytes:
    head = _exactly(source, HEAD)
    if not head:
        if source.total:
            raise Transient("the connection ended before the first byte")
        raise Refused("the file is empty")
    return head


def _pour(source: Opened, part: Part, *, timeout: float, progress: Progress) -> None:
    """Append everything that comes, as long as it comes fast enough."""
    done = marked = part.size
    since = time.monotonic()
    while block := source.read(BLOCK):
        part.append(block)
        done += len(block)
        progress.update(done, source.total)
        now = time.monotonic()
        if now - since >= timeout:
            if done - marked < SLOWEST * (now - since):
                raise Transient(f"fewer than {SLOWEST} bytes per second came")
            since, marked = now, done


def _require_size(source: Opened, entry: Entry) -> None:
    """Refuse a file of another size than the table says, before it is downloaded."""
    if entry.size and source.total is not None and source.total != entry.size:
        raise Refused(
            f"the server's file has {source.total:,} bytes, the one in the table {entry.size:,}: "
            "it has been replaced, or is not the file"
        )


def _require_end(source: Opened, part: Part) -> None:
    if source.total is not None and part.size < source.total:
        raise Transient(f"the connection ended after {spelt(part.size)} of {spelt(source.total)}")
    if source.total is not None and part.size > source.total:
        part.drop()
        raise Transient("more bytes came than the server had announced")
