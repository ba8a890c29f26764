import dataclasses

import pytest
import torch
from multiome2vec.models.batch import Batch
from multiome2vec.models.config import ModalitySpec, ModelConfig
from multiome2vec.models.multimodal import MultimodalVAE
from multiome2vec.nn.trunks.cnn import CNNTrunk, TokenTransformer
from multiome2vec.objectives.objective import Objective
from multiome2vec.objectives.spec import ObjectiveSpec
from sklearn.model_selection import cross_val_score
from sklearn.neighbors import KNeighborsClassifier

OPTIONS = {"n_covariates": 0, "dropout": 0.0, "norm": "layer", "activation": "gelu"}


def test_transformer_sees_means_of_runs_within_chromosomes():
    segment = torch.tensor([0] * 6 + [2] * 4 + [3])
    module = TokenTransformer(segment, dropout=0.0, activation="relu")
    module.layers = torch.nn.Identity()
    tokens = torch.randn(3, 11, 64)
    runs = ((0, 4), (4, 6), (6, 10), (10, 11))
    expected = torch.stack([tokens[:, a:b].mean(dim=1) for a, b in runs], dim=1)
    torch.testing.assert_close(module(tokens), expected)


def test_pools_the_sum_before_and_mean_and_maximum_after_the_blocks():
    torch.manual_seed(0)
    module = CNNTrunk(30, widths=(8,), segments=(20, 10), **OPTIONS)
    x, covariate = torch.rand(4, 30), torch.zeros(4, 0)
    convolved, tokens = module.tokens(x, covariate)
    total = torch.nn.functional.layer_norm(convolved.sum(dim=1), (64,))
    pooled = torch.cat([total, tokens.mean(dim=1), tokens.max(dim=1).values], dim=1)
    torch.testing.assert_close(module(x, covariate), module.rest(pooled))


@pytest.mark.parametrize("transformer", [False, True])
def test_learns_a_pattern_of_regions(transformer):
    """Tells cells by which half of a chromosome is open, from sparse noisy signals."""
    torch.manual_seed(0)
    label = torch.arange(128) % 2
    rate = torch.full((128, 60), 0.2)
    rate[label == 1, :15] = 0.6
    rate[label == 0, 15:30] = 0.6
    x = torch.bernoulli(rate)
    module = CNNTrunk(60, widths=(8,), segments=(30, 30), transformer=transformer, **OPTIONS)
    head = torch.nn.Linear(8, 2)
    optimiser = torch.optim.Adam([*module.parameters(), *head.parameters()], lr=3e-3)
    for _ in range(40):
        logits = head(module(x[:96], torch.zeros(96, 0)))
        loss = torch.nn.functional.cross_entropy(logits, label[:96])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    with torch.no_grad():
        predicted = head(module(x[96:], torch.zeros(32, 0))).argmax(dim=1)
    assert (predicted == label[96:]).float().mean() > 0.9


def test_learns_from_cells_with_few_open_regions():
    """A VAE finds two types that differ in which regions are open, 40 of 4,000 in a cell."""
    torch.manual_seed(0)
    label = torch.arange(600) % 2
    likely = torch.rand(2, 4000)[label] ** 4
    x = torch.bernoulli(40 * likely / likely.sum(dim=1, keepdim=True))
    x[:, 0] = 1
    spec = ModalitySpec(4000, "tfidf-1", "poisson", encoder="cnn", standardise=False)
    spec = dataclasses.replace(spec, segments=(2500, 1500))
    model = MultimodalVAE(ModelConfig({"atac": spec}, 0, latent=4, hidden=(32,), dropout=0.0))
    optimiser = torch.optim.Adam(model.parameters(), lr=5e-3)
    objective, generator = Objective(ObjectiveSpec()), torch.Generator().manual_seed(0)

    def batch(cells):
        present = torch.ones(len(cells), 1, dtype=torch.bool)
        return Batch({"atac": x[cells]}, {}, present, torch.zeros(len(cells), 0))

    for _ in range(12):
        for cells in torch.randperm(600).split(60):
            output = objective(model, batch(cells), weights={"kl_z": 0.1}, generator=generator)
            optimiser.zero_grad()
            (output.total / 4000).backward()
            optimiser.step()
    with torch.no_grad():
        where = model.eval().infer(batch(torch.arange(600))).mixture.mean
    assert cross_val_score(KNeighborsClassifier(15), where, label).mean() > 0.9
