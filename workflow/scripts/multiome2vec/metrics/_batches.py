"""Mixing of batches in an embedding."""

import numpy as np


def batch_silhouette(embedding: np.ndarray, labels: np.ndarray, batches: np.ndarray) -> float:
    """1 − mean |silhouette of batches| within each label, averaged over labels (scIB's batch ASW).

    Labels that occur in one batch only are left out; 1 is perfect mixing.

    Raises
    ------
    ValueError
        If no label has two batches.
    """
    from sklearn.metrics import silhouette_samples

    scores = []
    for label in np.unique(labels):
        use = labels == label
        n = len(np.unique(batches[use]))
        if 1 < n < use.sum():
            scores.append(1 - np.abs(silhouette_samples(embedding[use], batches[use])).mean())
    if not scores:
        raise ValueError("no label occurs in two batches")
    return float(np.mean(scores))
