"""Whatever a preset names exists, and every misspelt name is refused."""

import subprocess
import sys

import pytest
import torch
from multiome2vec.errors import UserError
from multiome2vec.models.config import ACCESSIBILITY, CONTINUOUS, COUNTS, ModalityShape
from multiome2vec.models.fusion import FUSIONS
from multiome2vec.models.likelihoods import LIKELIHOODS
from multiome2vec.models.multimodal import MultimodalVAE
from multiome2vec.models.priors import PRIORS
from multiome2vec.models.transforms import TRANSFORMS
from multiome2vec.nn.bodies import BODIES
from multiome2vec.nn.mlp import ACTIVATIONS, NORMS
from multiome2vec.nn.trunks import TRUNKS
from multiome2vec.objectives import terms
from multiome2vec.objectives.spec import TERMS
from multiome2vec.presets import REGISTRY, configure

PUBLISHED = {
    "atac-cnn", "contrastive", "count-gmvae", "count-vae", "gtex", "gtex-readme", "ldvae", "mosc",
    "scmvp", "scmvp-parity", "trivae",
}  # fmt: skip
BY_KIND = {
    "transform": TRANSFORMS, "likelihood": LIKELIHOODS, "encoder": TRUNKS, "decoder": BODIES,
}  # fmt: skip
SINGLE = {"fusion": FUSIONS, "prior": PRIORS, "norm": NORMS, "activation": ACTIVATIONS}


def test_every_system_has_its_presets():
    assert set(REGISTRY.names()) >= PUBLISHED


@pytest.mark.parametrize("preset", REGISTRY.names())
def test_all_names_of_a_preset_exist(preset):
    settings = configure(preset, {})
    for field, known in BY_KIND.items():
        chosen = getattr(settings, field)
        assert set(chosen) == {COUNTS, ACCESSIBILITY, CONTINUOUS}
        assert set(chosen.values()) <= set(known)
    for field, known in SINGLE.items():
        assert getattr(settings, field) in known
    assert set(settings.terms) <= set(terms.TERMS)


@pytest.mark.parametrize("prior", PRIORS)
@pytest.mark.parametrize("decoder", BODIES)
def test_every_decoder_has_the_components_it_needs(decoder, prior):
    """Those that attend to components are told of equal ones where the prior has none."""
    settings = configure("trivae", {"decoder": {COUNTS: decoder}, "prior": prior, "hidden": [8]})
    config = settings.model({"rna": ModalityShape(COUNTS, 5)}, n_batches=2)
    model, z = MultimodalVAE(config).eval(), torch.zeros(3, config.latent)
    assert model.outputs("rna", z, torch.zeros(3, 2)).shape == (3, 5)


def test_the_names_of_terms_are_those_of_the_functions():
    assert list(terms.TERMS) == list(TERMS)


@pytest.mark.parametrize(
    ("hyper", "message"),
    [
        ({"terms": {"usge": 1.0}}, "'terms' of a model knows no 'usge'. Known: subset,"),
        ({"likelihood": {"rna": "poisson"}}, "'likelihood' .* 'rna'. Known: counts,"),
        ({"target": {"counts": "logs"}}, "'target' .* 'logs'. Known: counts, transformed"),
        ({"standardise": ["rna"]}, "'standardise' .* 'rna'"),
        ({"balance": "per-feature"}, "'balance' .* Known: none, per_feature"),
        ({"library": "latnt"}, "'library' .* 'latnt'. Known: observed, latent"),
        ({"kl_schedule": "step"}, "'kl_schedule' .* Known: linear, cosine, exponential, cyclical"),
        ({"kl_reduction": "sums"}, "'kl_reduction' .* Known: sum, mean"),
        ({"optimiser": "sgd"}, "'optimiser' .* Known: adamw, adam"),
        ({"terms": {"donor": 1.0}}, "'donor' compares projections, .* set 'projection'"),
        ({"shared": 8}, "'shared' is the width of a layer of the fusion 'concat', .* 'poe'"),
        ({"enumerate": "soft"}, "'enumerate' .* Known: exact, argmax, gumbel"),
    ],
    ids=str,
)
def test_a_setting_that_means_nothing_is_refused(hyper, message):
    """Without it, each of these would silently be another model."""
    with pytest.raises(UserError, match=message):
        configure("trivae", hyper)


def test_presets_need_no_torch():
    """Snakemake parses with them."""
    code = (
        "import sys; sys.modules['torch'] = None\n"
        "from multiome2vec.presets import REGISTRY, configure\n"
        "print(*(configure(name, {'latent': 7}).latent for name in REGISTRY.names()))"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert found.returncode == 0, found.stderr
    assert found.stdout.split() == ["7"] * len(REGISTRY.names())
