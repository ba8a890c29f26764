"""Best score of every motif in every region, on both strands, and the rankings that follow."""

import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from multiome2vec.motifs.collection import Motif
from multiome2vec.motifs.scan import SPACER, joined, lightmotif_matrix, log_odds

WORST = np.float32(-1e4)  # bits; of a region in which no window is free of N


def best_scores(
    sequences: Sequence[str],
    motifs: Sequence[Motif],
    *,
    background: dict[str, float],
    threads: int = 1,
    progress: Callable[[Iterable], Iterable] = iter,
) -> np.ndarray:
    """Largest log-odds score of each motif over all windows of each sequence, either strand.

    Scores are in bits against ``background`` (see :func:`multiome2vec.motifs.scan.log_odds`).
    Sequences are joined by N; windows that hold an N, in a sequence or between two, do not count.

    Parameters
    ----------
    sequences
        Upper-case sequences of the regions.
    motifs
        Motifs to score.
    background
        Base frequencies.
    threads
        Motifs worked on at once; the scorer releases Python's lock.
    progress
        Wraps the iteration over motifs.

    Returns
    -------
    numpy.ndarray
        Sequences × motifs, float32; :data:`WORST` where no window counts.
    """
    import lightmotif

    text, starts = joined(sequences)
    own = threading.local()  # lightmotif's sequence serves one scorer at a time
    unknown = np.frombuffer(text.encode(), np.uint8) == ord(SPACER)
    before = np.concatenate([[0], np.cumsum(unknown, dtype=np.int64)])

    def score(motif: Motif) -> np.ndarray:
        weights = log_odds(motif, background)
        length = len(weights)
        if length > len(text):
            return np.full(len(sequences), WORST)
        matrix = lightmotif_matrix(weights, background)
        if not hasattr(own, "striped"):
            own.striped = lightmotif.stripe(text)
        best = None
        for strand in (matrix, matrix.reverse_complement()):
            values = np.asarray(memoryview(strand.calculate(own.striped))).ravel()[: len(text)]
            best = values.copy() if best is None else np.maximum(best, values, out=best)
        best[: len(text) - length + 1][before[length:] != before[:-length]] = WORST
        best[len(text) - length + 1 :] = WORST
        return np.maximum.reduceat(best, starts)

    with ThreadPoolExecutor(threads) as pool:
        columns = list(progress(pool.map(score, motifs)))
    return np.stack(columns, axis=1)


def rankings(scores: np.ndarray, *, rng: np.random.Generator) -> np.ndarray:
    """Rank the regions by each motif's score: 0 is the best; ties are broken at random.

    Parameters
    ----------
    scores
        Regions × motifs.

    Returns
    -------
    numpy.ndarray
        Regions × motifs, int32, each column a permutation.
    """
    shuffled = rng.permutation(len(scores))
    order = shuffled[np.argsort(-scores[shuffled], axis=0, kind="stable")]
    found = np.empty(scores.shape, dtype=np.int32)
    np.put_along_axis(found, order, np.arange(len(scores), dtype=np.int32)[:, None], axis=0)
    return found
