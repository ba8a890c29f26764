"""What was downloaded before: a table beside the downloads, which later downloads must match."""

import fcntl
from pathlib import Path

import pandas as pd

from multiome2vec.io.atomic import write_tsv

NAME = "manifest.tsv"
COLUMNS = ("path", "size", "sha256", "url")


class Manifest:
    """The table ``manifest.tsv`` in a folder of downloads: path, size (bytes), sha256, url."""

    def __init__(self, folder: Path):
        self.path = folder / NAME

    def sha256(self, file: str) -> str:
        """Checksum of a file that was downloaded before, or empty."""
        table = self._read()
        return table["sha256"].get(file, "")

    def record(self, file: str, *, size: int, sha256: str, url: str) -> None:
        """Write down a file, in place of its former line; several processes may do so at once."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with open(self.path.with_name(f".{NAME}.lock"), "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            table = self._read()
            table.loc[file] = [str(size), sha256, url]
            write_tsv(table.sort_index(), self.path)

    def _read(self) -> pd.DataFrame:
        if not self.path.is_file():
            return pd.DataFrame(columns=list(COLUMNS)).set_index("path")
        return pd.read_csv(self.path, sep="\t", dtype=str, index_col="path", keep_default_na=False)
