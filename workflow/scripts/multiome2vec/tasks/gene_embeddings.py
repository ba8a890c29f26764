"""Embeddings of genes: the rows of a decoder's last weight, and what they are worth.

The last layer of a decoder is x_g = w_g · h + b_g. Genes with like w_g rise and fall together
whatever the hidden state h, so w_g embeds gene g. (A latent vector z embeds a *sample*.)
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import sparse

from multiome2vec.errors import ContractError
from multiome2vec.metrics import Undefined

BLOCK = 4_000_000  # similarities at once
BINS = 1 << 20  # of similarities, for the area under the curve
COSINE, PEARSON = "cosine", "pearson"
MEASURES = (COSINE, PEARSON)


class Neighbours(NamedTuple):
    """Most similar other genes of each gene, from the most similar on, both [F, k]."""

    index: np.ndarray
    similarity: np.ndarray


def gene_embeddings(weight: np.ndarray, names: Sequence[str]) -> pd.DataFrame:
    """Name the rows of a decoder's last weight.

    Parameters
    ----------
    weight
        [F, H]; of a likelihood with several outputs per feature, the rows of its mean.
    names
        Genes [F].

    Raises
    ------
    ContractError
        If there is not one row per gene (as with the weight's transpose, or embeddings of samples).
    """
    weight = np.asarray(weight, np.float32)
    if weight.ndim != 2 or len(weight) != len(names):
        raise ContractError(
            f"A weight of {' × '.join(map(str, weight.shape))} does not have one row for each of "
            f"{len(names)} genes: is it the decoder's last layer?"
        )
    columns = [f"dim_{number}" for number in range(weight.shape[1])]
    return pd.DataFrame(weight, index=pd.Index(names, name="gene"), columns=columns)


def unit_rows(values: np.ndarray, *, measure: str = COSINE) -> np.ndarray:
    """Rows of length 1 whose products are similarities; a row of zeros is similar (0) to none.

    Parameters
    ----------
    values
        [F, H].
    measure
        ``cosine``; or ``pearson``: rows are centred first.
    """
    if measure not in MEASURES:
        raise ContractError(f"Unknown measure '{measure}'. Known: {', '.join(MEASURES)}.")
    values = np.asarray(values, np.float64)
    if measure == PEARSON:
        values = values - values.mean(axis=1, keepdims=True)
    length = np.linalg.norm(values, axis=1, keepdims=True)
    return values / np.where(length > 1e-12, length, np.inf)


def neighbours(embedding: np.ndarray, *, k: int, measure: str = COSINE) -> Neighbours:
    """Find the k most similar other genes of each gene, in blocks: no genes × genes matrix.

    Parameters
    ----------
    embedding
        [F, H].
    k
        At most F - 1.
    measure
        ``cosine`` or ``pearson``.
    """
    unit = unit_rows(embedding, measure=measure)
    k = min(k, len(unit) - 1)
    index = np.empty((len(unit), k), np.int64)
    similarity = np.empty((len(unit), k), np.float32)
    for rows, found in _blocks(unit):
        found[np.arange(len(rows)), rows] = -np.inf
        best = np.argpartition(-found, k - 1, axis=1)[:, :k]
        value = np.take_along_axis(found, best, axis=1)
        order = np.argsort(-value, axis=1, kind="stable")
        index[rows] = np.take_along_axis(best, order, axis=1)
        similarity[rows] = np.take_along_axis(value, order, axis=1)
    return Neighbours(index, similarity)


def coexpression_agreement(
    embedding: np.ndarray, expression: sparse.csr_matrix | np.ndarray, *, measure: str = COSINE,
    n_genes: int = 2000, seed: int,
) -> dict[str, float]:  # fmt: skip
    """Compare similarities of genes with their co-expression.

    Parameters
    ----------
    embedding
        [F, H].
    expression
        [N, F], normalised, of cells or samples.
    n_genes
        Genes whose pairs are compared, drawn from those that vary.
    seed
        Of the genes.

    Returns
    -------
    dict
        ``coexpression_spearman``: rank correlation, over pairs, of the similarity of embeddings
        with the Pearson correlation of expression.

    Raises
    ------
    Undefined
        If fewer than three genes vary.
    """
    from scipy.stats import spearmanr

    if expression.shape[1] != len(embedding):
        raise ContractError(f"{len(embedding)} embeddings for {expression.shape[1]} genes.")
    some = _that_vary(expression)
    if len(some) < 3:
        raise Undefined("fewer than three genes vary")
    rng = np.random.default_rng(seed)
    some = np.sort(rng.permutation(some)[:n_genes])
    unit = unit_rows(embedding[some], measure=measure)
    pairs = np.triu_indices(len(some), k=1)
    correlation = _correlation(expression[:, some])
    found = spearmanr((unit @ unit.T)[pairs], correlation[pairs]).statistic
    return {"coexpression_spearman": float(np.nan_to_num(found))}


def _that_vary(expression: sparse.csr_matrix | np.ndarray) -> np.ndarray:
    """Numbers of the genes with more than one value."""
    low, high = expression.min(axis=0), expression.max(axis=0)
    if sparse.issparse(expression):
        low, high = low.toarray(), high.toarray()
    return np.flatnonzero(np.ravel(low) != np.ravel(high))


def _correlation(expression: sparse.csr_matrix | np.ndarray) -> np.ndarray:
    """Pearson correlations of columns [G, G]; sparse columns stay so."""
    if not sparse.issparse(expression):
        return np.corrcoef(np.asarray(expression, np.float64).T)
    values = expression.astype(np.float64)
    mean = np.asarray(values.mean(axis=0)).ravel()
    covariance = (values.T @ values).toarray() / values.shape[0] - np.outer(mean, mean)
    sd = np.sqrt(np.diag(covariance))
    return covariance / np.outer(sd, sd)


def set_agreement(
    embedding: np.ndarray, names: Sequence[str], sets: Mapping[str, Sequence[str]], *,
    measure: str = COSINE,
) -> dict[str, float]:  # fmt: skip
    """Score whether genes of one set (pathway, module) are more similar than others.

    Parameters
    ----------
    embedding, names
        [F, H] and its genes [F].
    sets
        Genes by set, as of :func:`multiome2vec.io.gene_sets.read_gmt`; other genes are left out.

    Returns
    -------
    dict
        ``set_auroc``: chance that two genes with a common set are more similar than two genes of
        sets that have none in common (ties half; similarities are told apart to 2e-6).
        ``set_genes``: genes compared.

    Raises
    ------
    Undefined
        If there are no pairs of one or the other kind.
    """
    member = _membership(names, sets)
    some = np.flatnonzero(np.diff(member.indptr))
    member, unit = member[some], unit_rows(embedding[some], measure=measure)
    within, between = np.zeros(BINS, np.int64), np.zeros(BINS, np.int64)
    for rows, found in _blocks(unit):
        shared = (member[rows] @ member.T).toarray() > 0
        later = np.arange(len(some)) > rows[:, None]  # each pair once
        place = np.clip((found + 1) / 2 * BINS, 0, BINS - 1).astype(np.int64)
        within += np.bincount(place[later & shared], minlength=BINS)
        between += np.bincount(place[later & ~shared], minlength=BINS)
    n_within, n_between = int(within.sum()), int(between.sum())
    if not n_within or not n_between:
        lacking = "with" if not n_within else "without"
        raise Undefined(f"there are no two genes {lacking} a common set among {len(some)} genes")
    below = np.cumsum(between) - between / 2
    auroc = (within * below).sum() / n_within / n_between
    return {"set_auroc": float(auroc), "set_genes": float(len(some))}


def _membership(names: Sequence[str], sets: Mapping[str, Sequence[str]]) -> sparse.csr_matrix:
    """Genes × sets."""
    index = pd.Index(names)
    if not index.is_unique:
        raise ContractError(f"Gene '{index[index.duplicated()][0]}' occurs more than once.")
    found = [np.unique(index.get_indexer(pd.Index(genes))) for genes in sets.values()]
    gene = np.concatenate([*found, np.zeros(0, np.int64)]).astype(np.int64)
    number = np.repeat(np.arange(len(found)), [len(genes) for genes in found])
    known = gene >= 0
    shape = (len(names), len(found))
    return sparse.csr_matrix(
        (np.ones(known.sum(), np.int32), (gene[known], number[known])), shape=shape
    )


def _blocks(unit: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Row numbers [b] and their similarities [b, F] to all."""
    size = max(1, BLOCK // max(len(unit), 1))
    for start in range(0, len(unit), size):
        rows = np.arange(start, min(start + size, len(unit)))
        yield rows, unit[rows] @ unit.T
