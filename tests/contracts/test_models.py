"""Every registered preset keeps the contract of a model."""

import dataclasses

import numpy as np
import pytest
from multiome2vec.data.features import choose_features
from multiome2vec.data.multiome import cell_data
from multiome2vec.data.splits import split_cells
from multiome2vec.models.multimodal import MultimodalVAE
from multiome2vec.presets import REGISTRY, configure
from multiome2vec.training.checkpoint import load, save
from multiome2vec.training.inference import latent
from multiome2vec.training.loop import fit
from multiome2vec.training.seeds import seed_everything
from multiome2vec.training.statistics import fit_statistics
from toy_multiome import toy_multiome

CELLS = 120


@pytest.fixture(scope="module")
def gathered():
    mdata = toy_multiome(cells=CELLS)

    def gather(names):
        features = choose_features(mdata, n_hvg=40, n_regions=60)
        features = {name: columns for name, columns in features.items() if name in names}
        return features, cell_data(
            mdata, features=features, batches=["s1", "s2"], batch_key="batch"
        )

    return gather


def trained(preset, data, *, seed=0):
    settings = configure(preset, {"hidden": (16,), "latent": 4})
    optimisation = dataclasses.replace(settings.optimisation, max_epochs=4, batch_size=32)
    generator = seed_everything(seed)
    split = split_cells(data.batch_codes, validation=0.2, rng=np.random.default_rng(seed))
    model = MultimodalVAE(settings.model(data.shapes, n_batches=data.n_batches))
    fit_statistics(model, data, split.train)
    result = fit(model, data, split, optimisation=optimisation, generator=generator)
    return model, result.history, latent(model, data, np.arange(len(data))).mean


@pytest.mark.parametrize("preset", REGISTRY.names())
@pytest.mark.parametrize(
    "names",
    [("rna",), ("atac",), ("rna", "atac"), ("atac", "motif"), ("rna", "atac", "motif")],
    ids="+".join,
)
def test_trains_on_whatever_is_there(preset, names, gathered):
    _, data = gathered(names)
    _, history, latent = trained(preset, data)
    assert latent.shape == (CELLS, 4)
    assert np.isfinite(latent).all()
    assert all(np.isfinite(list(row.values())).all() for row in history)
    assert history[-1]["val_loss"] < history[0]["val_loss"]
    assert latent.std(axis=0).min() > 0


@pytest.mark.parametrize("preset", REGISTRY.names())
def test_same_seed_same_latent_and_round_trip(preset, gathered, tmp_path):
    features, data = gathered(("rna", "atac", "motif"))
    model, _, latent = trained(preset, data, seed=3)
    np.testing.assert_array_equal(trained(preset, data, seed=3)[2], latent)
    assert not np.array_equal(trained(preset, data, seed=4)[2], latent)
    paths = {"weights": tmp_path / "weights.safetensors", "card": tmp_path / "card.json"}
    save(model, features=features, facts={}, **paths)
    again = latent(load(**paths).model, data, np.arange(CELLS)).mean
    np.testing.assert_array_equal(again, latent)
