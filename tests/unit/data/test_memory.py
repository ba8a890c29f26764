"""What an epoch over a large file takes: not more with more cells."""

import resource
import subprocess
import sys

import anndata as ad
import h5py
import numpy as np
import pandas as pd

REGIONS, OPEN = 50_000, 200


def write_cells(path, n_cells):
    """Write cells with one open region among every 250, some cells at a time."""
    rng = np.random.default_rng(0)
    obs = pd.DataFrame({"batch": "a"}, index=np.arange(n_cells).astype(str))
    names = [f"chr1:{i}-{i + 1}" for i in range(REGIONS)]
    ad.AnnData(obs=obs, var=pd.DataFrame({"feature_types": "Peaks"}, index=names)).write_h5ad(path)
    total, width = n_cells * OPEN, REGIONS // OPEN
    with h5py.File(path, "a") as file:
        group = file.create_group("layers/counts")
        group.attrs["encoding-type"], group.attrs["encoding-version"] = "csr_matrix", "0.1.0"
        group.attrs["shape"] = (n_cells, REGIONS)
        group["indptr"] = OPEN * np.arange(n_cells + 1, dtype=np.int64)
        columns = group.create_dataset("indices", (total,), np.int32, chunks=(2**18,))
        group.create_dataset("data", data=np.ones(total, np.uint8), chunks=(2**18,))
        for first in range(0, total, 2_000 * OPEN):
            size = min(2_000, (total - first) // OPEN)
            places = width * np.arange(OPEN) + rng.integers(0, width, (size, OPEN))
            columns[first : first + size * OPEN] = places.ravel()


def run_epoch(path):
    """Print the peak memory of a shuffled epoch (MB) and how many counts it has seen."""
    from multiome2vec import keys
    from multiome2vec.data.device import CPU
    from multiome2vec.data.multiome import cell_data
    from multiome2vec.data.readers import read_dataset

    data = cell_data(
        read_dataset(path, counting=keys.FRAGMENT),
        features={keys.ATAC: np.arange(REGIONS)},
        batches=[],
        batch_key=None,
        backend="backed",
    )
    seen, rng = 0.0, np.random.default_rng(0)
    for _, batch in data.batches(np.arange(len(data)), size=512, device=CPU, rng=rng):
        seen += float(batch.library(keys.ATAC).sum())
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, seen)


def test_an_epoch_over_a_file_takes_no_more_memory_with_ten_times_the_cells(tmp_path):
    """200,000 × 50,000 with 40 million counts, 200 MB of them, beside a tenth of the cells."""
    peaks = []
    for n_cells in (20_000, 200_000):
        path = tmp_path / f"{n_cells}.h5ad"
        write_cells(path, n_cells)
        command = [sys.executable, __file__, path]
        printed = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
        peak, seen = map(float, printed.split())
        assert seen == n_cells * OPEN
        peaks.append(peak)
    assert peaks[1] < 1.1 * peaks[0]


if __name__ == "__main__":
    run_epoch(sys.argv[1])
