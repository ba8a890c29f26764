"""Which features place a cell along each latent dimension: integrated gradients of the encoder."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from multiome2vec import keys
from multiome2vec.data.dataset import Dataset
from multiome2vec.data.device import AUTO, choose_device
from multiome2vec.errors import UserError
from multiome2vec.io.region_names import parse_region_names
from multiome2vec.models.batch import Batch
from multiome2vec.models.multimodal import MultimodalVAE
from multiome2vec.nn.sparse_rows import SparseRows, densify
from multiome2vec.tasks.apply import prepare
from multiome2vec.training.checkpoint import Checkpoint
from multiome2vec.training.inference import latent

if TYPE_CHECKING:
    from mudata import MuData

BLOCK = 32  # cells at a time: the gradients of all dimensions are held at once
N_CELLS, STEPS = 512, 32
FEWEST = 5  # cells of a label
DIMENSIONS, LABELS = "dimensions", "labels"
TINY = 1e-12  # variance or sum of squares that is still divided by
SHARE = 0.01  # of the regions that are salient for a dimension
BED = (keys.CHROM, keys.START, keys.END, "name", "score", "strand")


@dataclass(frozen=True)
class Saliency:
    """What features do to each latent dimension.

    Attributes
    ----------
    share
        Features (index: modality, feature) × dimensions ``z{d}``: share of the variance of z_d over
        the cells that the feature's attributions make up, Cov(attribution, z_d) / Var(z_d). As the
        attributions of a cell sum to its distance from the baseline, those of all features of all
        modalities sum to 1, but for the error of the integral; a feature that works against the
        others has a negative share.
    effect
        Same shape: slope of the regression of the attributions on the feature's distance from the
        baseline, in z_d per unit of the transformed value. For an encoder that is linear, z = Wx,
        this is W and ``share`` is W Cov(x, z_d) / Var(z_d), both exactly.
    labels
        Features × labels, None without labels: share of the distance between the centre of the
        label's cells and that of all others that the feature's attributions make up, along the line
        between them. Those of all features sum to 1, but for the error of the integral; positive
        ones place cells on the label's side.
    """

    share: pd.DataFrame
    effect: pd.DataFrame
    labels: pd.DataFrame | None = None


def saliency(
    checkpoint: Checkpoint,
    data: "MuData | Dataset",
    cells: np.ndarray,
    *,
    n_cells: int = N_CELLS,
    steps: int = STEPS,
    labels: np.ndarray | None = None,
    device: str = AUTO,
) -> Saliency:
    """Attribute the latent dimensions to the features that the encoders read.

    Integrated gradients (Sundararajan et al. 2017) of the posterior mean along the straight line
    from a baseline to the cell, in the space of the transformed values: nothing (all counts 0), or
    the mean of the training cells where inputs are standardised.

    Parameters
    ----------
    cells
        Numbers of the cells, of which at most ``n_cells`` evenly spread ones are taken.
    steps
        Points of the line at which gradients are taken (Gauss-Legendre).
    labels
        Of all cells of the data; None for none. Labels of fewer than :data:`FEWEST` of the cells
        taken are left out.
    device
        ``auto``, ``cpu`` or ``cuda``.
    """
    model = checkpoint.model.to(choose_device(device)).eval()
    prepared = prepare(checkpoint, data, device=device)
    taken = cells[np.linspace(0, len(cells) - 1, min(n_cells, len(cells))).astype(np.int64)]
    names = {name: checkpoint.names[name] for name in model.config.modalities}
    z = latent(model, prepared, taken).mean.astype(np.float64)
    contrasts = _Contrasts.of(z, None if labels is None else np.asarray(labels)[taken])
    sums = {name: _Sums(len(found), model.config.latent) for name, found in names.items()}
    by_label = {name: np.zeros((len(found), len(contrasts.names))) for name, found in names.items()}
    place, first = next(model.parameters()).device, 0
    with frozen(model):
        for _, batch in prepared.batches(taken, size=BLOCK, device=place):
            rows = slice(first, first + len(batch))
            first = rows.stop
            mean = torch.from_numpy(z[rows]).to(place)
            distances, found = attributions(model, batch, steps=steps)
            for name in names:
                sums[name].add(distances[name], found[name], mean)
                by_label[name] += contrasts.shares(distances[name], found[name], rows)
    columns = [f"z{d}" for d in range(model.config.latent)]
    return Saliency(
        _table({name: part.share(z) for name, part in sums.items()}, names, columns),
        _table({name: part.effect() for name, part in sums.items()}, names, columns),
        None if labels is None else _table(by_label, names, contrasts.names),
    )


def _table(values: dict[str, np.ndarray], names: dict[str, pd.Index], columns) -> pd.DataFrame:
    parts = {name: pd.DataFrame(found, names[name], columns) for name, found in values.items()}
    return pd.concat(parts, names=["modality", "feature"])


@dataclass(frozen=True)
class _Contrasts:
    """Lines from the centre of all other cells to that of each label's, of L labels and N cells.

    Attributes
    ----------
    names
        Of the labels [L].
    directions
        [L, D], the line over its squared length.
    weights
        [L, N], 1/n for the n cells of the label, -1/m for the m others.
    """

    names: list[str]
    directions: np.ndarray
    weights: np.ndarray

    @classmethod
    def of(cls, z: np.ndarray, labels: np.ndarray | None) -> "_Contrasts":
        """Contrasts of the labels of cells at z [N, D]."""
        given = np.full(len(z), keys.UNLABELLED) if labels is None else labels.astype(str)
        names, counts = np.unique(given, return_counts=True)
        enough = (counts >= FEWEST) & (counts < len(z)) & (names != keys.UNLABELLED)
        names = names[enough].tolist()
        inside = np.array([given == name for name in names], bool).reshape(len(names), len(z))
        n = inside.sum(axis=1, keepdims=True)
        weights = np.where(inside, 1 / np.maximum(n, 1), -1 / np.maximum(len(z) - n, 1))
        lines = weights @ z
        length = np.square(lines).sum(axis=1, keepdims=True)
        return cls(names, lines / np.maximum(length, TINY), weights)

    def shares(self, distance: Tensor | SparseRows, found: Tensor, rows: slice) -> np.ndarray:
        """Share [F, L] that the attributions [D, B, F] or [D, N] of some cells add up to."""
        sparse = isinstance(distance, SparseRows)
        parts = []
        for direction, weights in zip(self.directions, self.weights[:, rows], strict=True):
            line = torch.tensordot(torch.from_numpy(direction).to(found), found, dims=1)
            weight = torch.from_numpy(weights).to(found)
            line = line * (weight[distance.rows] if sparse else weight.unsqueeze(1))
            parts.append(_by_feature(distance, line))
        n_features = distance.shape[1]
        return np.stack(parts, axis=1) if parts else np.zeros((n_features, 0))


def attributions(
    model: MultimodalVAE, batch: Batch, *, steps: int
) -> tuple[dict[str, Tensor | SparseRows], dict[str, Tensor]]:
    """Integrated gradients of the posterior means of some cells.

    Returns
    -------
    dict
        Distance of the transformed values from the baseline, by modality: [B, F], or sparse rows.
    dict
        Attributions by modality: [D, B, F], or of the entries of sparse rows [D, N].
    """
    inputs, baselines, distances, found = {}, {}, {}, {}
    for m, (name, encoder) in enumerate(model.encoders.items()):
        x = encoder.transformed(batch)
        if encoder.standardise is None:
            centre = batch.covariate.new_zeros(())
        else:  # 0 is not the baseline: all values are off it
            x, centre = densify(x), encoder.standardise.mean
        inputs[name], baselines[name] = x, centre
        entries = _entries(x)
        distance = entries - centre
        if not isinstance(x, SparseRows):
            distance = distance * batch.defined.get(name, 1) * batch.present[:, m : m + 1]
        distances[name] = _with_entries(x, distance)
        found[name] = entries.new_zeros(model.config.latent, *entries.shape)
    nodes, weights = np.polynomial.legendre.leggauss(steps)  # on -1 to 1
    for share, weight in zip((nodes + 1) / 2, weights / 2, strict=True):
        leaves = {
            name: (baselines[name] + float(share) * _entries(distances[name])).requires_grad_()
            for name in inputs
        }
        values = {name: _with_entries(inputs[name], leaf) for name, leaf in leaves.items()}
        evidence = model.encode(replace(batch, values=values), transformed=list(values))
        mean = model.prior(model.fuse(evidence, batch.present)).mixture.mean
        for d in range(mean.shape[1]):
            gradients = torch.autograd.grad(
                mean[:, d].sum(), list(leaves.values()), retain_graph=True, materialize_grads=True
            )
            for name, gradient in zip(leaves, gradients, strict=True):
                found[name][d] += float(weight) * gradient * _entries(distances[name])
    return distances, found


class _Sums:
    """Sums over cells of the attributions to one modality's features."""

    def __init__(self, n_features: int, n_dimensions: int) -> None:
        shape = (n_features, n_dimensions)
        self.total, self.with_z, self.with_distance = (np.zeros(shape) for _ in range(3))
        self.square = np.zeros((n_features, 1))

    def add(self, distance: Tensor | SparseRows, found: Tensor, mean: Tensor) -> None:
        """Take in the attributions [D, B, F], or of entries [D, N], of cells at means [B, D]."""
        sparse = isinstance(distance, SparseRows)
        far = _entries(distance)
        self.square[:, 0] += _by_feature(distance, far**2)
        for d, part in enumerate(found):
            z = mean[distance.rows, d] if sparse else mean[:, d : d + 1]
            self.total[:, d] += _by_feature(distance, part)
            self.with_z[:, d] += _by_feature(distance, part * z)
            self.with_distance[:, d] += _by_feature(distance, part * far)

    def share(self, z: np.ndarray) -> np.ndarray:
        """Cov(attribution, z) / Var(z) [F, D] over the cells at z [N, D]."""
        covariance = self.with_z / len(z) - self.total / len(z) * z.mean(axis=0)
        return covariance / np.maximum(z.var(axis=0), TINY)

    def effect(self) -> np.ndarray:
        """Slopes [F, D]; 0 for features that are never off the baseline."""
        return self.with_distance / np.maximum(self.square, TINY)


