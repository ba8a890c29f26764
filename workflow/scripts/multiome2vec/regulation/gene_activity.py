"""Gene activity: accessibility around a gene, as a stand-in for its expression.

The model of ArchR (Granja et al. 2021, doi:10.1038/s41588-021-00790-6), on regions instead of
500-bp tiles:

* A gene's body reaches from 5 kb upstream of its start to its end.
* Its window reaches from the body outwards by ``window`` bp, but not into another gene's body, and
  in any case by 1 kb. Where a neighbour overlaps the body, the window is 1 kb on that side.
* A region that overlaps the window has weight exp(-d / ``decay``) + exp(-1), d being the bp between
  region and body, 0 if they overlap. The second term keeps a share for distal regions.
* Times the gene's size factor, 1 for long to about 5 for short genes, linear in 1 / length.
* Activity is the weighted sum of the counts, of which at most 4 count per region and cell.
"""

import numpy as np
import pandas as pd
from scipy import sparse

from multiome2vec import keys

UPSTREAM = 5000  # bp by which a body is extended
LEAST = 1000  # bp by which a window reaches beyond the body
LARGEST_SIZE_FACTOR = 5
CEILING = 4  # counts of a region in a cell


def gene_activity(
    counts: sparse.csr_matrix,
    regions: pd.DataFrame,
    genes: pd.DataFrame,
    *,
    window: int,
    decay: int,
) -> sparse.csr_matrix:
    """Sum the counts around each gene, weighted by distance (see the module).

    Parameters
    ----------
    counts
        Cells × regions.
    regions, genes
        ``chrom``, ``start`` and ``end``; of genes also ``strand``.
    window, decay
        In bp.

    Returns
    -------
    scipy.sparse.csr_matrix
        Cells × genes, float32.
    """
    weights = gene_weights(regions, genes, window=window, decay=decay)
    values = np.minimum(counts.data, CEILING).astype(np.float32)
    capped = sparse.csr_matrix((values, counts.indices, counts.indptr), counts.shape, copy=False)
    activity = capped @ weights
    activity.sort_indices()
    return activity


def gene_weights(
    regions: pd.DataFrame, genes: pd.DataFrame, *, window: int, decay: int
) -> sparse.csr_matrix:
    """Weight of each region for each gene: regions × genes, float32."""
    body = gene_bodies(genes)
    reach = gene_windows(body, window=window)
    rows, columns = _overlaps(regions, reach)
    starts, ends = (regions[name].to_numpy(dtype=np.int64) for name in (keys.START, keys.END))
    left = body[keys.START].to_numpy()[columns] - ends[rows]
    right = starts[rows] - body[keys.END].to_numpy()[columns]
    distance = np.maximum(np.maximum(left, right), 0)
    weight = (np.exp(-distance / decay) + np.exp(-1)) * size_factors(body)[columns]
    shape = (len(regions), len(genes))
    return sparse.csr_matrix((weight.astype(np.float32), (rows, columns)), shape=shape)


def gene_bodies(genes: pd.DataFrame) -> pd.DataFrame:
    """Genes extended upstream by :data:`UPSTREAM`, not beyond the chromosome's first base."""
    reverse = genes["strand"] == "-"
    return pd.DataFrame(
        {
            keys.CHROM: genes[keys.CHROM].astype(str),
            keys.START: np.maximum(genes[keys.START] - np.where(reverse, 0, UPSTREAM), 0),
            keys.END: genes[keys.END] + np.where(reverse, UPSTREAM, 0),
        }
    )


def gene_windows(body: pd.DataFrame, *, window: int) -> pd.DataFrame:
    """Windows around bodies, up to the next body on either side (see the module)."""
    order = body.sort_values([keys.CHROM, keys.START, keys.END], kind="stable")
    by_chrom = order.groupby(keys.CHROM, sort=False)
    before = by_chrom[keys.END].transform(lambda ends: ends.cummax().shift(fill_value=0))
    far = np.iinfo(np.int64).max
    after = by_chrom[keys.START].transform(lambda starts: starts.shift(-1, fill_value=far))
    start = np.maximum(before, order[keys.START] - window)
    end = np.minimum(after, order[keys.END] + window)
    found = order.assign(
        start=np.maximum(np.minimum(start, order[keys.START] - LEAST), 0),
        end=np.maximum(end, order[keys.END] + LEAST),
    )
    return found.loc[body.index]


def size_factors(body: pd.DataFrame) -> np.ndarray:
    """Factor of each gene by the length of its body; 1 for all if they are equally long."""
    inverse = 1 / (body[keys.END] - body[keys.START]).to_numpy(dtype=float)
    spread = np.ptp(inverse) if len(inverse) else 0.0
    if spread == 0:
        return np.ones(len(inverse))
    return 1 + (LARGEST_SIZE_FACTOR - 1) * inverse / spread


def _overlaps(regions: pd.DataFrame, reach: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Positions of regions and windows that share at least one base."""
    rows, columns = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    windows = pd.Series(range(len(reach))).groupby(reach[keys.CHROM].to_numpy()).indices
    places = pd.Series(range(len(regions))).groupby(regions[keys.CHROM].astype(str).to_numpy())
    for chrom, mine in places.indices.items():
        theirs = windows.get(chrom, np.empty(0, np.int64))
        order = mine[np.argsort(regions[keys.START].to_numpy()[mine], kind="stable")]
        starts, ends = (regions[name].to_numpy()[order] for name in (keys.START, keys.END))
        left, right = (reach[name].to_numpy()[theirs] for name in (keys.START, keys.END))
        # no region before `first` reaches into the window; those after it may still end too early
        first = np.searchsorted(np.maximum.accumulate(ends), left, side="right")
        n = np.maximum(np.searchsorted(starts, right, side="left") - first, 0)
        place = np.repeat(first - np.cumsum(n) + n, n) + np.arange(n.sum())
        which = np.repeat(np.arange(len(theirs)), n)
        inside = ends[place] > left[which]
        rows.append(order[place[inside]])
        columns.append(theirs[which[inside]])
    return np.concatenate(rows), np.concatenate(columns)
