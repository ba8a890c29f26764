"""Cistromes: the regions that a factor's motifs point to."""

import numpy as np
import pandas as pd
from scipy import sparse

from multiome2vec.motifs.annotation import DIRECT, ORTHOLOGY

Edges = dict[tuple[str, str], np.ndarray]  # positions of regions by (set, motif)


def cistromes(
    leading_edges: Edges, factors: pd.DataFrame, *, n_regions: int
) -> tuple[sparse.csr_matrix, pd.DataFrame]:
    """Union of the leading edges of a factor's motifs, over all sets.

    Parameters
    ----------
    leading_edges
        For each (set, motif) the positions of its regions.
    factors
        By motif: ``tfs`` and ``tfs_orthology``, comma-separated.
    n_regions
        Regions in all.

    Returns
    -------
    matrix : scipy.sparse.csr_matrix
        Regions × cistromes, uint8.
    columns : pandas.DataFrame
        Of the matrix: tf, evidence (direct or orthology), n_regions, motifs (comma-separated);
        index ``<tf>_<evidence>``. An orthology cistrome also takes the motifs with direct evidence.
    """
    of_motif: dict[str, set[int]] = {}
    for (_, motif), regions in leading_edges.items():
        of_motif.setdefault(motif, set()).update(regions.tolist())
    motifs_of: dict[tuple[str, str], list[str]] = {}
    for motif in sorted(of_motif):
        direct = _names(factors.loc[motif, "tfs"])
        for tf in direct:
            motifs_of.setdefault((tf, DIRECT), []).append(motif)
        for tf in sorted({*direct, *_names(factors.loc[motif, "tfs_orthology"])}):
            motifs_of.setdefault((tf, ORTHOLOGY), []).append(motif)
    rows, found = [], []
    for (tf, evidence), motifs in sorted(motifs_of.items()):
        only_direct = motifs_of.get((tf, DIRECT)) == motifs
        if evidence == ORTHOLOGY and only_direct:
            continue
        regions = np.array(sorted(set().union(*(of_motif[motif] for motif in motifs))))
        rows.append(regions)
        found.append((tf, evidence, len(regions), ",".join(motifs)))
    columns = pd.DataFrame(found, columns=["tf", "evidence", "n_regions", "motifs"])
    columns.index = pd.Index(columns["tf"] + "_" + columns["evidence"], dtype=object)
    indptr = np.cumsum([0, *map(len, rows)])
    indices = np.concatenate([*rows, np.empty(0, dtype=np.int64)]).astype(np.int64)
    ones = np.ones(len(indices), dtype=np.uint8)
    return sparse.csc_matrix((ones, indices, indptr), (n_regions, len(rows))).tocsr(), columns


def _names(joined: str) -> list[str]:
    return [name for name in joined.split(",") if name]
