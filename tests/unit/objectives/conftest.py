import pytest
import torch
from multiome2vec.models.batch import Batch
from multiome2vec.models.config import ModalitySpec, ModelConfig
from multiome2vec.models.multimodal import MultimodalVAE

SPECS = {
    "rna": ModalitySpec(4, "log-library", "negative-binomial"),
    "atac": ModalitySpec(5, "tfidf-1", "poisson", weight=0.5),
    "motif": ModalitySpec(3, "identity", "gaussian", derived_from="atac"),
}


def config(*names, **changes):
    specs = {name: SPECS[name] for name in names or SPECS}
    return ModelConfig(specs, n_batches=2, latent=2, hidden=(6,), dropout=0.0, **changes)


def build(*names, **changes):
    torch.manual_seed(0)
    return MultimodalVAE(config(*names, **changes)).eval()


@pytest.fixture
def model():
    return build()


@pytest.fixture
def batch():
    generator = torch.Generator().manual_seed(1)
    return Batch(
        values={
            "rna": torch.poisson(torch.full((6, 4), 3.0), generator),
            "atac": torch.poisson(torch.full((6, 5), 2.0), generator),
            "motif": torch.randn(6, 3, generator=generator),
        },
        defined={},
        present=torch.ones(6, 3, dtype=torch.bool),
        covariate=torch.eye(2)[[0, 1, 0, 1, 0, 1]],
    )


@pytest.fixture
def generator():
    return torch.Generator().manual_seed(7)
