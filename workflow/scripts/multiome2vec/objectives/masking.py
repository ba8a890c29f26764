"""Inputs hidden in training, so that a model learns to fill them in."""

from dataclasses import replace

import torch

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
    values, defined = dict(batch.values), dict(batch.defined)
    for name, x in batch.values.items():
        sparse = isinstance(x, SparseRows)
        entries = x.values if sparse else x
        kept = torch.rand(entries.shape, generator=generator, device=generator.device) >= rate
        kept = kept.to(entries)
        if sparse:
            values[name] = x.with_values(entries * kept)
        else:
            defined[name] = kept * defined.get(name, 1)
    return replace(batch, values=values, defined=defined), rate
