"""Outputs of Cell Ranger at toy size."""

import gzip
from pathlib import Path

import h5py
import numpy as np


def write_h5(path: Path, barcodes, *, peaks: bool = True, genes: bool = True, genome="GRCh38"):
    """Write a feature-barcode matrix as Cell Ranger ARC does, of three features of each type."""
    types = ["Gene Expression"] * 3 * genes + ["Peaks"] * 3 * peaks
    names = [f"G{i}" for i in range(3 * genes)] + [f"chr1:{i}00-{i}50" for i in range(3 * peaks)]
    n = len(barcodes)
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w") as file:
        matrix = file.create_group("matrix")
        matrix["barcodes"] = np.array(barcodes, dtype="S")
        matrix["data"] = np.ones(n, np.int32)
        matrix["indices"] = np.arange(n) % len(names)
        matrix["indptr"] = np.arange(n + 1)
        matrix["shape"] = np.array([len(names), n])
        features = matrix.create_group("features")
        genomes = [genome] * len(names)
        columns = {"id": names, "name": names, "feature_type": types, "genome": genomes}
        for key, values in columns.items():
            features[key] = np.array(values, dtype="S")


def write_fragments(path: Path, barcodes, *, header: str = "# reference_path=/opt/mm10-2020-A\n"):
    """Write one fragment per barcode."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [f"chr1\t{9 * i}\t{9 * i + 80}\t{name}\t1\n" for i, name in enumerate(barcodes)]
    path.write_bytes(gzip.compress((header + "".join(rows)).encode()))


def write_mtx(folder: Path, barcodes, *, prefix: str = "", peaks: bool = False):
    """Write a matrix folder of three features."""
    folder.mkdir(parents=True, exist_ok=True)
    n = len(barcodes)
    entries = "".join(f"{i % 3 + 1} {i + 1} 1\n" for i in range(n))
    head = f"%%MatrixMarket matrix coordinate integer general\n%\n3 {n} {n}\n"
    rows = [f"chr1\t{i}00\t{i}50" if peaks else f"E{i}\tG{i}\tGene Expression" for i in range(3)]
    files = {
        "matrix.mtx": head + entries,
        "barcodes.tsv": "".join(f"{name}\n" for name in barcodes),
        "peaks.bed" if peaks else "features.tsv": "".join(f"{row}\n" for row in rows),
    }
    for name, text in files.items():
        (folder / f"{prefix}{name}.gz").write_bytes(gzip.compress(text.encode()))
