"""How well a cell's neighbours tell its class."""

import numpy as np

from multiome2vec.metrics import Undefined, register

FOLDS = 5


@register("knn")
def knn(
    embedding: np.ndarray, classes: np.ndarray, *, n_neighbors: int, seed: int
) -> dict[str, float]:
    """``knn_accuracy``: balanced accuracy of a kNN classifier, mean of 5 stratified folds.

    Classes with fewer cells than folds are left out. Chance is 1 / number of classes.
    """
    from sklearn.model_selection import StratifiedKFold, cross_val_score
    from sklearn.neighbors import KNeighborsClassifier

    _, code, size = np.unique(classes, return_inverse=True, return_counts=True)
    use = size[code] >= FOLDS
    if len(np.unique(code[use])) < 2:
        raise Undefined(f"fewer than two classes have {FOLDS} cells")
    trained_on = int(use.sum() * (1 - 1 / FOLDS))
    scores = cross_val_score(
        KNeighborsClassifier(min(n_neighbors, trained_on)), embedding[use], code[use],
        cv=StratifiedKFold(FOLDS, shuffle=True, random_state=seed), scoring="balanced_accuracy",
    )  # fmt: skip
    return {"knn_accuracy": float(scores.mean())}
