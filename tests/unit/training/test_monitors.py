import numpy as np
import pytest
import torch
from multiome2vec.models.multimodal import MultimodalVAE
from multiome2vec.presets import configure
from multiome2vec.training.inference import Latent, latent
from multiome2vec.training.monitors import (
    active_units,
    effective_components,
    observe,
    warn_of_collapse,
)
from toy_training import toy_cells, train


def test_active_units_vary_over_cells():
    means = np.random.default_rng(0).normal(0, [1, 0.01, 0.5], (500, 3))
    assert active_units(means) == 2


def test_effective_components_of_known_usage():
    assert effective_components(np.eye(8)) == pytest.approx(8)
    assert effective_components(np.full((5, 8), 1 / 8)) == pytest.approx(8)
    assert effective_components(np.eye(8)[np.zeros(10, int)]) == pytest.approx(1)
    half = np.eye(4)[[0, 1] * 20]
    assert effective_components(half) == pytest.approx(2)


def test_a_prior_with_responsibilities_is_observed():
    data = toy_cells(60)
    cells = np.arange(60)
    assert latent(train(data, max_epochs=1)[0], data, cells).responsibilities is None
    torch.manual_seed(0)
    preset = configure(
        "trivae", {"hidden": [16], "latent": 4, "prior": "mixture", "n_components": 2}
    )
    found = latent(MultimodalVAE(preset.model(data.shapes, n_batches=2)), data, cells)
    assert found.responsibilities.shape == (60, 2)
    numbers = observe(found, ())
    assert 1 <= numbers["effective_components"] <= 2


def test_further_monitors_are_added():
    means = np.random.default_rng(0).normal(size=(50, 3))
    where = Latent(means, np.ones_like(means))
    assert observe(where, (lambda found: {"cells": len(found.mean)},)) == {
        "active_units": 3,
        "cells": 50,
    }


def test_collapse_of_the_mixture_is_reported(caplog):
    warn_of_collapse({"active_units": 5, "effective_components": 3.2})
    assert not caplog.text
    warn_of_collapse({"active_units": 5, "effective_components": 1.1})
    assert "mixture has collapsed: it uses 1.10 components" in caplog.text
