"""Where tensors live."""

import torch

CPU = torch.device("cpu")


def choose_device(name: str = "auto") -> torch.device:
    """Device of that name; ``auto`` is the GPU if there is one, else the CPU."""
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(name)
