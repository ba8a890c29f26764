"""What a source of bytes is, and how it can fail."""

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit


class Transient(Exception):
    """A failure that may pass: worth another try.

    Attributes
    ----------
    wait
        Seconds that the server asks to wait, 0 if it does not.
    """

    def __init__(self, message: str, *, wait: float = 0.0):
        super().__init__(message)
        self.wait = wait


class Refused(Exception):
    """A source will not give the file, however often it is asked: on to the next mirror."""


@dataclass
class Opened:
    """A source that is ready to give bytes.

    Attributes
    ----------
    offset
        Position in the file of the first byte; 0 where the source cannot start later, or where the
        file is no longer the one that a download began with.
    total
        Bytes of the whole file, None if the source does not say.
    validator
        What changes with the file's content (ETag, time of change); empty if there is nothing.
    content_type
        MIME type, empty if the source does not say.
    read
        Returns up to n bytes, none at the end; raises :class:`Transient`.
    close
        Gives the connection back.
    """

    offset: int
    total: int | None
    validator: str
    content_type: str
    read: Callable[[int], bytes]
    close: Callable[[], None]


def open_source(url: str, *, offset: int, validator: str, timeout: float) -> Opened:
    """Open a URL or the path of a file at a position.

    Parameters
    ----------
    url
        ``http``, ``https``, ``ftp`` or ``file``; without any, a path.
    offset
        First byte wanted.
    validator
        Of the file that a download began with, empty if it is not known.
    timeout
        Seconds without an answer after which a connection is given up.

    Raises
    ------
    Transient, Refused
        If it cannot be opened.
    """
    from multiome2vec.downloads.ftp import open_ftp
    from multiome2vec.downloads.http import open_http
    from multiome2vec.downloads.local import open_file

    scheme = urlsplit(url).scheme
    if scheme in ("http", "https"):
        return open_http(url, offset=offset, validator=validator, timeout=timeout)
    if scheme == "ftp":
        return open_ftp(url, offset=offset, timeout=timeout)
    return open_file(url, offset=offset)
