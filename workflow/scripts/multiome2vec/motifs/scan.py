"""Matches of motifs in regions, on both strands, by lightmotif."""

from collections.abc import Callable, Iterable, Sequence

import numpy as np
from scipy import sparse

from multiome2vec.motifs.collection import BASES, Motif

PSEUDOCOUNT = 0.8  # per position, a quarter for each base (TFBSTools, motifmatchr)
SPACER = "N"
SHORT = 8  # positions; the distribution of scores of motifs up to this length is enumerated
GRID = 2**20  # steps of a share from 0 to 1, all exact in single precision
SLACK = 1e-4  # bits between the enumerated threshold and lightmotif's single-precision scores


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

    The score of a window is the sum of log2((count + 0.2) / (n + 0.8) / b) with background b. It is
    a match if its p-value under b is at most ``pvalue`` (:func:`score_threshold`), on either
    strand. Sequences are scanned in one piece, joined by N; a window that holds an N, in a sequence
    or between two, never matches.

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

    text, starts = joined(sequences)
    striped = lightmotif.stripe(text)
    unknown = np.cumsum(np.frombuffer(f"{text}{SPACER}".encode(), np.uint8) == ord(SPACER))
    columns = []
    for motif in progress(motifs):
        weights = log_odds(motif, background)
        threshold = score_threshold(weights, background, pvalue=pvalue)
        matrix = lightmotif_matrix(weights, background)
        hits = [
            hit.position
            for strand in (matrix, matrix.reverse_complement())
            for hit in lightmotif.scan(strand, striped, threshold=threshold)
        ]
        first = np.array(hits, dtype=np.int64)
        last = first + len(weights) - 1
        first = first[unknown[last] == np.where(first > 0, unknown[first - 1], 0)]
        columns.append(np.unique(np.searchsorted(starts, first, side="right") - 1))
    indptr = np.concatenate([[0], np.cumsum([len(column) for column in columns])])
    indices = np.concatenate([*columns, np.empty(0, dtype=np.int64)])
    ones = np.ones(len(indices), dtype=np.uint8)
    return sparse.csc_matrix((ones, indices, indptr), (len(sequences), len(motifs))).tocsr()


def log_odds(motif: Motif, background: dict[str, float]) -> np.ndarray:
    """Score of each base at each position (positions × ACGT) in bits, against the background."""
    counts = motif.counts + PSEUDOCOUNT / len(BASES)
    share = [background[base] for base in BASES]
    return np.log2(counts / counts.sum(axis=1, keepdims=True) / share)


def score_threshold(weights: np.ndarray, background: dict[str, float], *, pvalue: float) -> float:
    """Lowest score that a random window reaches with probability ``pvalue`` or less.

    A motif of so few positions that even its best word is more frequent than that keeps this word
    as its only match, as in MOODS and motifmatchr (:func:`is_too_short` finds such motifs).
    """
    if len(weights) > SHORT:
        return lightmotif_matrix(weights, background).score(pvalue)
    scores, tail = _score_distribution(weights, background)
    reached = np.flatnonzero(tail <= pvalue * (1 + 1e-9))
    return float(scores[reached[-1] if len(reached) else 0]) - SLACK


def is_too_short(weights: np.ndarray, background: dict[str, float], *, pvalue: float) -> bool:
    """Whether even the best word of a motif has a p-value above ``pvalue``."""
    share = np.array([background[base] for base in BASES])
    best = np.isclose(weights, weights.max(axis=1, keepdims=True), rtol=0, atol=1e-9)
    return bool(np.prod(best @ share) > pvalue)


def _score_distribution(
    weights: np.ndarray, background: dict[str, float]
) -> tuple[np.ndarray, np.ndarray]:
    """Distinct scores of all words from the highest down, and the chance to reach each."""
    share = np.array([background[base] for base in BASES])
    scores, chance = np.zeros(1), np.ones(1)
    for row in weights:
        scores = np.round(np.add.outer(scores, row).ravel(), 9)
        chance = np.outer(chance, share).ravel()
    distinct, word = np.unique(-scores, return_inverse=True)
    return -distinct, np.cumsum(np.bincount(word, weights=chance))


def joined(sequences: Sequence[str]) -> tuple[str, np.ndarray]:
    """Join sequences by N; return the text and where in it each begins."""
    starts = np.cumsum([0, *(len(sequence) + 1 for sequence in sequences[:-1])])
    return SPACER.join(sequences), starts


def lightmotif_matrix(weights: np.ndarray, background: dict[str, float]):
    """Scores of bases by position (bits) as lightmotif takes them."""
    import lightmotif

    columns = {base: weights[:, i].tolist() for i, base in enumerate(BASES)}
    return lightmotif.ScoringMatrix(columns, _exact(background))


def _exact(background: dict[str, float]) -> dict[str, float]:
    """Frequencies, to a millionth, that add up to 1 in single precision: others are refused."""
    shares = {base: round(share * GRID) / GRID for base, share in background.items()}
    commonest = max(shares, key=shares.__getitem__)
    return shares | {commonest: shares[commonest] + 1 - sum(shares.values())}
