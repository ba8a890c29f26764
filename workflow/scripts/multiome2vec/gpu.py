"""Whether there is a GPU for this job, and whether torch can use it.

A CPU build of torch says nothing on a node with a GPU and computes on the CPU, many times more
slowly and for all the hours that the GPU is kept. Here the machine is asked, not torch.
"""

import os
from collections.abc import Mapping
from pathlib import Path

#: values of CUDA_VISIBLE_DEVICES that hide all GPUs; the last is SLURM's
HIDDEN = ("", "-1", "NoDevFiles")
REMEDY = (
    "Install a CUDA build of torch (docs/models.md), or say that the CPU is meant: "
    "training.device: cpu in the configuration, --device cpu on the command line."
)


def given_gpu(variables: Mapping[str, str] = os.environ, *, devices: str | Path = "/dev") -> str:
    """Say what shows that there is a GPU for this process; an empty text if nothing does.

    Parameters
    ----------
    variables
        Of the environment. In a job of SLURM they decide: a node shows the GPUs of other jobs too.
    devices
        Folder of the device files; elsewhere those of NVIDIA's driver decide.
    """
    visible = variables.get("CUDA_VISIBLE_DEVICES")
    if visible in HIDDEN:
        return ""
    if "SLURM_JOB_ID" in variables:
        names = ("SLURM_STEP_GPUS", "SLURM_JOB_GPUS", "CUDA_VISIBLE_DEVICES")
        shown = next((name for name in names if variables.get(name)), "")
        return f"SLURM has given this job a GPU ({shown}={variables[shown]})" if shown else ""
    found = sorted(Path(devices).glob("nvidia[0-9]*"))
    return f"This machine has a GPU ({found[0]})" if found else ""


def unusable_gpu() -> str:
    """Say why torch does not use a GPU that is there; empty if it does, or if none is there."""
    import torch

    shown = given_gpu()
    if not shown or torch.cuda.is_available():
        return ""
    cuda = torch.version.cuda
    why = f"is built for CUDA {cuda}, which this driver does not run" if cuda else "has no CUDA"
    return f"{shown}, but torch does not see it: torch {torch.__version__} {why}."
