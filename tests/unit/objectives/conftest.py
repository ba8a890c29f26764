import pytest
import torch
from multiome2vec.models.batch import Batch
from tiny_model import build


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
