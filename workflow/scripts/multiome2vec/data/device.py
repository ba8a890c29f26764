"""Where tensors live."""

import torch

from multiome2vec import gpu
from multiome2vec.errors import UserError

CPU = torch.device("cpu")
AUTO = "auto"  # name of the device that is the GPU if there is one


def choose_device(name: str = AUTO) -> torch.device:
    """Device of that name; ``auto`` is the GPU if there is one, else the CPU.

    Raises
    ------
    UserError
        If a GPU is asked for and there is none, or if there is one that torch cannot use: what was
        to take minutes there would take hours on the CPU, and nobody would know why.
    """
    if name == "cuda" and not torch.cuda.is_available():
        raise UserError(
            "device is 'cuda', but torch sees no GPU. Set device to 'auto', or run on a machine "
            "with a GPU and a CUDA build of torch."
        )
    if name == AUTO and (unusable := gpu.unusable_gpu()):
        raise UserError(f"{unusable} {gpu.REMEDY}")
    if name == AUTO:
        name = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(name)
