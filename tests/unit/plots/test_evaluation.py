"""Figures of embeddings, training and scores show what they are given."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from multiome2vec.plots.embedding import umap_coordinates
from multiome2vec.plots.leaderboard import OTHER, grouped, leaderboard_figure
from multiome2vec.plots.training import loss_figure


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def test_umap_repeats_and_keeps_groups_apart():
    rng = np.random.default_rng(0)
    cells = np.repeat(20 * np.eye(2, 6), 30, axis=0) + rng.normal(size=(60, 6))
    found = umap_coordinates(cells, n_neighbors=10, seed=1)
    np.testing.assert_array_equal(found, umap_coordinates(cells, n_neighbors=10, seed=1))
    one, two = found[:30], found[30:]
    within = np.linalg.norm(one - one.mean(axis=0), axis=1).max()
    assert np.linalg.norm(one.mean(axis=0) - two.mean(axis=0)) > 2 * within


def test_loss_has_a_panel_per_term_and_marks_the_best_epoch():
    history = pd.DataFrame(
        {
            "epoch": [1, 2, 3],
            "kl_z_weight": [0.3, 0.6, 1],
            "lr": [0.1, 0.1, 0.1],
            "train_loss": [9, 8, 7],
            "train_kl_z": [1, 2, 3],
            "val_loss": [9.5, 8.5, 8.6],
        }
    )
    axes = loss_figure(history).axes
    assert [axis.get_title(loc="left") for axis in axes] == ["loss", "kl z", "kl z weight"]
    train, val, best = axes[0].lines
    assert train.get_ydata().tolist() == [9, 8, 7]
    assert val.get_ydata().tolist() == [9.5, 8.5, 8.6]
    assert best.get_xdata() == [2, 2]
    assert axes[2].lines[0].get_ydata().tolist() == [0.3, 0.6, 1]


def test_scores_are_grouped_by_what_they_are_against():
    found = grouped(["label_ari", "true_type_knn_accuracy", "ilisi", "label_nmi"])
    assert found == {
        "against labels": {"label_ari": "ari", "label_nmi": "nmi"},
        "against true types": {"true_type_knn_accuracy": "knn accuracy"},
        OTHER: {"ilisi": "ilisi"},
    }
    assert list(grouped(["ilisi"])) == [OTHER]


def test_leaderboard_shows_every_score():
    mean = pd.DataFrame({"label_ari": [0.9, 0.25], "ilisi": [0.5, np.nan]}, index=["good", "bad"])
    spread = pd.DataFrame({"label_ari": [0.04, np.nan], "ilisi": np.nan}, index=mean.index)
    figure = leaderboard_figure(mean, spread)
    texts = [[text.get_text() for text in axis.texts] for axis in figure.axes]
    assert texts == [["0.90\n±0.04", "0.25"], ["0.50", "–"]]
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["good", "bad"]
