"""Scores of regions × motifs on disk (zarr): written by regions, read by motifs."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

CHUNK_REGIONS, CHUNK_MOTIFS = 20_000, 64


SCORES, SHUFFLED = "scores", "shuffled"  # of the regions, and of their shuffled sequences


def create_store(
    path: str | Path, *, regions: pd.Index, motifs: pd.Index, limits: Sequence[float],
    names: Sequence[str] = (SCORES,),
) -> list:  # fmt: skip
    """Create an empty store and return its arrays, float32, regions × motifs.

    Parameters
    ----------
    limits
        Score from which each motif counts as matching, in bits.
    names
        Of the arrays.
    """
    import zarr

    group = zarr.open_group(path, mode="w-")
    group.attrs.update({"regions": list(regions), "motifs": list(motifs)})
    group.attrs["limits"] = [float(limit) for limit in limits]
    shape = (len(regions), len(motifs))
    chunks = tuple(min(a, b) for a, b in zip(shape, (CHUNK_REGIONS, CHUNK_MOTIFS), strict=True))
    return [group.create_array(name, shape=shape, chunks=chunks, dtype="float32") for name in names]


class ScoreStore:
    """A store opened for reading.

    Attributes
    ----------
    regions, motifs
        Names of rows and columns.
    limits
        Score from which each motif counts as matching, in bits.
    """

    def __init__(self, path: str | Path) -> None:
        import zarr

        group = zarr.open_group(path, mode="r")
        self._group = group
        self.regions = pd.Index(group.attrs["regions"])
        self.motifs = pd.Index(group.attrs["motifs"])
        self.limits = np.array(group.attrs["limits"])

    def blocks(self) -> Iterator[tuple[slice, np.ndarray]]:
        """Yield slices of motifs with the scores of all regions."""
        for start in range(0, len(self.motifs), CHUNK_MOTIFS):
            motifs = slice(start, min(start + CHUNK_MOTIFS, len(self.motifs)))
            yield motifs, self.block(motifs)

    def block(self, motifs: slice, name: str = SCORES) -> np.ndarray:
        """Scores of all regions for a slice of motifs."""
        return self._group[name][:, motifs]
