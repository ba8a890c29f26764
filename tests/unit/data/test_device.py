"""The device by name, and the GPU that torch does not see."""

import pytest
import torch
from multiome2vec.data.device import choose_device
from multiome2vec.errors import UserError
from multiome2vec.gpu import given_gpu, unusable_gpu


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """Function that says which GPU files, variables and torch there are."""
    for name in ("SLURM_JOB_ID", "SLURM_JOB_GPUS", "SLURM_STEP_GPUS", "CUDA_VISIBLE_DEVICES"):
        monkeypatch.delenv(name, raising=False)

    def set_up(*, works: bool, cuda: str | None = None, files: int = 0, **variables: str) -> None:
        for number in range(files):
            (tmp_path / f"nvidia{number}").touch()
        (tmp_path / "nvidiactl").touch()
        monkeypatch.setitem(given_gpu.__kwdefaults__, "devices", tmp_path)
        monkeypatch.setattr(torch.cuda, "is_available", lambda: works)
        monkeypatch.setattr(torch.version, "cuda", cuda)
        for name, value in variables.items():
            monkeypatch.setenv(name, value)

    return set_up


def test_device_by_name(machine):
    machine(works=False)
    assert choose_device("cpu").type == choose_device("auto").type == choose_device().type == "cpu"
    machine(works=True)
    assert choose_device("cpu").type == "cpu"
    assert choose_device("auto").type == choose_device("cuda").type == "cuda"


@pytest.mark.parametrize(
    ("files", "variables", "shown"),
    [
        (0, {}, ""),
        (2, {}, "This machine has a GPU"),
        (2, {"CUDA_VISIBLE_DEVICES": ""}, ""),
        (2, {"CUDA_VISIBLE_DEVICES": "1"}, "This machine has a GPU"),
        (0, {"CUDA_VISIBLE_DEVICES": "0"}, ""),
        # a node shows the GPUs of other jobs too
        (2, {"SLURM_JOB_ID": "7"}, ""),
        (0, {"SLURM_JOB_ID": "7", "CUDA_VISIBLE_DEVICES": "0"}, "(CUDA_VISIBLE_DEVICES=0)"),
        (0, {"SLURM_JOB_ID": "7", "SLURM_JOB_GPUS": "1"}, "this job a GPU (SLURM_JOB_GPUS=1)"),
        (2, {"SLURM_JOB_ID": "7", "CUDA_VISIBLE_DEVICES": "NoDevFiles"}, ""),
    ],
)
def test_what_shows_a_gpu(machine, files, variables, shown):
    machine(works=False, files=files, **variables)
    assert (shown in given_gpu()) if shown else given_gpu() == ""


@pytest.mark.parametrize(
    ("cuda", "why"),
    [(None, "has no CUDA"), ("13.0", "is built for CUDA 13.0, which this driver does not run")],
)
def test_a_gpu_that_torch_does_not_see_stops_the_job(machine, cuda, why):
    machine(works=False, cuda=cuda, SLURM_JOB_ID="7", CUDA_VISIBLE_DEVICES="0")
    with pytest.raises(UserError, match=f"torch {torch.__version__.split('+')[0]}.* {why}") as said:
        choose_device("auto")
    assert "training.device: cpu" in str(said.value)
    assert choose_device("cpu").type == "cpu"
    machine(works=True)
    assert unusable_gpu() == ""
