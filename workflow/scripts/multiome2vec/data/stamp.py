"""What tells data from others: by it a training notices that they have changed."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from multiome2vec.data.dataset import Dataset


def file_stamp(path: str | Path) -> str:
    """Size and time of a file; of a folder, over all files in it."""
    path = Path(path)
    files = path.rglob("*") if path.is_dir() else [path]
    found = [file.stat() for file in files if not file.is_dir()]
    return f"{sum(s.st_size for s in found)}-{max((s.st_mtime_ns for s in found), default=0)}"


def dataset_stamp(dataset: Dataset, columns: Sequence[str] = ()) -> str:
    """Digest of all values in memory, and of the stamps of the files that hold the others.

    Parameters
    ----------
    columns
        Of ``obs``, to be taken in beside the barcodes.

    Returns
    -------
    str
        First 16 hexadecimal digits of a SHA-256.
    """
    total = hashlib.sha256()
    for values in (dataset.obs.index, *(dataset.obs[column] for column in columns)):
        texts = pd.Series(values, dtype=object).astype(str)
        total.update(pd.util.hash_pandas_object(texts, index=False).to_numpy())
    for name, source in dataset.modalities.items():
        total.update(f"{name} {source.kind} {source.store.shape}".encode())
        total.update(source.rows.astype(int))
        for part in source.store.identity():
            total.update(file_stamp(part).encode() if isinstance(part, Path) else part)
    return total.hexdigest()[:16]
