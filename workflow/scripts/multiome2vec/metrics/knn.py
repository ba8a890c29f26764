"""How well a cell's neighbours tell its label."""

import numpy as np

from multiome2vec.metrics import register

FOLDS = 5


@register("knn")
def knn(
    embedding: np.ndarray, labels: np.ndarray, *, n_neighbors: int, seed: int
) -> dict[str, float]:
    """``knn_accuracy``: balanced accuracy of a kNN classifier, mean of 5 stratified folds.

    Classes with fewer cells than folds are left out. Chance is 1 / number of classes.
    """
    from sklearn.model_selection import StratifiedKFold, cross_val_score
    from sklearn.neighbors import KNeighborsClassifier

    names, code, size = np.unique(labels, return_inverse=True, return_counts=True)
    use = size[code] >= FOLDS
    if len(np.unique(code[use])) < 2:
        raise ValueError(f"fewer than two classes have {FOLDS} cells")
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
    classifier = KNeighborsClassifier(min(n_neighbors, int(use.sum() * (1 - 1 / FOLDS))))
    scores = cross_val_score(
        classifier, embedding[use], code[use], cv=folds, scoring="balanced_accuracy"
    )
    return {"knn_accuracy": float(scores.mean())}
