import dataclasses

import torch
from multiome2vec.models.batch import Batch
from multiome2vec.models.config import ModalitySpec, ModelConfig
from multiome2vec.models.multimodal import MultimodalVAE

CONFIG = ModelConfig(
    {
        "rna": ModalitySpec(4, "log-library", "negative-binomial"),
        "motif": ModalitySpec(3, "identity", "gaussian", derived_from=None),
    },
    n_batches=2,
    latent=2,
    hidden=(6, 5),
    dropout=0.0,
)


def batch(cells=5):
    generator = torch.Generator().manual_seed(0)
    return Batch(
        values={
            "rna": torch.poisson(torch.full((cells, 4), 3.0), generator),
            "motif": 100 * torch.randn(cells, 3, generator=generator),
        },
        defined={},
        present=torch.ones(cells, 2, dtype=torch.bool),
        covariate=torch.eye(2)[torch.arange(cells) % 2],
    )


def test_config_survives_json_values():
    assert ModelConfig.from_dict(CONFIG.to_dict()) == CONFIG
    assert [entry["name"] for entry in CONFIG.to_dict()["modalities"]] == ["rna", "motif"]


def test_shapes_and_bounded_log_variances():
    torch.manual_seed(0)
    model = MultimodalVAE(CONFIG)
    for head in (encoder.head for encoder in model.encoders.values()):
        torch.nn.init.normal_(head.weight, std=100)
    experts = model.encode(batch()).experts
    assert experts.mean.shape == (5, 2, 2)
    assert experts.log_variance.abs().max() <= 10
    assert model.log_likelihood("rna", batch(), torch.zeros(5, 2)).shape == (5,)


def test_decoders_mirror_encoders():
    model = MultimodalVAE(CONFIG)
    widths = [m.out_features for m in model.decoders["rna"].modules() if hasattr(m, "out_features")]
    assert sorted(widths) == [4, 5, 6]
    assert model.decoders["rna"].head.in_features == 6


def test_a_modality_that_is_not_in_the_batch_is_left_out():
    torch.manual_seed(0)
    model = MultimodalVAE(CONFIG).eval()
    full = batch()
    present = torch.tensor([[True, False]] * 5)
    hidden = dataclasses.replace(full, present=present)
    without = dataclasses.replace(hidden, values={"rna": full.values["rna"]})
    found = [model.infer(cells).mixture.mean for cells in (hidden, without, full)]
    assert torch.equal(found[0], found[1])
    assert not torch.equal(found[0], found[2])


def test_the_batch_reaches_encoder_and_decoder():
    torch.manual_seed(0)
    model = MultimodalVAE(CONFIG).eval()
    first = batch()
    second = dataclasses.replace(first, covariate=first.covariate.flip(1))
    z = torch.zeros(5, 2)
    assert not torch.equal(model.encode(first).experts.mean, model.encode(second).experts.mean)
    assert not torch.equal(
        model.log_likelihood("rna", first, z), model.log_likelihood("rna", second, z)
    )
