"""Estimate of the memory that rules need, from the size of the inputs."""

from collections.abc import Mapping
from pathlib import Path

import h5py

from multiome2vec.io.anndata_file import X

BASE = 300  # MB, of imports
#: MB per million stored entries of a modality (benchmarks/scale.tsv: 58 million of ATAC; peaks over
#: the base), of the rules with the highest peaks
PER_MILLION = {
    "annotate_rna": {"rna": 60},
    "multiome": {"rna": 40, "atac": 40},
    "merge_regions": {"atac": 28},
    "count_regions": {"atac": 28},
    "topic_model": {"atac": 31},
    "deviations": {"atac": 28},
    "export_matrices": {"atac": 22},
}
FRAGMENT_BYTES = 12  # of a fragment in bgzip, about
IN_REGIONS = 0.6  # entries of the region matrix per fragment, about
H5_GROUPS = ("matrix/data", f"{X}/data", "layers/counts/data", "raw/X/data", X)


def estimate(samples: Mapping[str, Mapping[str, str]]) -> dict[str, float]:
    """Likely peak (MB) by rule.

    Parameters
    ----------
    samples
        Rows of the sample sheet by sample; files that are not there count as nothing.
    """
    millions = {"rna": 0.0, "atac": 0.0}
    for row in samples.values():
        millions["rna"] += stored_entries(row["rna"]) / 1e6
        millions["atac"] += stored_entries(row["atac"]) / 1e6
        if row["fragments"] and not row["atac"] and Path(row["fragments"]).is_file():
            fragments = Path(row["fragments"]).stat().st_size / FRAGMENT_BYTES
            millions["atac"] += IN_REGIONS * fragments / 1e6
    needs = {
        rule: BASE + sum(per * millions[name] for name, per in modalities.items())
        for rule, modalities in PER_MILLION.items()
        if any(millions[name] for name in modalities)
    }
    ready = any(row["atac"] for row in samples.values())
    needs.pop("count_regions" if ready else "merge_regions", None)
    return needs


def stored_entries(path: str) -> int:
    """Count the stored entries of a matrix in HDF5, or guess them by the size of other files."""
    if not path or not Path(path).exists():
        return 0
    if Path(path).is_dir() or not h5py.is_hdf5(path):
        files = [Path(path)] if Path(path).is_file() else list(Path(path).glob("*matrix.mtx*"))
        return sum(file.stat().st_size for file in files) // 4
    with h5py.File(path) as file:
        found = (file[name] for name in H5_GROUPS if name in file)
        first = next((data for data in found if isinstance(data, h5py.Dataset)), None)
        return 0 if first is None else first.size
