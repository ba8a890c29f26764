import random

import numpy as np
import torch
from multiome2vec.training.seeds import seed_everything


def draws(seed):
    generator = seed_everything(seed)
    return (
        random.random(),
        float(np.random.rand()),  # noqa: NPY002
        float(torch.rand(())),
        float(torch.rand((), generator=generator)),
    )


def test_all_generators_follow_the_seed():
    first, again, other = draws(5), draws(5), draws(6)
    assert first == again
    assert all(a != b for a, b in zip(first, other, strict=True))
    assert torch.are_deterministic_algorithms_enabled()
