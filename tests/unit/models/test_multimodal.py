import dataclasses

import pytest
import torch
from multiome2vec.models.batch import Batch
from multiome2vec.models.config import ModalitySpec, ModelConfig
from multiome2vec.models.multimodal import MultimodalVAE
from multiome2vec.nn.sparse_rows import SparseRows
from tiny_model import sparse_rows

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


@pytest.mark.parametrize("make", [torch.clone, sparse_rows], ids=["dense", "sparse"])
def test_cells_without_a_modality_leave_batch_norm_alone(make):
    """The others are encoded, and running statistics move, as if they were by themselves."""
    full, lacking = batch(8), torch.tensor([1, 4, 6])
    values = {name: x.clone() for name, x in full.values.items()}
    present = full.present.clone()
    values["rna"][lacking], present[lacking, 0] = 0, False
    values["rna"] = make(values["rna"])
    mixed = dataclasses.replace(full, values=values, present=present)
    rest = dataclasses.replace(
        full,
        values={name: x[present[:, 0]] for name, x in full.values.items()},
        present=present[present[:, 0]],
        covariate=full.covariate[present[:, 0]],
    )
    found = []
    for cells in (mixed, rest):
        torch.manual_seed(0)
        model = MultimodalVAE(dataclasses.replace(CONFIG, norm="batch")).train()
        experts = model.encode(cells).experts.mean[cells.present[:, 0], 0]
        found.append((experts, *model.encoders["rna"].buffers()))
    for mixed_part, rest_part in zip(*found, strict=True):
        torch.testing.assert_close(mixed_part, rest_part)


@pytest.mark.parametrize("n", [0, 1])
def test_batches_with_hardly_a_cell_of_a_modality_are_encoded(n):
    cells = batch()
    present = cells.present.clone()
    present[n:, 1] = False
    model = MultimodalVAE(dataclasses.replace(CONFIG, norm="batch")).train()
    experts = model.encode(dataclasses.replace(cells, present=present)).experts
    assert experts.mean.isfinite().all()
    assert bool(experts.mean[:n, 1].any()) == bool(n)


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


def test_many_shares_are_normalised_in_parts_in_training_alone():
    torch.manual_seed(0)
    spec = ModalitySpec(400, "tfidf-1", "poisson", sampled_features=100)
    config = ModelConfig({"atac": spec}, n_batches=0, latent=2, hidden=(6,), dropout=0.0)
    model = MultimodalVAE(config)
    counts = torch.poisson(torch.full((50, 400), 0.3), torch.Generator().manual_seed(0))
    rows, columns = counts.nonzero(as_tuple=True)
    offsets = torch.nn.functional.pad((counts > 0).sum(dim=1).cumsum(0), (1, 0))
    x = SparseRows.from_csr(offsets, columns, counts[rows, columns], n_columns=400)
    values = Batch(
        values={"atac": x},
        defined={},
        present=torch.ones(50, 1, dtype=torch.bool),
        covariate=torch.zeros(50, 0),
    )
    z = torch.randn(50, 2)
    exact = model.eval().log_likelihood("atac", values, z)
    estimates = torch.stack([model.train().log_likelihood("atac", values, z) for _ in range(20)])
    assert len({tuple(estimate.tolist()) for estimate in estimates}) == 4  # numbers of parts
    torch.testing.assert_close(estimates.mean(dim=0), exact, rtol=0.03, atol=0)
    dense = dataclasses.replace(values, values={"atac": counts})
    torch.testing.assert_close(model.log_likelihood("atac", dense, z), exact, rtol=1e-5, atol=0)
