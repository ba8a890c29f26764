"""The deep VAEs of bulk expression: their size, their masks."""

import pytest
import torch
from multiome2vec import keys
from multiome2vec.models.config import CONTINUOUS, ModalityShape
from multiome2vec.models.multimodal import MultimodalVAE
from multiome2vec.presets import configure
from multiome2vec.training.validation import validation_loss
from toy_presets import short

GENES = 19_797
DEEP = {"hidden": (64, 32, 16), "latent": 8, "dropout": 0.1, "kl_warmup_epochs": 4}


def parameters(**hyper):
    """Number of parameters of ``gtex-readme`` on all coding genes, none of them in memory."""
    settings = configure("gtex-readme", hyper)
    with torch.device("meta"):
        model = MultimodalVAE(
            settings.model({keys.RNA: ModalityShape(CONTINUOUS, GENES)}, n_batches=0)
        )
    assert all(p.is_meta for p in model.parameters())
    return sum(p.numel() for p in model.parameters())


def test_a_latent_space_as_wide_as_the_input_is_built_in_no_memory():
    """About 200 M parameters, as GTEx VAE's text says; its heads, as wide, had 784 M each."""
    assert parameters() == pytest.approx(2e8, rel=0.03)
    assert parameters(projection=GENES) - parameters() == 2 * GENES * (GENES + 1)
    assert parameters(projection=128) - parameters() < 3e6


@pytest.mark.parametrize("preset", ["gtex", "gtex-readme"])
def test_deep_presets_train_at_a_narrow_latent(preset):
    """The epoch that is kept is one that reconstructs, although β is far from 1."""
    trained = short(preset, **DEEP | {"latent": 64})
    history = trained.fit.history
    assert trained.model.config.latent == 64
    assert trained.fit.best_epoch > 10
    assert history[trained.fit.best_epoch - 1]["val_nll_rna"] < 0.9 * history[0]["val_nll_rna"]


def test_inputs_are_masked_in_training_and_never_in_validation():
    trained = short("gtex", **DEEP)
    for row in trained.fit.history:
        assert 0.05 < row["train_masking_rate"] < 0.25
        assert "val_masking_rate" not in row
    rates = {row["train_masking_rate"] for row in trained.fit.history}
    assert len(rates) == len(trained.fit.history)
    cells, beta = trained.split.validation, {"kl_z": trained.facts["beta"]}
    first, again = (
        validation_loss(trained.model, trained.data, cells, seed=0, beta=beta) for _ in range(2)
    )
    assert first == again
    assert first["loss"] == trained.fit.history[trained.fit.best_epoch - 1]["val_loss"]


@pytest.mark.parametrize(("preset", "wide"), [("gtex", True), ("count-vae", False)])
def test_deep_presets_start_as_published(preset, wide):
    """Xavier-uniform weights: wider than torch's where a layer has few outputs; biases 0."""
    trained = short(preset, **DEEP | {"learning_rate": 1e-12, "max_epochs": 1})
    encoder = trained.model.encoders[keys.RNA]
    n_inputs, n_outputs = encoder.head.in_features, encoder.head.out_features
    bound = (6 / (n_inputs + n_outputs)) ** 0.5
    assert (float(encoder.head.weight.abs().max()) > 0.9 * bound) == wide
    assert (float(encoder.head.bias.abs().max()) < 1e-6) == wide
