"""Files by FTP."""

import ftplib
import re
from urllib.parse import unquote, urlsplit

from multiome2vec.downloads.source import Opened, Refused, Transient


def open_ftp(url: str, *, offset: int, timeout: float) -> Opened:
    """Open a URL at a position, or from the beginning where the server cannot start later.

    Raises
    ------
    Transient, Refused
        See :mod:`multiome2vec.downloads.source`.
    """
    parts = urlsplit(url)
    path = unquote(parts.path)
    server = ftplib.FTP(timeout=timeout)
    try:
        server.connect(parts.hostname, parts.port or ftplib.FTP_PORT)
        server.login(unquote(parts.username or ""), unquote(parts.password or ""))
        server.voidcmd("TYPE I")
        total, validator = _ask(server, "SIZE", path), _ask(server, "MDTM", path)
        start, data = _retrieve(server, path, offset)
    except ftplib.error_perm as error:
        server.close()
        raise Refused(f"FTP {error}") from None
    except ftplib.all_errors as error:
        server.close()
        raise Transient(f"no connection (FTP {error or type(error).__name__})") from None

    def close():
        data.close()
        server.close()

    return Opened(
        offset=start,
        total=int(total) if total else None,
        validator=validator,
        content_type="",
        read=lambda n: _read(server, data, n),
        close=close,
    )


def _ask(server: ftplib.FTP, command: str, path: str) -> str:
    """Size or time of change of a file; empty where the server does not know the command."""
    try:
        answer = server.sendcmd(f"{command} {path}")
    except ftplib.error_perm as error:
        if re.match(r"50[024]", str(error)):
            return ""
        raise
    return answer.partition(" ")[2].strip()


def _retrieve(server: ftplib.FTP, path: str, offset: int):
    """Position and socket of the data."""
    try:
        return offset, server.transfercmd(f"RETR {path}", rest=offset or None)
    except ftplib.error_perm as error:
        if not offset or not re.match(r"50[0-4]", str(error)):
            raise
        return 0, server.transfercmd(f"RETR {path}")


def _read(server: ftplib.FTP, data, n: int) -> bytes:
    """Return up to ``n`` bytes; at the end, ask the server whether it was the end."""
    try:
        block = data.recv(n)
        if not block:
            data.close()
            server.voidresp()
    except TimeoutError:
        raise Transient("the server stopped sending") from None
    except ftplib.all_errors as error:
        raise Transient(f"the connection broke (FTP {error})") from None
    return block
