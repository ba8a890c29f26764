"""RNA doublet callers: one module each.

A caller is a function ``score(counts, *, expected_rate, seed)`` of a CSR matrix of raw counts
(cells × genes). It returns :class:`Scores`, or raises :class:`NotScored` where the cells cannot
tell, and gives the same scores for the same seed, whatever the number of threads.
"""

from dataclasses import dataclass

import numpy as np

from multiome2vec.registry import Registry

CALLERS = Registry(__name__, kind="doublet caller")


@dataclass(frozen=True)
class Scores:
    """What a caller finds.

    Attributes
    ----------
    observed
        Score of each cell; higher is more like a doublet.
    simulated
        Scores of simulated doublets.
    threshold
        Score above which the caller itself would call a doublet; None if it found none.
    """

    observed: np.ndarray
    simulated: np.ndarray
    threshold: float | None


class NotScored(Exception):
    """The cells or genes are too few for scores; the message says so in a sentence."""
