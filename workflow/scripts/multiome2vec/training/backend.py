"""The device a model trains on: which one, how exact, compiled or not."""

import ctypes
import logging
import os
import shutil
from contextlib import AbstractContextManager
from importlib.util import find_spec

import torch
from torch import nn

from multiome2vec.data.device import choose_device
from multiome2vec.training.distributed import Group
from multiome2vec.training.settings import RunSettings

logger = logging.getLogger(__name__)

#: glibc's M_TRIM_THRESHOLD, M_TOP_PAD and M_MMAP_THRESHOLD (its largest value), in bytes
MALLOC_OPTIONS = {-1: 2**30, -2: 2**26, -3: 2**25}


def prepare(model: nn.Module, settings: RunSettings, *, group: Group) -> torch.device:
    """Set torch up as ``settings`` ask, move the model to its device and compile it if asked.

    Raises
    ------
    UserError
        If a GPU is asked for and there is none.
    """
    device = choose_device(settings.device)
    if device.type == "cuda":
        device = torch.device("cuda", group.local_rank)
        torch.cuda.set_device(device)
    torch.use_deterministic_algorithms(mode=settings.deterministic)
    torch.utils.deterministic.fill_uninitialized_memory = False  # nothing reads such memory
    torch.set_float32_matmul_precision("highest" if settings.precision == "fp32" else "high")
    if device.type == "cpu":
        keep_freed_memory()
    model.to(device)
    if settings.compile:
        compile_parts(model, device)
    return device


def keep_freed_memory() -> bool:
    """Let glibc keep what is freed, as every step asks for the same again.

    By default blocks of some MB go back to the kernel when they are freed, and their pages are
    mapped and zeroed anew at the next step: up to a third of the time of a step of wide layers.

    Returns
    -------
    bool
        False where the C library is another one, which is left as it is.
    """
    set_option = getattr(ctypes.CDLL(None), "mallopt", None)
    if set_option is None:
        return False
    return all(set_option(option, size) for option, size in MALLOC_OPTIONS.items())


def autocast(settings: RunSettings, device: torch.device) -> AbstractContextManager:
    """Context in which matrix products run in bfloat16, if ``settings`` ask for it."""
    return torch.autocast(device.type, torch.bfloat16, enabled=settings.precision == "bf16")


def compile_parts(model: nn.Module, device: torch.device) -> bool:
    """Compile the dense parts of a model in place; names of its tensors stay as they are.

    Returns
    -------
    bool
        False if there is no compiler; the model then runs as it is, and the log says so.
    """
    missing = _missing_compiler(device)
    if missing:
        logger.warning("The model is not compiled, it runs as it is: %s.", missing)
        return False
    for part in dense_parts(model):
        part.compile()
    return True


def dense_parts(model: nn.Module) -> list[nn.Module]:
    """Parts that map dense tensors to dense tensors: decoders and the encoders' chains of layers.

    Sparse rows stay outside: their shapes change with every batch. The decoders' bodies are called
    without their heads where the likelihood is estimated.
    """
    chains = [part for part in model.encoders.modules() if isinstance(part, nn.Sequential)]
    decoders = list(model.decoders.values())
    return [*decoders, *(decoder.body for decoder in decoders), *chains]


def _missing_compiler(device: torch.device) -> str | None:
    """Name what is missing to compile for ``device``; None if nothing is."""
    if device.type == "cuda":
        names = (os.environ.get("CC", "cc"), "gcc", "clang")
        if find_spec("triton") is None:
            return "there is no package triton"
    else:
        names = (os.environ.get("CXX", "g++"), "g++", "clang++")
    if not any(shutil.which(name) for name in names):
        return f"there is no compiler ({', '.join(dict.fromkeys(names))})"
    return None
