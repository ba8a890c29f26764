"""Several processes that train one model, each on its share of every step's cells.

Started by ``torchrun``, which sets RANK, LOCAL_RANK, WORLD_SIZE and the address to meet at. Every
process holds the whole model; gradients are summed over processes, so all take the same step.
"""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.distributed as dist
from torch import Tensor, nn


@dataclass(frozen=True)
class Group:
    """The processes of a training; one process alone needs no communication.

    Attributes
    ----------
    rank, size
        Number of this process, and of all.
    local_rank
        Number of this process on its machine, which is that of its GPU.
    """

    rank: int = 0
    size: int = 1
    local_rank: int = 0

    @property
    def leader(self) -> bool:
        """Whether this is the one process that writes and logs."""
        return self.rank == 0

    def share(self, parts: Sequence[np.ndarray]) -> Sequence[np.ndarray]:
        """Return this process's part of a list, in runs of near-equal length."""
        runs = np.array_split(np.arange(len(parts)), self.size)
        return [parts[i] for i in runs[self.rank]]

    def seed(self, seed: int) -> int:
        """Seed of this process's own draws: ``seed`` in the leader."""
        if self.leader:
            return seed
        return int(np.random.SeedSequence([seed, self.rank]).generate_state(1, np.uint64)[0] >> 1)

    def any(self, flag: bool) -> bool:
        """Tell whether ``flag`` is set in any process."""
        if self.size == 1:
            return flag
        value = torch.tensor(int(flag))
        dist.all_reduce(value, op=dist.ReduceOp.MAX)
        return bool(value)

    def gather(self, values: dict) -> list[dict]:
        """JSON values of all processes, by rank, in every process."""
        if self.size == 1:
            return [values]
        own = torch.frombuffer(bytearray(json.dumps(values).encode()), dtype=torch.uint8)
        lengths = [torch.zeros(1, dtype=torch.int64) for _ in range(self.size)]
        dist.all_gather(lengths, torch.tensor([len(own)]))
        longest = int(max(lengths))
        padded = torch.zeros(longest, dtype=torch.uint8)
        padded[: len(own)] = own
        rows = [torch.zeros_like(padded) for _ in range(self.size)]
        dist.all_gather(rows, padded)
        return [
            json.loads(row[: int(length)].numpy().tobytes())
            for row, length in zip(rows, lengths, strict=True)
        ]

    @torch.no_grad()
    def sum_gradients(self, model: nn.Module) -> None:
        """Sum the gradients over processes; a parameter that none has used keeps none."""
        if self.size == 1:
            return
        parameters = [p for p in model.parameters() if p.requires_grad]
        used = torch.tensor([float(p.grad is not None) for p in parameters])
        grads = [torch.zeros_like(p) if p.grad is None else p.grad for p in parameters]
        flat = torch.cat([grad.reshape(-1).float() for grad in grads])
        flat = torch.cat([flat, used.to(flat.device)])
        dist.all_reduce(flat)
        *sums, used = flat.split([grad.numel() for grad in grads] + [len(parameters)])
        for parameter, total, count in zip(parameters, sums, used.tolist(), strict=True):
            parameter.grad = total.view_as(parameter).to(parameter.dtype) if count else None

    @torch.no_grad()
    def spread(self, tensors: Sequence[Tensor]) -> None:
        """Give the leader's values of these tensors to every process."""
        if self.size > 1:
            for tensor in tensors:
                dist.broadcast(tensor, src=0)


def join(device: str) -> Group:
    """Return the group this process belongs to, and meet the others if ``torchrun`` started it.

    Parameters
    ----------
    device
        Name of the device; GPUs talk by NCCL, CPUs by gloo.
    """
    size = int(os.environ.get("WORLD_SIZE", "1"))
    if size == 1:
        return Group()
    if not dist.is_initialized():
        gpu = device != "cpu" and torch.cuda.is_available()
        dist.init_process_group("cpu:gloo,cuda:nccl" if gpu else "gloo")
    return Group(dist.get_rank(), dist.get_world_size(), int(os.environ.get("LOCAL_RANK", "0")))


def leave() -> None:
    """Part from the other processes, if there are any."""
    if dist.is_available() and dist.is_initialized():
        dist.destroy_process_group()
