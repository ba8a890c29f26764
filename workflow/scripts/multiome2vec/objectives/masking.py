"""Inputs hidden in training, so that a model learns to fill them in."""

from collections.abc import Collection, Mapping
from dataclasses import replace

import torch
from torch import Tensor

from multiome2vec.models.batch import Batch
from multiome2vec.nn.sparse_rows import SparseRows


def mask_inputs(
    batch: Batch,
    rates: tuple[float, float],
    generator: torch.Generator,
    *,
    standardised: Collection[str],
) -> tuple[Batch, float]:
    """Hide a random share of the values of every modality from the encoders.

    Hidden values that are dense or standardised, zeros as well, count as the training mean; of
    other sparse rows, counts are dropped.

    Parameters
    ----------
    rates
        Lowest and highest share; one share is drawn for the batch.
    standardised
        Modalities that the encoders standardise.

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
        by_entry = isinstance(x, SparseRows) and name not in standardised
        shape = (x.values if by_entry else x).shape
        kept[name] = torch.rand(shape, generator=generator, device=generator.device) >= rate
    return keep(batch, kept), rate


def keep(batch: Batch, kept: Mapping[str, Tensor]) -> Batch:
    """Hide what is not kept, true in ``kept`` [B, F].

    Of sparse rows, ``kept`` may be of the entries [N]; what is not kept is 0 then.
    """
    values, defined = dict(batch.values), dict(batch.defined)
    for name, x in batch.values.items():
        if kept[name].dim() == 1:
            values[name] = x.with_values(x.values * kept[name].to(x.values))
        else:
            defined[name] = kept[name].float() * defined.get(name, 1)
    return replace(batch, values=values, defined=defined)