def _by_feature(like: Tensor | SparseRows, values: Tensor) -> np.ndarray:
    """Sum over cells [F] of values [B, F], or of entries [N] of sparse rows."""
    values = values.double().cpu()
    if not isinstance(like, SparseRows):
        return values.sum(dim=0).numpy()
    return np.bincount(like.columns.cpu().numpy(), values.numpy(), minlength=like.n_columns)


@contextmanager
def frozen(model: nn.Module) -> Iterator[None]:
    """Ask for no gradients of parameters inside the block."""
    asked = [parameter for parameter in model.parameters() if parameter.requires_grad]
    for parameter in asked:
        parameter.requires_grad_(requires_grad=False)
    try:
        yield
    finally:
        for parameter in asked:
            parameter.requires_grad_(requires_grad=True)


def salient_regions(
    found: Saliency,
    *,
    of: str = DIMENSIONS,
    modality: str = keys.ATAC,
    top: float = SHARE,
) -> pd.DataFrame:
    """Regions that place cells along each dimension or with each label, as rows of a BED file.

    Parameters
    ----------
    found
        From :func:`saliency`.
    of
        ``dimensions`` or ``labels``.
    modality
        One whose features are regions.
    top
        Share of the regions that are taken for each dimension, those of the largest ``share``; at
        least one.

    Returns
    -------
    pandas.DataFrame
        Columns :data:`BED`, sorted by position: ``name`` is the label, or the dimension and the
        sign of the region's effect (``z3+``); ``score`` its share in thousandths of the largest.

    Raises
    ------
    UserError
        If there is no such modality, or a feature is no region.
    """
    if not 0 < top <= 1:
        raise UserError(f"The share of salient regions is {top:g}, but must be within 0 and 1.")
    shares = {DIMENSIONS: found.share, LABELS: found.labels}.get(of)
    if shares is None:
        raise UserError(f"There are no regions of {of}: give {DIMENSIONS}, or {LABELS} of cells.")
    if modality not in shares.index.get_level_values("modality"):
        raise UserError(f"The model has no modality '{modality}', so that there are no regions.")
    table, effects = shares.loc[modality], found.effect.loc[modality]
    places = parse_region_names(table.index, path="the model's features")
    count = max(1, round(top * len(table)))
    parts = []
    for column in table:
        values = table[column].to_numpy()
        order = np.argsort(-values, kind="stable")[:count]
        scaled = 1000 * values[order].clip(min=0) / max(values[order[0]], TINY)
        names = column
        if of == DIMENSIONS:
            falls = effects[column].to_numpy()[order] < 0
            names = np.where(falls, f"{column}-", f"{column}+")
        rows = places.iloc[order].assign(
            name=names,
            score=np.rint(scaled).astype(int),
            strand=".",
        )
        parts.append(rows[list(BED)])
    if not parts:  # no two labels to tell apart
        return pd.DataFrame(columns=list(BED))
    by_place = [keys.CHROM, keys.START, keys.END]
    return pd.concat(parts, ignore_index=True).sort_values(by_place, kind="stable")


def _entries(values: Tensor | SparseRows) -> Tensor:
    return values.values if isinstance(values, SparseRows) else values


def _with_entries(like: Tensor | SparseRows, entries: Tensor) -> Tensor | SparseRows:
    return like.with_values(entries) if isinstance(like, SparseRows) else entries
