"""Memory and speed of an epoch over cells in a file, in memory and on the GPU.

    python benchmarks/data_memory.py --cells 20000 200000 [--backends backed memory gpu]

Writes simulated cells × 100,000 regions (3 % of them open; 3,000 per cell) as CSR into an h5ad,
runs one shuffled epoch of batches of 512 in a process per backend, and prints a table. The file
takes 5 bytes per open region of a cell (15 kB per cell) and is deleted afterwards.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

BATCH, CHUNK = 512, 2_000


def write_cells(path: Path, n_cells: int, *, n_regions: int, n_open: int) -> None:
    """Write the file some cells at a time; regions are dealt into runs, a cell has one of each."""
    import anndata as ad
    import h5py
    import pandas as pd

    rng = np.random.default_rng(0)
    obs = pd.DataFrame({"batch": np.array(["a", "b"])[np.arange(n_cells) % 2]})
    var = pd.DataFrame(
        {"feature_types": "Peaks"}, index=[f"chr1:{i}-{i + 1}" for i in range(n_regions)]
    )
    ad.AnnData(obs=obs.set_index(obs.index.astype(str)), var=var).write_h5ad(path)
    width = n_regions // n_open
    with h5py.File(path, "a") as file:
        group = file.create_group("layers/counts")
        group.attrs.update(
            {
                "encoding-type": "csr_matrix",
                "encoding-version": "0.1.0",
                "shape": (n_cells, n_regions),
            }
        )
        group["indptr"] = n_open * np.arange(n_cells + 1, dtype=np.int64)
        total = n_cells * n_open
        indices = group.create_dataset("indices", (total,), np.int32, chunks=(2**18,))
        values = group.create_dataset("data", (total,), np.uint8, chunks=(2**18,))
        for first in range(0, n_cells, CHUNK):
            size = min(CHUNK, n_cells - first)
            span = slice(first * n_open, (first + size) * n_open)
            places = width * np.arange(n_open) + rng.integers(0, width, (size, n_open))
            indices[span] = places.ravel()
            values[span] = 1 + rng.poisson(0.3, size * n_open)


def epoch(path: str, backend: str) -> dict:
    """Peak memory (MB), that of the imports alone, and cells per second of an epoch."""
    import anndata.io  # noqa: F401 - read_dataset imports it
    import torch
    from multiome2vec import keys
    from multiome2vec.data.multiome import cell_data
    from multiome2vec.data.readers import read_dataset

    device = torch.device("cuda" if backend == "gpu" else "cpu")
    imports, start = _peak(), time.monotonic()
    dataset = read_dataset(path, counting=keys.FRAGMENT)
    features = {keys.ATAC: np.arange(len(dataset.modalities[keys.ATAC].var))}
    data = cell_data(dataset, features=features, batches=[], batch_key=None, backend=backend)
    loaded, total = time.monotonic(), 0.0
    order = np.random.default_rng(0)
    for _, batch in data.batches(np.arange(len(data)), size=BATCH, device=device, rng=order):
        total += float(batch.library(keys.ATAC).sum())
    end = time.monotonic()
    return {
        "cells": len(data),
        "backend": backend,
        "csr_mb": round(Path(path).stat().st_size / 2**20),
        "imports_mb": round(imports),
        "peak_mb": round(_peak()),
        "load_s": round(loaded - start, 1),
        "epoch_s": round(end - loaded, 1),
        "cells_per_s": round(len(data) / (end - loaded)),
        "sum": total,
    }


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    """Parse the options, measure, print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cells", nargs="+", type=int, default=[20_000])
    parser.add_argument("--regions", type=int, default=100_000)
    parser.add_argument("--open", type=int, default=3_000, help="regions per cell")
    parser.add_argument("--backends", nargs="+", default=["backed", "memory"], help="gpu too")
    parser.add_argument("--folder")
    parser.add_argument("--epoch", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.epoch:
        print(json.dumps(epoch(*options.epoch)))
        return
    header = False
    for n_cells in options.cells:
        with tempfile.TemporaryDirectory(dir=options.folder) as folder:
            path = Path(folder, "cells.h5ad")
            write_cells(path, n_cells, n_regions=options.regions, n_open=options.open)
            for backend in options.backends:
                command = [sys.executable, __file__, "--epoch", str(path), backend]
                done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
                row = json.loads(done.stdout)
                if not header:
                    print(*row, sep="\t")
                    header = True
                print(*row.values(), sep="\t", flush=True)


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1] / "workflow" / "scripts"))
    main()
