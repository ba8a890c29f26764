"""What results hold, for comparison of runs."""

from pathlib import Path

import h5py
import numpy as np

#: files of a run that say whether all of it gave the same
TELLING = (
    "matrices/multiome.h5mu",
    "topics/tomotopy/5/topics.h5ad",
    "embeddings/trivae/seed-0.h5ad",
    "embeddings/lsi/seed-0.h5ad",
    "motifs/lightmotif/cistromes.h5ad",
    "motifs/lightmotif/enrichment.tsv",
    "motifs/lightmotif/dem.tsv",
)


def arrays(path: Path) -> dict[str, np.ndarray]:
    """Every array of an HDF5 file."""
    found = {}
    with h5py.File(path) as file:
        file.visititems(
            lambda name, item: (
                found.update({name: item[()]}) if isinstance(item, h5py.Dataset) else None
            )
        )
    return found


def assert_same(one: Path, two: Path, names: tuple[str, ...] = TELLING) -> None:
    """Two runs of the demo have the same in these results."""
    for name in names:
        first, second = (run / "results" / "demo" / name for run in (one, two))
        if first.suffix not in (".h5ad", ".h5mu"):
            assert first.read_bytes() == second.read_bytes(), name
            continue
        first, second = arrays(first), arrays(second)
        assert first.keys() == second.keys()
        for key in first:
            np.testing.assert_array_equal(first[key], second[key], err_msg=f"{name}: {key}")
