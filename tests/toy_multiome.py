"""A small paired multiome in memory: four types of cells, two told apart only by each modality."""

import anndata as ad
import mudata
import numpy as np
import pandas as pd
from multiome2vec import keys
from scipy import sparse

N_GENES, N_REGIONS, N_MOTIFS = 60, 90, 12


def toy_multiome(*, cells: int = 400, seed: int = 0) -> mudata.MuData:
    """Simulate counts.

    Types A and B differ in RNA alone, types C and D in ATAC and its motifs alone; A, B and C, D
    differ in both. Batches differ in the depth and in a few features.
    """
    rng = np.random.default_rng(seed)
    kind = np.arange(cells) % 4
    batch = rng.integers(2, size=cells)
    genes = np.ones((4, N_GENES))
    genes[2:, :15] = 4
    genes[1, 15:30] = 5
    regions = np.ones((4, N_REGIONS))
    regions[2:, :20] = 4
    regions[3, 20:45] = 5
    counts = {
        keys.RNA: _counts(rng, genes[kind], batch, depth=300),
        keys.ATAC: _counts(rng, regions[kind], batch, depth=350),
    }
    obs = pd.DataFrame(
        {keys.BATCH: np.array(["s1", "s2"])[batch], keys.TRUE_TYPE: np.array(list("ABCD"))[kind]},
        index=[f"s1#{i}" for i in range(cells)],
    )
    features = {keys.RNA: pd.DataFrame(index=[f"gene{i}" for i in range(N_GENES)])}
    features[keys.ATAC] = pd.DataFrame(
        {keys.CHROM: "chr1", keys.START: 500 * np.arange(N_REGIONS)},
        index=[f"chr1:{500 * i}-{500 * i + 500}" for i in range(N_REGIONS)],
    ).assign(**{keys.END: lambda var: var[keys.START] + 500})
    parts = {}
    for name, var in features.items():
        values = sparse.csr_matrix(counts[name])
        parts[name] = ad.AnnData(values.astype(np.float32), obs=obs[[]].copy(), var=var)
        parts[name].layers[keys.COUNTS] = values
    library = counts[keys.RNA].sum(axis=1, keepdims=True)
    parts[keys.RNA].X = sparse.csr_matrix(np.log1p(1e4 * counts[keys.RNA] / library))
    parts[keys.ATAC].uns[keys.COUNTING] = keys.PAIRED_INSERTION
    parts[keys.MOTIF] = _motifs(rng, counts[keys.ATAC], obs)
    mdata = mudata.MuData(parts)
    mdata.obs = obs.copy()
    return mdata


def _counts(rng, profile, batch, *, depth):
    effect = np.ones((2, profile.shape[1]))
    effect[1, -10:] = 3
    share = profile * effect[batch]
    share /= share.sum(axis=1, keepdims=True)
    library = rng.poisson(depth * np.array([1.0, 1.5])[batch])
    return rng.poisson(library[:, None] * share).astype(np.int32)


def _motifs(rng, counts, obs):
    matches = rng.random((N_REGIONS, N_MOTIFS)) < 0.3
    matches[20:45, 0] = True
    share = (counts / counts.sum(axis=1, keepdims=True)) @ matches
    scores = (share - share.mean(axis=0)) / share.std(axis=0)
    mask = np.zeros(scores.shape, np.uint8)
    mask[:5, 1] = 1
    names = [f"{i:04d}" for i in range(N_MOTIFS)]
    scores[mask == 1] = 0
    motif = ad.AnnData(
        scores.astype(np.float32),
        obs=obs[[]].copy(),
        var=pd.DataFrame({"name": names, "tfs": names}, index=[f"MA{name}.1" for name in names]),
    )
    motif.layers[keys.MASK] = mask
    motif.layers[keys.DEVIATION] = (scores / 10).astype(np.float32)
    return motif
