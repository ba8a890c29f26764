"""Differential features of groups of cells, in observed or imputed matrices."""

import logging
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.stats import false_discovery_control, norm

from multiome2vec import keys
from multiome2vec.errors import ContractError

logger = logging.getLogger(__name__)
COLUMNS = ["feature", "group", "log2fc", "pvalue", "padj", "share_in", "share_out"]
BLOCK = 10_000_000  # values, or entries of a sparse matrix, ranked at once
FEWEST = 10  # cells of a group, and outside of it, for a test
LOG1P, LINEAR = "log1p", "linear"
SCALES = (LOG1P, LINEAR)
TINY = 1e-9  # added to means, as scanpy does


class _Sums(NamedTuple):
    """Of each group and feature [G, F]: ranks, values and cells above 0; ties of features [F]."""

    ranks: np.ndarray
    values: np.ndarray
    positive: np.ndarray
    ties: np.ndarray


def differential(
    matrix: sparse.csr_matrix | np.ndarray, *, groups: Sequence[str], names: Sequence[str],
    scale: str = LOG1P,
) -> pd.DataFrame:  # fmt: skip
    """Test each group of cells against all others, feature by feature.

    Wilcoxon's rank-sum test, two-sided, normal approximation with correction for ties and none for
    continuity. Ranks come from the stored entries alone; all zeros of a feature are one tie.

    Cells are the replicates, so p-values also answer to differences between donors, and on imputed
    values they are far too small: imputation makes cells of a group alike that were not measured
    alike. Use them to rank features, and :mod:`multiome2vec.steps.degs` or
    :mod:`multiome2vec.steps.dars` to test.

    Parameters
    ----------
    matrix
        [N, F] raw or imputed values, sparse or dense (also memory-mapped: blocks of columns are
        read).
    groups
        Of each cell [N]; cells of the group ``unlabelled`` only count among the others.
    names
        Features [F].
    scale
        ``log1p`` (log-normalised) or ``linear`` (counts, accessibility): how means become a fold
        change.

    Returns
    -------
    pandas.DataFrame
        feature, group, log2fc (of mean linear values, plus 1e-9 each, as scanpy's), pvalue, padj
        (Benjamini-Hochberg over the features of the group), share_in and share_out (of cells above
        0, inside and outside); by group, then from the most raised feature to the most lowered.
        Groups with fewer than :data:`FEWEST` cells, or others, are not tested.

    Raises
    ------
    ContractError
        If sizes do not fit, the scale is unknown or a value is negative.
    """
    groups, names = np.asarray(groups).astype(str), np.asarray(names).astype(str)
    if matrix.shape != (len(groups), len(names)):
        raise ContractError(
            f"{len(groups)} groups and {len(names)} names for {matrix.shape[0]} × "
            f"{matrix.shape[1]} values."
        )
    if scale not in SCALES:
        raise ContractError(f"Unknown scale '{scale}'. Known: {', '.join(SCALES)}.")
    levels, code = np.unique(groups, return_inverse=True)
    blocks = [_sums(block, code, len(levels)) for block in _column_blocks(matrix)]
    if not blocks:
        return pd.DataFrame(columns=COLUMNS)
    sums = _Sums(*(np.concatenate(parts, axis=-1) for parts in zip(*blocks, strict=True)))
    size = np.bincount(code)
    tables = []
    for group, level in enumerate(levels):
        n = size[group], len(code) - size[group]
        if level == keys.UNLABELLED:
            continue
        if min(n) < FEWEST:
            logger.warning("%s: %d cells inside, %d outside: not tested", level, *n)
            continue
        tables.append(_table(sums, group, n, scale).assign(feature=names, group=level))
    if not tables:
        return pd.DataFrame(columns=COLUMNS)
    tables = [table.sort_values("z", ascending=False, kind="stable") for table in tables]
    return pd.concat(tables, ignore_index=True)[COLUMNS]


def _column_blocks(matrix: sparse.csr_matrix | np.ndarray) -> Iterator[sparse.csc_matrix]:
    """Blocks of columns, sparse, without stored zeros, with at most :data:`BLOCK` entries."""
    n_cells, n_features = matrix.shape
    if sparse.issparse(matrix):
        matrix = sparse.csc_matrix(matrix)
        starts = np.flatnonzero(np.diff(matrix.indptr[1:] // BLOCK, prepend=0))
        edges = np.unique([0, *starts, n_features])
    else:
        edges = [*range(0, n_features, max(1, BLOCK // max(n_cells, 1))), n_features]
    for start, stop in zip(edges[:-1], edges[1:], strict=True):
        block = sparse.csc_matrix(matrix[:, start:stop])
        block.eliminate_zeros()
        if block.nnz and block.data.min() < 0:
            raise ContractError(
                f"There are values below 0 ({block.data.min():g}): scaled values have no fold "
                "change. Give counts, log-normalised or imputed values."
            )
        yield block


def _sums(block: sparse.csc_matrix, code: np.ndarray, n_groups: int) -> _Sums:
    """Rank the cells of each feature; sum over groups."""
    n, width = block.shape
    feature = np.repeat(np.arange(width), np.diff(block.indptr))
    order = np.lexsort((block.data, feature))  # feature stays as it is
    value, group = block.data[order].astype(np.float64), code[block.indices[order]]
    n_zero = n - np.diff(block.indptr)
    place = np.arange(len(value)) - block.indptr[feature]  # among stored entries, from 0
    new = np.ones(len(value), bool)
    new[1:] = (value[1:] != value[:-1]) | (feature[1:] != feature[:-1])
    tie = np.cumsum(new) - 1
    length = np.bincount(tie)
    place = place[new][tie] + (length[tie] + 1) / 2  # from 1, ties at their middle

    def by_group(weights: np.ndarray) -> np.ndarray:
        found = np.bincount(group * width + feature, weights, n_groups * width)
        return found.reshape(n_groups, width)

    positive = by_group(np.ones(len(value)))
    zeros = np.bincount(code, minlength=n_groups)[:, None] - positive
    ties = np.bincount(feature[new], length.astype(np.float64) ** 3 - length, width)
    return _Sums(
        ranks=by_group(place + n_zero[feature]) + zeros * (n_zero + 1) / 2,
        values=by_group(value),
        positive=positive,
        ties=ties + n_zero.astype(np.float64) ** 3 - n_zero,
    )


def _table(sums: _Sums, group: int, n: tuple[int, int], scale: str) -> pd.DataFrame:
    """z, fold change, p-values and shares of one group of n[0] cells against n[1] others."""
    inside, outside = (float(number) for number in n)
    total = inside + outside
    expected = inside * (total + 1) / 2
    variance = inside * outside / 12 * (total + 1 - sums.ties / (total * (total - 1)))
    varies = variance > 1e-9
    z = np.where(varies, sums.ranks[group] - expected, 0) / np.sqrt(np.where(varies, variance, 1))
    means, shares = (
        (part[group] / inside, (part.sum(axis=0) - part[group]) / outside)
        for part in (sums.values, sums.positive)
    )
    if scale == LOG1P:
        means = tuple(np.expm1(mean) for mean in means)
    pvalue = np.minimum(2 * norm.sf(np.abs(z)), 1)
    return pd.DataFrame(
        {
            "z": z, "log2fc": np.log2((means[0] + TINY) / (means[1] + TINY)), "pvalue": pvalue,
            "padj": false_discovery_control(pvalue), "share_in": shares[0], "share_out": shares[1],
        }
    )  # fmt: skip
