"""Mixture priors: in use, flagged when they collapse, started from the cells; the cycle."""

import logging

import numpy as np
import pytest
from multiome2vec import keys
from multiome2vec.training.validation import validation_loss
from sklearn.metrics import adjusted_rand_score
from toy_multiome import toy_multiome
from toy_presets import everywhere, short, types

PLAIN = {"usage": 1.0, "cycle": 0.0, "subset": 0.0}  # terms of scmvp without the slow ones


def chosen(trained, column):
    """Value of a column of the history in the epoch that was kept."""
    return trained.fit.history[trained.fit.best_epoch - 1][column]


@pytest.mark.parametrize("preset", ["scmvp", "count-gmvae"])
def test_components_stay_in_use(preset, caplog):
    """Eight components for the toy's four types."""
    trained = short(preset, n_components=8, pretrain_epochs=8, max_epochs=12)
    assert 3.5 <= chosen(trained, "effective_components") <= 8
    assert "mixture has collapsed" not in caplog.text


def test_a_collapsed_mixture_is_flagged(caplog):
    """Usage with the wrong sign, as scMVP had it, drives all cells into one component."""
    with caplog.at_level(logging.WARNING):
        trained = short(
            "scmvp",
            n_components=8,
            max_epochs=5,
            pretrain_epochs=2,
            dropout=0.1,
            terms=PLAIN | {"usage": -20},
        )
    components = chosen(trained, "effective_components")
    assert components < 1.5
    assert f"mixture has collapsed: it uses {components:.2f}" in caplog.text


def test_the_bound_over_all_components_is_the_tightest():
    trained = short("count-gmvae", n_components=4, pretrain_epochs=8, max_epochs=12)
    losses = {}
    for name in ("exact", "argmax"):
        trained.model.prior.enumerate = name
        losses[name] = [
            validation_loss(trained.model, trained.data, trained.split.train, seed=seed)["loss"]
            for seed in range(4)
        ]
    assert np.mean(losses["exact"]) < np.mean(losses["argmax"])


def test_a_start_from_the_cells_is_no_worse_than_none():
    mdata = toy_multiome(cells=300)
    truth, scores, losses = types(mdata), [], []
    for epochs in (0, 8):
        found = [
            short(
                "scmvp", mdata, seed=seed, n_components=4, pretrain_epochs=epochs, max_epochs=12,
                terms=PLAIN,
            )
            for seed in (0, 1)
        ]  # fmt: skip
        hard = [everywhere(trained).responsibilities.argmax(axis=1) for trained in found]
        scores.append(np.mean([adjusted_rand_score(truth, clusters) for clusters in hard]))
        losses.append(np.mean([chosen(trained, "val_loss") for trained in found]))
    assert scores[1] >= scores[0]
    assert losses[1] < losses[0]


def test_the_cycle_closes_and_may_be_left_out():
    settings = {"n_components": 4, "pretrain_epochs": 4, "max_epochs": 24, "kl_warmup_epochs": 4}
    without = short("scmvp", terms=PLAIN, dropout=0.1, **settings).fit.history
    assert "train_cycle" not in without[-1]
    cycled = short("scmvp", terms=PLAIN | {"cycle": 1.0}, dropout=0.1, **settings).fit.history
    course = [row["train_cycle"] for row in cycled if "train_cycle" in row]
    assert np.mean(course[-3:]) < 0.7 * np.mean(course[:3])
    for history in (without, cycled):
        assert history[-1]["val_loss"] < 0.95 * history[0]["val_loss"]
        assert {f"val_nll_{name}" for name in (keys.RNA, keys.ATAC)} <= set(history[-1])
