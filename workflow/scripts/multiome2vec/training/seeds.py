"""Seeds and determinism."""

import os
import random

import numpy as np
import torch


def seed_everything(seed: int) -> torch.Generator:
    """Seed all global generators, ask torch for deterministic algorithms, return a CPU generator.

    On the CPU equal seeds and equal numbers of threads give equal bits; on a GPU equal seeds give
    equal bits on the same kind of device.
    """
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002 (libraries that use the global generator)
    torch.manual_seed(seed)
    torch.use_deterministic_algorithms(mode=True)
    torch.set_flush_denormal(True)  # vanishing moments of AdamW would make a CPU crawl
    return torch.Generator().manual_seed(seed)
