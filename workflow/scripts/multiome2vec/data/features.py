"""Which features a model uses, and how they lie along the genome."""

import hashlib
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from multiome2vec import keys
from multiome2vec.data.dataset import Dataset, Source, as_dataset
from multiome2vec.data.statistics import log_share_variance, raw_sums
from multiome2vec.errors import ContractError
from multiome2vec.io.region_names import PATTERN
from multiome2vec.models.config import COUNTS
from multiome2vec.models.transforms import SCALE

if TYPE_CHECKING:
    from mudata import MuData


def choose_features(
    data: "MuData | Dataset", *, n_hvg: int, n_regions: int
) -> dict[str, np.ndarray]:
    """Choose the columns to model of every modality that is there, in file order.

    Genes: those flagged highly variable (all if none is flagged), at most the ``n_hvg`` of largest
    variance of log-normalised values. Regions: at most the ``n_regions`` open in most cells.
    Motifs and proteins: all. Features without any value are left out of genes and regions.
    """
    chosen = {}
    for name, source in as_dataset(data).modalities.items():
        if name == keys.RNA:
            flagged = source.var.get(keys.HIGHLY_VARIABLE, np.ones(len(source.var), bool))
            scale = SCALE if source.kind == COUNTS else None
            variance = log_share_variance(source.store, _there(source), scale=scale)
            chosen[name] = _largest(np.where(np.asarray(flagged, bool), variance, 0), n_hvg)
        elif name == keys.ATAC:
            open_cells = raw_sums(source.store, _there(source)).n_open
            chosen[name] = _largest(open_cells, n_regions)
        else:
            chosen[name] = np.arange(len(source.var))
    return chosen


def features_digest(names: Iterable[str]) -> str:
    """SHA-256 of feature names in their order."""
    return hashlib.sha256("\n".join(names).encode()).hexdigest()


def check_features(
    data: "MuData | Dataset", *, features: dict[str, np.ndarray], digests: dict[str, str]
) -> None:
    """Make sure that the columns a model uses hold the features it was trained on.

    Parameters
    ----------
    features
        Columns by modality.
    digests
        Digest of their names by modality, from :func:`features_digest`.

    Raises
    ------
    ContractError
        If a modality has other features, or the same in another order.
    """
    there = data.modalities if isinstance(data, Dataset) else data.mod
    for name, columns in features.items():
        if name not in there:
            continue
        names = there[name].var.index
        fits = len(names) > columns.max(initial=-1)
        if not fits or features_digest(names[columns]) != digests[name]:
            raise ContractError(
                f"The {name} features are not those the model was trained on ({len(columns)} of "
                f"them are used). Embed the matrices it was trained on, or train it again."
            )


def segments_of(var: pd.DataFrame) -> tuple[int, ...]:
    """Regions per chromosome, in their order.

    Parameters
    ----------
    var
        Regions, with columns chrom and start or named like ``chr1:100-200``.

    Returns
    -------
    tuple
        Empty if they are not sorted by start within chromosomes, or are no regions.
    """
    place = var.index.to_series().astype(str).str.extract(PATTERN)
    if {keys.CHROM, keys.START} <= set(var):
        place = var[[keys.CHROM, keys.START]].set_axis(["chrom", "start"], axis=1)
    if not len(place) or place.isna().any(axis=None):
        return ()
    chrom, start = place["chrom"].astype(str).to_numpy(), place["start"].astype(int).to_numpy()
    new = chrom[1:] != chrom[:-1]
    sizes = np.diff(np.concatenate([[0], np.flatnonzero(new) + 1, [len(chrom)]]))
    sorted_ = bool((new | (start[1:] >= start[:-1])).all())
    return tuple(sizes.tolist()) if sorted_ and len(sizes) == len(set(chrom)) else ()


def _there(source: Source) -> np.ndarray:
    """Rows of the cells that have a modality."""
    return source.rows[source.rows >= 0]


def _largest(rank: np.ndarray, count: int) -> np.ndarray:
    """Positions (sorted) of the ``count`` largest positive values."""
    order = np.argsort(-rank, kind="stable")[:count]
    return np.sort(order[rank[order] > 0])
