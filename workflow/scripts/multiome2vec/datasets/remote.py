"""Folders of NCBI GEO's file server: what is in them, and how large it is."""

import gzip
import html
import re
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import unquote

import requests

from multiome2vec import __version__
from multiome2vec.errors import UserError

TRIES = 3
PAUSE = 2.0  # s before another try, doubled each time
PASSING = (408, 429, 500, 502, 503, 504)  # statuses that may pass
MOST = 50_000_000  # bytes of a page or a table of samples
_INDEX = re.compile(r"<title>\s*Index of ", re.IGNORECASE)
_LINK = re.compile(r'<a href="([^"?#]+)"[^>]*>.*?</a>([^<\n]*)', re.IGNORECASE)
_SIZE = re.compile(r"\s(\d+(?:\.\d+)?)([KMGT]?)\s*$")
_UNITS = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}
_HEADER = ["#Archive/File", "Name", "Time", "Size", "Type"]


class NotThere(Exception):
    """The server has no such folder or file, or does not let it be seen."""


@dataclass(frozen=True)
class RemoteFile:
    """A file of a folder.

    Attributes
    ----------
    name, url
        Of the file; a member of an archive has no URL.
    size
        Bytes, exact if ``exact``, else rounded as the page has it; None if it is not said.
    archive
        Name of the archive that the file is in; empty if it is in none.
    """

    name: str
    url: str
    size: int | None
    exact: bool = False
    archive: str = ""


@dataclass(frozen=True)
class Server:
    """A file server laid out as NCBI's.

    Attributes
    ----------
    base
        URL of its folder ``geo``.
    timeout
        Seconds without an answer after which a connection is given up.
    """

    base: str
    timeout: float = 30.0

    def folder(self, path: str) -> list[RemoteFile]:
        """Files of a folder, with their sizes as far as the server says.

        Raises
        ------
        NotThere
            If there is no such folder.
        UserError
            If the server cannot be reached, or sends a page that is no list of files.
        """
        url = f"{self.base.rstrip('/')}/{path.strip('/')}/"
        page = self.read(url).decode(errors="replace")
        if not _INDEX.search(page):
            title = re.search(r"<title>(.*?)</title>", page, re.IGNORECASE | re.DOTALL)
            said = html.unescape(title[1]).strip() if title else page.strip()[:60]
            raise UserError(
                f"{url} is no list of files, but a page '{said}'. Is the server under maintenance, "
                "or does a proxy answer in its place? Try again later, or open it in a browser."
            )
        return list(_files(page, url))

    def members(self, path: str) -> list[RemoteFile]:
        """Members of a folder's archives by its ``filelist.txt``; none if it has none."""
        try:
            text = self.read(f"{self.base.rstrip('/')}/{path.strip('/')}/filelist.txt")
        except NotThere:
            return []
        return list(_members(text.decode(errors="replace")))

    def lines(self, url: str) -> list[str]:
        """Lines of a gzip-compressed text."""
        try:
            return gzip.decompress(self.read(url)).decode(errors="replace").splitlines()
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise UserError(f"{url} is cut short or no gzip ({error}). Try again later.") from None

    def size(self, url: str) -> int | None:
        """Exact size of a file, if the server says."""
        try:
            length = self._answer("HEAD", url).length
        except NotThere:
            return None
        return int(length) if length.isdigit() else None

    def read(self, url: str) -> bytes:
        """Content of a small file."""
        return self._answer("GET", url).content

    def _answer(self, method: str, url: str) -> "_Answer":
        """Ask, again if the failure may pass."""
        why = ""
        for number in range(TRIES):
            if number:
                time.sleep(PAUSE * 2 ** (number - 1))
            try:
                answer = self._ask(method, url)
            except requests.exceptions.SSLError as error:
                raise UserError(
                    f"{url}: the server's certificate was not accepted ({error}). Behind a proxy "
                    "with one of its own, name that in the environment variable REQUESTS_CA_BUNDLE."
                ) from None
            except requests.exceptions.Timeout:
                why = f"no answer within {self.timeout:g} s"
                continue
            except requests.RequestException as error:
                why = f"no connection ({_reason(error)})"
                continue
            if answer.status == 200:
                return answer
            why = f"HTTP {answer.status} {answer.reason}".strip()
            if answer.status not in PASSING:
                raise NotThere(f"{url}: {why}")
        raise UserError(
            f"{url} could not be read: {why} ({TRIES} tries). Is there a network here? Where there "
            "is none, run this command elsewhere and copy the files that it writes."
        )

    def _ask(self, method: str, url: str) -> "_Answer":
        headers = {"User-Agent": f"multiome2vec/{__version__}", "Accept-Encoding": "identity"}
        asked = requests.request(
            method, url, headers=headers, timeout=self.timeout, stream=True, allow_redirects=True
        )
        with asked as response:
            content = b""
            for block in response.iter_content(1 << 16):
                content += block
                if len(content) > MOST:
                    raise UserError(f"{url} is larger than {MOST:,} bytes: no list of files.")
            length = response.headers.get("Content-Length", "")
            return _Answer(response.status_code, response.reason or "", length, content)


class _Answer(NamedTuple):
    status: int
    reason: str
    length: str  # as the header has it
    content: bytes


def _reason(error: Exception) -> str:
    """Innermost cause of a failed connection, without addresses of objects."""
    inner = error.args[0] if error.args else error
    inner = getattr(inner, "reason", inner)
    return re.sub(r"<[^>]*>:? ?", "", str(inner)).strip() or type(inner).__name__


def _files(page: str, url: str) -> Iterator[RemoteFile]:
    """Files of an index page; links to other folders and elsewhere are none."""
    for link, behind in _LINK.findall(page):
        name = unquote(html.unescape(link))
        if "/" in name or name == "filelist.txt":
            continue
        size = _SIZE.search(behind)
        about = int(float(size[1]) * _UNITS[size[2]]) if size else None
        yield RemoteFile(name, f"{url}{link}", about)


def _members(text: str) -> Iterator[RemoteFile]:
    """Members of the archives of a ``filelist.txt``."""
    lines = [line.split("\t") for line in text.splitlines() if line.strip()]
    if not lines or lines[0] != _HEADER:
        raise UserError(
            f"filelist.txt is not what GEO writes: it begins with '{text[:60].strip()}'."
        )
    archive = ""
    for kind, name, _, size, *_ in (line for line in lines[1:] if len(line) >= 4):
        if kind == "Archive":
            archive = name
        elif archive:
            exact = int(size) if size.isdigit() else None
            yield RemoteFile(name, "", exact, exact=exact is not None, archive=archive)
