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


def find_features(
    data: Dataset, *, features: dict[str, np.ndarray], names: dict[str, pd.Index]
) -> dict[str, np.ndarray]:
    """Find the columns that hold the features a model was trained on, by name.

    Parameters
    ----------
    features
        Columns of the training data by modality; taken where they hold these features here too.
    names
        Names of the features by modality.

    Returns
    -------
    dict
        Columns by modality, in the model's order; without the modalities that the data lack.

    Raises
    ------
    ContractError
        If a feature is missing, or its name occurs more than once.
    """
    found = {}
    for name, columns in features.items():
        if name in data.modalities:
            there = data.modalities[name].var.index
            same = len(there) > columns.max(initial=-1) and there[columns].equals(names[name])
            found[name] = columns if same else _columns_named(there, names[name], name)
    return found


def _columns_named(there: pd.Index, wanted: pd.Index, modality: str) -> np.ndarray:
    """Positions of names, each of which must occur once."""
    missing = wanted.difference(there, sort=False)
    if len(missing):
        raise ContractError(
            f"The {modality} features are not those the model was trained on: {len(missing)} of "
            f"its {len(wanted)} are missing, such as {', '.join(map(str, missing[:3]))}. Count "
            "the cells on the training's genes and regions, or train on these. In the workflow: "
            "peaks.source: bed, peaks.bed: the training's consensus.bed, regions.min_cells: 0, "
            "qc.rna.min_cells: 0."
        )
    twice = there[there.duplicated() & there.isin(wanted)]
    if len(twice):
        raise ContractError(
            f"The {modality} feature '{twice[0]}' occurs more than once, so it is not clear which "
            "one the model means. Make names unique as they were in the training data."
        )
    return there.get_indexer(wanted)


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
