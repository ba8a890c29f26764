"""Files of a folder that stands for a server."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from multiome2vec.downloads.source import Opened, Refused


def open_file(url: str, *, offset: int) -> Opened:
    """Open a ``file://`` URL or a path at a position.

    Raises
    ------
    Refused
        If there is no such file, or it may not be read.
    """
    path = Path(unquote(urlsplit(url).path)) if url.startswith("file:") else Path(url)
    try:
        file = open(path, "rb")  # noqa: SIM115 (closed by whoever has read it)
    except OSError as error:
        raise Refused(f"{path}: {error.strerror}") from None
    state = path.stat()
    start = offset if offset <= state.st_size else 0
    file.seek(start)
    return Opened(
        offset=start,
        total=state.st_size,
        validator=str(state.st_mtime_ns),
        content_type="",
        read=file.read,
        close=file.close,
    )
