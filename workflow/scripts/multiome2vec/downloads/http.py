"""Files by HTTP and HTTPS."""

import email.utils
import re
import time

import requests
import urllib3

from multiome2vec import __version__
from multiome2vec.downloads.source import Opened, Refused, Transient

PASSING = (408, 425, 429, 500, 502, 503, 504)  # statuses that may pass
CONNECT = 30.0  # s, at most, to reach a server
LONGEST_WAIT = 300.0  # s, at most, of what a server asks for
_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")


def open_http(url: str, *, offset: int, validator: str, timeout: float) -> Opened:
    """Open a URL at a position; the server may answer from the beginning.

    ``If-Range`` makes it do so where the file is no longer the one that ``validator`` stands for.

    Raises
    ------
    Transient, Refused
        See :mod:`multiome2vec.downloads.source`.
    """
    headers = {"Accept-Encoding": "identity", "User-Agent": f"multiome2vec/{__version__}"}
    if offset:
        headers["Range"] = f"bytes={offset}-"
        if validator:
            headers["If-Range"] = validator
    response = _get(url, headers, timeout)
    start, total = _place(response)
    if response.status_code == 416 or start not in (0, offset):
        response.close()
        return open_http(url, offset=0, validator="", timeout=timeout)
    try:
        _require_success(response)
    except (Transient, Refused):
        response.close()
        raise
    return Opened(
        offset=start,
        total=total,
        validator=_validator(response),
        content_type=response.headers.get("Content-Type", "").partition(";")[0].strip().lower(),
        read=lambda n: _read(response, n),
        close=response.close,
    )


def _get(url: str, headers: dict[str, str], timeout: float) -> requests.Response:
    try:
        return requests.get(
            url, headers=headers, stream=True, timeout=(min(timeout, CONNECT), timeout)
        )
    except requests.exceptions.SSLError as error:
        raise Refused(
            f"the server's certificate was not accepted ({error}); behind a proxy with one of its "
            "own, name that in the environment variable REQUESTS_CA_BUNDLE"
        ) from None
    except requests.exceptions.Timeout:
        raise Transient(f"no answer within {timeout:g} s") from None
    except requests.exceptions.ConnectionError as error:
        raise Transient(f"no connection ({_reason(error)})") from None
    except requests.RequestException as error:
        raise Refused(str(error)) from None


def _reason(error: Exception) -> str:
    """Innermost cause of a failed connection, without addresses of objects."""
    inner = error.args[0] if error.args else error
    inner = getattr(inner, "reason", inner)
    return re.sub(r"<[^>]*>:? ?", "", str(inner)).strip() or type(inner).__name__


def _place(response: requests.Response) -> tuple[int, int | None]:
    """Position of the first byte, and length of the whole file."""
    if response.status_code == 206:
        found = _RANGE.fullmatch(response.headers.get("Content-Range", "").strip())
        if found is None:
            return -1, None
        return int(found[1]), int(found[2]) if found[2] != "*" else None
    length = response.headers.get("Content-Length", "")
    return 0, int(length) if length.isdigit() else None


def _require_success(response: requests.Response) -> None:
    status, said = response.status_code, f"HTTP {response.status_code} {response.reason}".strip()
    if status in PASSING:
        raise Transient(said, wait=_asked_wait(response.headers.get("Retry-After", "")))
    if status in (401, 403):
        raise Refused(f"{said}: the server wants a login, or does not let this machine in")
    if status not in (200, 206):
        raise Refused(said)
    encoding = response.headers.get("Content-Encoding", "identity").lower()
    if encoding not in ("identity", "") and not (
        encoding == "gzip" and response.url.endswith("gz")
    ):
        raise Refused(f"the server sends the file in another encoding ({encoding}) than asked for")


def _asked_wait(text: str) -> float:
    """Seconds of a ``Retry-After`` header: a number, or a date."""
    if text.isdigit():
        return min(float(text), LONGEST_WAIT)
    try:
        moment = email.utils.parsedate_to_datetime(text).timestamp()
    except (TypeError, ValueError):
        return 0.0
    return min(max(moment - time.time(), 0.0), LONGEST_WAIT)


def _validator(response: requests.Response) -> str:
    """Return a strong ETag, else the time of change."""
    etag = response.headers.get("ETag", "")
    return etag if etag and not etag.startswith("W/") else response.headers.get("Last-Modified", "")


def _read(response: requests.Response, n: int) -> bytes:
    """Return up to ``n`` bytes as they come, not decoded."""
    try:
        return response.raw.read1(n, decode_content=False)
    except (urllib3.exceptions.ReadTimeoutError, TimeoutError):
        raise Transient("the server stopped sending") from None
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise Transient(f"the connection broke ({_reason(error)})") from None
