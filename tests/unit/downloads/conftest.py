"""Servers in threads, a file to download, and what is left in a folder."""

import gzip
import random
import threading
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from file_servers import FtpServer, HttpServer, Served
from multiome2vec.downloads import transfer
from multiome2vec.downloads.fetch import fetch
from multiome2vec.downloads.manifest import Manifest
from multiome2vec.downloads.transfer import Settings
from multiome2vec.io.catalogue import Entry

PATH = "set/a.tsv.gz"
DATA = gzip.compress(random.Random(0).randbytes(200_000), mtime=0)
OTHER = gzip.compress(random.Random(1).randbytes(200_000), mtime=0)


@contextmanager
def running(server):
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.released.set()
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def http():
    """Server with one file."""
    with running(HttpServer()) as server:
        server.files["/a.tsv.gz"] = Served(DATA)
        yield server


@pytest.fixture
def ftp():
    with running(FtpServer()) as server:
        server.files["/pub/a.tsv.gz"] = DATA
        yield server


class Downloads:
    """A folder of downloads, and how to download into it without waiting."""

    def __init__(self, folder: Path):
        self.folder, self.pauses = folder, []
        self.target = folder / PATH
        self.settings = Settings(retries=3, timeout=0.5, sleep=self.pauses.append)

    def get(self, *urls: str, terminal=None, mirror="", path=PATH, **known) -> Path:
        """Download from these URLs; ``known`` is what the table says of the file."""
        return fetch(
            Entry(path=path, urls=urls, **known),
            self.folder,
            settings=replace(self.settings, mirror=mirror),
            terminal=terminal,
        )

    def left(self) -> set[str]:
        """Names of the files in the dataset's folder."""
        return {path.name for path in (self.folder / "set").glob("*")}

    @property
    def manifest(self) -> Manifest:
        return Manifest(self.folder)


@pytest.fixture
def downloads(tmp_path, monkeypatch) -> Downloads:
    # 1 MB of progress makes tries count anew; files of tests are smaller
    monkeypatch.setattr(transfer, "PROGRESS", 50_000)
    return Downloads(tmp_path / "downloads")
