"""Every registered preset keeps the contract of a model."""

import numpy as np
import pytest
from multiome2vec.errors import UserError
from multiome2vec.matrices import assemble
from multiome2vec.presets import REGISTRY, configure
from multiome2vec.tasks.train import train_model
from multiome2vec.training.checkpoint import load, save
from multiome2vec.training.inference import latent
from multiome2vec.training.settings import RunSettings
from toy_multiome import toy_multiome

CELLS = 120
SMALL = {
    "hidden": (16,), "latent": 4, "n_hvg": 40, "n_regions": 60, "batch_size": 32, "max_epochs": 4,
    "pretrain_epochs": 2, "n_components": 3, "learning_rate": 1e-3, "kl_warmup_epochs": 2,
    "epsilon": 1e-8,
}  # fmt: skip
#: of networks with batch normalisation, whose running statistics settle first
LONGER = {"flagship": {"max_epochs": 25}} | {
    name: {"max_epochs": 12} for name in ("gtex", "gtex-readme", "scmvp-parity")
}
KINDS = [("rna",), ("atac",), ("rna", "atac"), ("atac", "motif"), ("rna", "atac", "motif")]


def toy(names):
    mdata = toy_multiome(cells=CELLS)
    for name in set(mdata.mod) - set(names):
        del mdata.mod[name]
    return mdata


def trained(preset, mdata, *, seed=0):
    settings = configure(preset, SMALL | LONGER.get(preset, {}))
    return train_model(mdata, settings, seed=seed, run=RunSettings(device="cpu"))


def needs(preset):
    return set(configure(preset, {}).modalities)


@pytest.mark.parametrize("preset", REGISTRY.names())
@pytest.mark.parametrize("names", KINDS, ids="+".join)
def test_trains_on_what_it_needs_and_says_what_is_missing(preset, names):
    if needs(preset) <= set(names):
        history = trained(preset, toy(names)).fit.history
        assert all(np.isfinite(list(row.values())).all() for row in history)
        assert min(row["val_loss"] for row in history[1:]) < history[0]["val_loss"]
    else:
        with pytest.raises(UserError, match="needs the modality"):
            trained(preset, toy(names))


def toy_mosaic():
    """A third of the cells has RNA alone, another third ATAC (and motif activity) alone."""
    whole = toy(KINDS[-1])
    third = np.arange(CELLS) % 3
    without = {"rna": third == 1, "atac": third == 0, "motif": third == 0}
    parts = {name: whole[name][~lacking].copy() for name, lacking in without.items()}
    return assemble(parts, obs=whole.obs)


@pytest.mark.parametrize("preset", REGISTRY.names())
def test_a_mosaic_teaches_by_the_cells_that_have_what_is_modelled(preset):
    found = trained(preset, toy_mosaic())
    assert all(np.isfinite(list(row.values())).all() for row in found.fit.history)
    there = found.data.there()
    assert there.all() == (set(found.features) >= {"rna", "atac"})
    learnt = np.concatenate([found.split.train, found.split.validation])
    assert sorted(learnt) == np.flatnonzero(there).tolist()
    means = latent(found.model, found.data, np.flatnonzero(there)).mean
    assert np.isfinite(means).all()
    assert means.std(axis=0).max() > 0


@pytest.mark.parametrize("preset", REGISTRY.names())
def test_same_seed_same_latent_and_round_trip(preset, tmp_path):
    mdata = toy(KINDS[-1])
    found = [trained(preset, mdata, seed=seed) for seed in (3, 3, 4)]
    means = [latent(t.model, t.data, np.arange(CELLS)).mean for t in found]
    np.testing.assert_array_equal(means[0], means[1])
    assert not np.array_equal(means[0], means[2])
    assert means[0].std(axis=0).min() > 0
    paths = {"weights": tmp_path / "weights.safetensors", "card": tmp_path / "card.json"}
    save(found[0].model, features=found[0].features, names=found[0].names, facts={}, **paths)
    again = latent(load(**paths).model, found[0].data, np.arange(CELLS)).mean
    np.testing.assert_array_equal(again, means[0])
