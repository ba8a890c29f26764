import dataclasses

import numpy as np
import pytest
import torch
from multiome2vec.data.features import choose_features
from multiome2vec.data.multiome import cell_data
from multiome2vec.data.splits import split_cells
from multiome2vec.data.stores import DenseStore
from multiome2vec.errors import UserError
from multiome2vec.models.multimodal import MultimodalVAE
from multiome2vec.models.presets import configure
from multiome2vec.training import loop
from multiome2vec.training.inference import posterior_means
from multiome2vec.training.loop import BestWeights, active_units, fit, validation_loss
from multiome2vec.training.seeds import seed_everything
from multiome2vec.training.statistics import fit_statistics
from toy_multiome import toy_multiome

PRESET = configure("trivae", {"hidden": [16], "latent": 4, "batch_size": 32, "max_epochs": 6})


@pytest.fixture(scope="module")
def data():
    mdata = toy_multiome(cells=160)
    features = choose_features(mdata, n_hvg=100, n_regions=100)
    return cell_data(mdata, features=features, batches=["s1", "s2"], batch_key="batch")


def train(data, *, seed=0, **changes):
    generator = seed_everything(seed)
    split = split_cells(data.batch_codes, validation=0.2, rng=np.random.default_rng(seed))
    model = MultimodalVAE(PRESET.model(data.shapes, n_batches=2))
    fit_statistics(model, data, split.train)
    optimisation = dataclasses.replace(PRESET.optimisation, **changes)
    result = fit(model, data, split, optimisation=optimisation, generator=generator)
    return model, split, result


def test_loss_falls_and_every_term_is_logged(data):
    _, _, result = train(data)
    first, last = result.history[0], result.history[-1]
    assert last["val_loss"] < first["val_loss"]
    assert set(first) == {"epoch", "kl_weight", "lr", "train_subset_loss"} | {
        f"{part}_{term}"
        for part in ("train", "val")
        for term in ("loss", "kl", "nll_rna", "nll_atac", "nll_motif")
    }
    assert [row["epoch"] for row in result.history] == list(range(1, 7))


def test_kl_weight_rises_linearly_to_one(data):
    _, _, result = train(data, kl_warmup_epochs=4)
    assert [row["kl_weight"] for row in result.history] == [0.25, 0.5, 0.75, 1, 1, 1]


def test_same_seed_same_bits(data):
    states = [train(data, seed=seed, max_epochs=2)[0].state_dict() for seed in (1, 1, 2)]
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])
    assert not all(torch.equal(states[0][name], states[2][name]) for name in states[0])


def test_validation_loss_is_an_elbo_with_full_kl(data):
    model, split, result = train(data, kl_warmup_epochs=100)
    best = result.history[result.best_epoch - 1]
    terms = ("val_kl", "val_nll_rna", "val_nll_atac", "val_nll_motif")
    assert best["val_loss"] == pytest.approx(sum(best[term] for term in terms), rel=1e-5)
    again = validation_loss(model, data, split.validation, seed=0)
    assert again["loss"] == best["val_loss"]


def test_training_stops_after_patience_and_restores_the_best_epoch(data, monkeypatch):
    curve = iter([9.0, 5, 7, 3, 4, 4, 4, 4, 4, 4])
    states = []

    def planned(model, *_, **__):
        states.append({name: tensor.clone() for name, tensor in model.state_dict().items()})
        return {"loss": next(curve)}

    monkeypatch.setattr(loop, "validation_loss", planned)
    model, _, result = train(data, max_epochs=10, patience=3, kl_warmup_epochs=2)
    assert (len(result.history), result.best_epoch) == (7, 4)
    for name, tensor in model.state_dict().items():
        assert torch.equal(tensor, states[3][name])
    assert any(not torch.equal(states[3][name], states[6][name]) for name in states[3])


def test_patience_counts_from_the_end_of_the_warm_up(data, monkeypatch):
    monkeypatch.setattr(loop, "validation_loss", lambda *_, seed: {"loss": 1.0, "kl": 1.0})
    _, _, result = train(data, max_epochs=20, patience=2, kl_warmup_epochs=8)
    assert (len(result.history), result.best_epoch) == (10, 1)


def test_best_weights_are_a_copy():
    layer, best = torch.nn.Linear(1, 1), BestWeights()
    kept = layer.weight.detach().clone()
    best.update(layer, loss=1.0, epoch=1)
    with torch.no_grad():
        layer.weight += 1
    best.update(layer, loss=2.0, epoch=2)
    best.restore(layer)
    assert torch.equal(layer.weight, kept)
    assert best.epoch == 1


def test_a_loss_that_is_not_finite_names_epoch_and_batch(data):
    motif = data.modalities["motif"]
    values = np.full(motif.store.shape, np.nan)
    broken = dataclasses.replace(motif, store=DenseStore(values))
    poisoned = dataclasses.replace(data, modalities={**data.modalities, "motif": broken})
    with pytest.raises(UserError, match=r"not finite in epoch 1, batch 1 \(.*learning_rate"):
        train(poisoned)


def test_collapse_is_reported(data, monkeypatch, caplog):
    monkeypatch.setattr(loop, "active_units", lambda means: 1)
    train(data, max_epochs=1)
    assert "latent space has collapsed: 1 variables" in caplog.text


def test_active_units_vary_over_cells():
    means = np.random.default_rng(0).normal(0, [1, 0.01, 0.5], (500, 3))
    assert active_units(means) == 2


def test_cells_are_embedded_one_by_one(data):
    """A cell's embedding does not depend on the others, nor on the order."""
    model, _, _ = train(data, max_epochs=2)
    order = np.random.default_rng(0).permutation(160)
    whole = posterior_means(model, data, np.arange(160))
    np.testing.assert_allclose(posterior_means(model, data, order), whole[order], atol=1e-5)


def test_a_mosaic_trains(data):
    rows = data.modalities["atac"].rows.copy()
    rows[::3] = -1
    parts = {**data.modalities}
    for name in ("atac", "motif"):
        parts[name] = dataclasses.replace(parts[name], rows=rows)
    model, _, result = train(dataclasses.replace(data, modalities=parts))
    assert result.history[-1]["val_loss"] < result.history[0]["val_loss"]
    assert np.isfinite(posterior_means(model, data, np.arange(160))).all()
