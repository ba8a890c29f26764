"""Topics by label: what the heat map holds, and in which order."""

import numpy as np
import pandas as pd
import pytest
from multiome2vec.plots.topics import label_figure, shares_by_label

LABELS = ["leiden-10", "leiden-9", "leiden-10", "unlabelled", "leiden-9"]
THETA = np.array(
    [[0.1, 0.5, 0.4], [0.9, 0.1, 0.0], [0.1, 0.3, 0.6], [0.0, 1.0, 0.0], [0.5, 0.1, 0.4]]
)


def test_shares_are_means_in_order():
    shares = shares_by_label(THETA, np.array(LABELS))
    assert shares.index.tolist() == ["leiden-9", "leiden-10", "unlabelled"]
    assert shares.columns.tolist() == ["Topic1", "Topic3", "Topic2"]
    np.testing.assert_allclose(shares.loc["leiden-9"], [0.7, 0.2, 0.1])
    np.testing.assert_allclose(shares.loc["leiden-10"], [0.1, 0.5, 0.4])
    np.testing.assert_allclose(shares.sum(axis=1), 1)


def test_topics_of_one_label_begin_with_the_largest():
    shares = shares_by_label(np.array([[0.2, 0.5, 0.3], [0.1, 0.1, 0.1]]), np.array(["a", "b"]))
    assert shares.columns.tolist() == ["Topic2", "Topic3", "Topic1"]


def test_large_shares_run_down_the_diagonal():
    rng = np.random.default_rng(0)
    labels = np.repeat([f"type {letter}" for letter in "abcdef"], 20)
    theta = rng.dirichlet(np.ones(6), 120) + 5 * np.eye(6)[rng.permutation(6)].repeat(20, axis=0)
    shares = shares_by_label(theta / theta.sum(axis=1, keepdims=True), labels)
    assert (shares.to_numpy().argmax(axis=0) == np.arange(6)).all()


@pytest.mark.parametrize(("n_labels", "n_topics"), [(1, 2), (30, 48)])
def test_figure_shows_every_label_and_topic(n_labels, n_topics):
    import matplotlib.pyplot as plt

    rng = np.random.default_rng(1)
    labels = np.array(
        [f"a rather long name of a cell type-{cell % n_labels}" for cell in range(90)]
    )
    shares = shares_by_label(rng.dirichlet(np.ones(n_topics), 90), labels)
    figure = label_figure(shares, pd.Series(labels).value_counts())
    figure.draw_without_rendering()
    axis = figure.axes[0]
    np.testing.assert_array_equal(axis.images[0].get_array(), shares)
    names = [text.get_text() for text in axis.get_yticklabels()]
    assert names == [f"{name} ({90 // n_labels})" for name in shares.index]
    for texts in (axis.get_yticklabels(), axis.get_xticklabels()):
        boxes = [text.get_window_extent() for text in texts]
        overlap = [a.overlaps(b) for a, b in zip(boxes, boxes[1:], strict=False)]
        assert not any(overlap)
    plt.close(figure)
