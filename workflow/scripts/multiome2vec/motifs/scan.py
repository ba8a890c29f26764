"""Matches of motifs in regions, on both strands, by lightmotif."""

from collections.abc import Callable, Iterable, Sequence

import numpy as np
from scipy import sparse

from multiome2vec.motifs.collection import BASES, Motif

PSEUDOCOUNT = 0.8  # per position, shared by the bases as the background is (TFBSTools, motifmatchr)
SLACK = 0.01  # bits; the threshold comes from rounded scores and must not lose exact ones
SPACER = "N"


def base_composition(sequences: Iterable[str]) -> dict[str, float]:
    """Frequencies of the bases over both strands of all sequences; N does not count."""
    counts = dict.fromkeys(BASES, 0)
    for sequence in sequences:
        for base in BASES:
            counts[base] += sequence.count(base)
    at, gc = counts["A"] + counts["T"], counts["C"] + counts["G"]
    total = max(1, at + gc)
    return {base: (at if base in "AT" else gc) / (2 * total) for base in BASES}


def gc_content(sequence: str) -> float:
    """Share of G and C among the bases that are not N; 0.5 without any."""
    gc, at = (sum(map(sequence.count, bases)) for bases in ("GC", "AT"))
    return gc / (gc + at) if gc + at else 0.5


def match_matrix(
    sequences: Sequence[str],
    motifs: Sequence[Motif],
    *,
    pvalue: float,
    background: dict[str, float],
    progress: Callable[[Iterable], Iterable] = iter,
) -> sparse.csr_matrix:
    """Which motif has a match in which sequence.

    The log-odds matrix of a motif, log2((count + 0.8 b) / (n + 0.8) / b) with background b, matches
    where its score has a p-value below ``pvalue`` under b, on either strand. Sequences are scanned
    in one piece, joined by runs of N that no motif can bridge.

    Parameters
    ----------
    sequences
        Upper-case sequences of the regions.
    motifs
        Motifs, all scanned.
    pvalue
        Threshold of a match.
    background
        Base frequencies (:func:`base_composition`).
    progress
        Wraps the iteration over motifs.

    Returns
    -------
    scipy.sparse.csr_matrix
        Sequences × motifs, uint8, 1 where there is a match.
    """
    import lightmotif

    gap = SPACER * max((len(motif.counts) for motif in motifs), default=0)
    striped = lightmotif.stripe(gap.join(sequences))
    lengths = np.fromiter((len(sequence) for sequence in sequences), dtype=np.int64)
    ends = np.cumsum(lengths + len(gap)) - len(gap)
    columns = []
    for motif in progress(motifs):
        matrix = scoring_matrix(motif, background)
        threshold = matrix.score(pvalue) - SLACK
        hits = set()
        for strand in (matrix, matrix.reverse_complement()):
            positions = [
                hit.position for hit in lightmotif.scan(strand, striped, threshold=threshold)
            ]
            hits.update(_rows_of(positions, ends, lengths, len(motif.counts)))
        columns.append(np.array(sorted(hits), dtype=np.int64))
    indptr = np.concatenate([[0], np.cumsum([len(column) for column in columns])])
    indices = np.concatenate([*columns, np.empty(0, dtype=np.int64)])
    ones = np.ones(len(indices), dtype=np.uint8)
    return sparse.csc_matrix((ones, indices, indptr), (len(sequences), len(motifs))).tocsr()


def scoring_matrix(motif: Motif, background: dict[str, float]):
    """Return the log-odds matrix of a motif for lightmotif."""
    import lightmotif

    share = np.array([background[base] for base in BASES])
    counts = motif.counts + PSEUDOCOUNT * share
    score = np.log2(counts / counts.sum(axis=1, keepdims=True) / share)
    columns = {base: score[:, i].tolist() for i, base in enumerate(BASES)}
    columns["N"] = score.min(axis=1).tolist()  # an unknown base counts as the worst one
    return lightmotif.ScoringMatrix(columns, background)


def _rows_of(
    positions: list[int], ends: np.ndarray, lengths: np.ndarray, width: int
) -> Iterable[int]:
    """Sequences that hold a window starting at a position of the joined text."""
    start = np.asarray(positions, dtype=np.int64)
    row = np.searchsorted(ends, start, side="right")
    row = np.minimum(row, len(ends) - 1)
    inside = (start >= ends[row] - lengths[row]) & (start + width <= ends[row])
    return np.unique(row[inside]).tolist()
