"""Faults of servers and disks during a download, each with what is said and what is left.

``docs/troubleshooting.md`` lists them; ``tests/unit/downloads/test_faults.py`` injects each.
"""

import errno
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace

from file_servers import (
    cut,
    page,
    reset,
    serve,
    stall,
    status,
    too_long,
    without_length,
    without_range,
)
from multiome2vec.downloads.part import Part

FILE, PART, NOTHING = "the file", "the bytes so far", "nothing"
CUT = 70_000  # bytes after which connections break


@dataclass(frozen=True)
class Fault:
    """A fault of a download.

    Attributes
    ----------
    what
        It is called so.
    left
        On the disk: the whole file (then ``said`` stands in the log), the bytes so far or nothing.
    said
        To the user.
    acts
        What the server does with the first requests.
    known
        What the table of downloads says of the file.
    elsewhere
        URL in place of the server's.
    before
        What happens first, with the server, the downloads and a ``MonkeyPatch``.
    """

    what: str
    left: str
    said: str
    acts: tuple[Callable, ...] = ()
    known: tuple[tuple[str, object], ...] = ()
    elsewhere: str = ""
    before: Callable | None = None


def _changes(handler, served):
    """Break, and have another file from then on."""
    cut(CUT)(handler, served)
    served.data, served.etag = handler.server.files["/b.tsv.gz"].data, '"two"'


def _damaged(handler, served):
    """Send one byte that is wrong, this once."""
    good, served.data = served.data, served.data[:-9] + b"?" + served.data[-8:]
    serve(handler, served)
    served.data = good


def _replaced(http, downloads, _):
    """Download the file, and have the server give another one afterwards."""
    downloads.get(f"{http.url}/a.tsv.gz").unlink()
    http.files["/a.tsv.gz"].data = http.files["/b.tsv.gz"].data


def _little_room(_, __, patch):
    patch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=64 << 20))


def _full_soon(_, __, patch):
    whole = Part.append

    def append(part, block):
        if part.size > CUT:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        whole(part, block[:60_000])

    patch.setattr(Part, "append", append)
    patch.setattr("multiome2vec.downloads.transfer.BLOCK", 60_000)


_STORE = b'<?xml version="1.0"?><Error><Code>NoSuchKey</Code></Error>'

FAULTS = (
    Fault("connection breaks", FILE, "next try in", (cut(CUT),)),
    Fault("server stalls", FILE, "next try in", (stall(CUT),)),
    Fault("server ignores ranges", FILE, "next try in", (cut(CUT), without_range)),
    Fault("HTTP 500 for a while", FILE, "HTTP 500", (status(500),)),
    Fault("HTTP 503 with Retry-After", FILE, "next try in 77 s", (status(503, Retry_After="77"),)),
    Fault("HTTP 429, too many requests", FILE, "HTTP 429", (status(429),)),
    Fault("file replaced between two tries", FILE, "next try in", (_changes,)),
    Fault("damage on the way, resumed file", FILE, "downloading it anew, in one go",
          (cut(CUT), _damaged), (("sha256", "DATA"),)),
    Fault("connection breaks every time", PART, "are kept: run the same command again",
          (cut(CUT), *[reset] * 9)),
    Fault("server stalls every time", PART, "70.0 kB are kept", (stall(CUT), *[stall(0)] * 9)),
    Fault("HTTP 500 every time", NOTHING, "HTTP 500 Internal Server Error, 4 times",
          (status(500),) * 9),
    Fault("no connection", NOTHING, "no connection (", elsewhere="http://127.0.0.1:9/a.tsv.gz"),
    Fault("HTTP 404", NOTHING, "HTTP 404 Not Found", (status(404),)),
    Fault("HTTP 403", NOTHING, "HTTP 403 Forbidden", (status(403),)),
    Fault("web page in place of the file", NOTHING, "came instead of the file", (page(),)),
    Fault("web page that says it is gzip", NOTHING, "came instead of the file",
          (page(content_type="application/gzip"),)),
    Fault("error message of a store", NOTHING, "an error message of the store",
          (page(content_type="application/xml", body=_STORE),)),
    Fault("another kind of file", NOTHING, "does not begin as a .gz file does",
          (page(content_type="text/plain", body=b"nothing here"),)),
    Fault("empty file", NOTHING, "the file is empty", (page(content_type="", body=b""),)),
    Fault("truncation without a length", NOTHING, "it is no whole gzip file",
          (without_length(90_000),)),
    Fault("truncation, size known", NOTHING, "bytes, the one in the table",
          (without_length(90_000),), (("size", "DATA"),)),
    Fault("fewer bytes than announced", PART, "the connection broke", (too_long,) * 9),
    Fault("wrong size", NOTHING, "it has been replaced, or is not the file",
          known=(("size", 1234),)),
    Fault("wrong sha256", NOTHING, "the published one 000", known=(("sha256", "0" * 64),)),
    Fault("wrong md5", NOTHING, "the published one 000", known=(("md5", "0" * 32),)),
    Fault("file replaced since its first download", NOTHING, "when it was first downloaded",
          before=_replaced),
    Fault("disk without room", NOTHING, "No room for", before=_little_room),
    Fault("disk that fills up on the way", PART, "became full while", before=_full_soon),
)  # fmt: skip
