"""Atomic, reproducible writers: a file appears whole or not at all, and holds no clock time."""

import gzip
import json
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd


@contextmanager
def atomic_path(path: str | Path) -> Iterator[Path]:
    """Yield a unique temporary path in the folder of ``path``; rename it there on success.

    The suffixes of ``path`` are kept at the end, for writers that choose the format by them.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = _unique(path)
    try:
        yield partial
        partial.replace(path)
    finally:
        if partial.is_dir():
            shutil.rmtree(partial)
        else:
            partial.unlink(missing_ok=True)


@contextmanager
def scratch_folder(parent: str | Path) -> Iterator[Path]:
    """Yield a temporary folder in ``parent``, for what is too large for the system's own.

    It is named as unfinished files are, so that ``doctor`` finds it after a crash.
    """
    folder = _unique(Path(parent) / "scratch")
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def _unique(path: Path) -> Path:
    """Name beside ``path`` that no other writer has."""
    return path.with_name(f".{uuid.uuid4().hex[:8]}.partial.{path.name}")


@contextmanager
def open_gzip(path: str | Path) -> Iterator[gzip.GzipFile]:
    """Open a gzip file for writing bytes, without name or time in its header."""
    with (
        open(path, "wb") as raw,
        gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0, compresslevel=6) as out,
    ):
        yield out


def write_tsv(table: pd.DataFrame, path: str | Path, *, index: bool = True) -> None:
    """Write a tab-separated table (gzip if ``path`` ends in .gz); booleans as True/False."""
    text = table.to_csv(sep="\t", index=index, lineterminator="\n")
    with atomic_path(path) as partial:
        if partial.suffix == ".gz":
            with open_gzip(partial) as out:
                out.write(text.encode())
        else:
            partial.write_text(text)


def write_json(values: object, path: str | Path) -> None:
    """Write JSON with sorted keys; refuses NaN, which JSON does not have."""
    with atomic_path(path) as partial:
        partial.write_text(json.dumps(values, indent=1, sort_keys=True, allow_nan=False) + "\n")


def write_h5ad(adata, path: str | Path) -> None:
    """Write an AnnData as gzip-compressed h5ad."""
    with atomic_path(path) as partial:
        adata.write_h5ad(partial, compression="gzip")


def write_h5mu(mdata, path: str | Path) -> None:
    """Write a MuData as gzip-compressed h5mu; ``obs`` and ``var`` stay as they are."""
    import mudata

    with mudata.set_options(pull_on_update=False), atomic_path(path) as partial:
        mdata.write_h5mu(partial, compression="gzip")


def save_figure(figure, path: str | Path) -> None:
    """Write a matplotlib figure as PNG without creation time or software version, and close it."""
    import matplotlib.pyplot as plt

    with atomic_path(path) as partial:
        figure.savefig(partial, dpi=150, bbox_inches="tight", metadata={"Software": None})
    plt.close(figure)
