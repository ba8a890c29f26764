import json
import math

import numpy as np
import pytest
import torch
from multiome2vec.models.multimodal import MultimodalVAE
from multiome2vec.presets import configure
from multiome2vec.training.inference import Latent, latent
from multiome2vec.training.loop import Context
from multiome2vec.training.monitors import (
    active_units,
    effective_components,
    mutual_information,
    observe,
    warn_of_collapse,
)
from scipy.stats import norm
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


@pytest.mark.parametrize(("places", "expected"), [(1, 0), (2, math.log(2)), (200, math.log(200))])
def test_mutual_information_of_posteriors_at_some_places(places, expected):
    """Cells at k places far apart: ln k, whatever their number."""
    means = 1e3 * np.repeat(np.eye(places, 200, dtype=np.float32), 200 // places, axis=0)
    found = mutual_information(means, np.full_like(means, 0.5))
    assert found == pytest.approx(expected, abs=1e-9)


def test_mutual_information_of_gaussian_places_has_the_closed_form():
    """½ ln(1 + s² / σ²) per dimension for means of variance s² and posteriors of variance σ²."""
    means = np.random.default_rng(1).normal(0, [3.0, 1.0, 0.0], (20_000, 3)).astype(np.float32)
    variances = np.full_like(means, [9.0, 0.5, 0.1])
    expected = 0.5 * (math.log(2) + math.log(3))
    found = [mutual_information(means, variances, seed=seed) for seed in (0, 0, 1)]
    assert found == pytest.approx([expected] * 3, abs=0.06)
    assert found[0] == found[1] != found[2]


def test_mutual_information_is_that_of_all_pairs():
    """By brute force, of many dimensions and of posteriors that differ in width."""
    rng = np.random.default_rng(0)
    means, variances = rng.normal(0, 0.1, (30, 300)), rng.uniform(0.2, 2, (30, 300))
    noise = np.random.default_rng(4)
    parts = [noise.standard_normal((30, width)) for width in (256, 44)]
    z = means + np.sqrt(variances) * np.hstack(parts)
    pairs = norm.logpdf(z[:, None], means, np.sqrt(variances)).sum(axis=-1)
    every = np.log(np.exp(pairs - pairs.max()).mean(axis=1)) + pairs.max()
    assert mutual_information(means, variances, seed=4) == pytest.approx(
        (pairs.diagonal() - every).mean()
    )


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
    assert observe(where, (lambda found: {"cells": len(found.mean)},), seed=3) == {
        "active_units": 3,
        "mutual_information": mutual_information(means, np.ones_like(means), seed=3),
        "cells": 50,
    }


@pytest.mark.parametrize("value", [np.nan, np.inf, np.float32(-np.inf)])
def test_a_monitor_may_be_undefined(tmp_path, value):
    """In the history, in the file of metrics, in the state and when that is resumed."""
    metrics = tmp_path / "metrics.jsonl"
    settings = {"checkpoint_dir": str(tmp_path / "state"), "metrics": str(metrics)}
    values = iter([value, 0.5, value])
    context = Context(monitors=[lambda _: {"ari": next(values)}])
    data = toy_cells(60)
    for max_epochs in (2, 3):
        found = train(data, max_epochs=max_epochs, context=context, settings=settings)[2]
    np.testing.assert_array_equal([row["ari"] for row in found.history], [np.nan, 0.5, np.nan])
    written = metrics.read_text().splitlines()
    lines = [json.loads(line, parse_constant=pytest.fail) for line in written]
    assert [line["ari"] for line in lines] == [None, 0.5, None]


def test_collapse_of_the_mixture_is_reported(caplog):
    warn_of_collapse({"active_units": 5, "effective_components": 3.2})
    assert not caplog.text
    warn_of_collapse({"active_units": 5, "effective_components": 1.1})
    assert "mixture has collapsed: it uses 1.10 components" in caplog.text
