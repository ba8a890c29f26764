"""Inputs hidden in training, so that a model learns to fill them in."""

from collections.abc import Mapping
from dataclasses import replace

import torch
from torch import Tensor

from multiome2vec.models.batch import Batch
from multiome2vec.nn.sparse_rows import SparseRows


def mask_inputs(
    batch: Batch, rates: tuple[float, float], generator: torch.Generator
) -> tuple[Batch, float]:
    """Hide a random share of the values of every modality from the encoders.

    Hidden dense values count as the training mean; hidden counts of sparse rows are dropped.

    Parameters
    ----------
    rates
        Lowest and highest share; one share is drawn for the batch.

    Returns
    -------
    Batch
        What is left to see.
    float
        The share.
    """
    low, high = rates
    rate = low + (high - low) * float(torch.rand((), generator=generator))
    kept = {}
    for name, x in batch.values.items():
        shape = (x.values if isinstance(x, SparseRows) else x).shape
        kept[name] = torch.rand(shape, generator=generator, device=generator.device) >= rate
    return keep(batch, kept), rate


def keep(batch: Batch, kept: Mapping[str, Tensor]) -> Batch:
    """Hide what is not kept, true in ``kept`` [B, F] (of sparse rows: of the entries [N])."""
    values, defined = dict(batch.values), dict(batch.defined)
    for name, x in batch.values.items():
        if isinstance(x, SparseRows):
            values[name] = x.with_values(x.values * kept[name].to(x.values))
        else:
            defined[name] = kept[name].to(x) * defined.get(name, 1)
    return replace(batch, values=values, defined=defined)
