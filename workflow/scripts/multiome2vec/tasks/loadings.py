"""What the latent dimensions and components stand for, in features."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from multiome2vec.data.cells import CHUNK
from multiome2vec.data.dataset import Dataset
from multiome2vec.data.device import AUTO, choose_device
from multiome2vec.models.likelihoods import GaussianUnit, LogNormal
from multiome2vec.models.likelihoods.shares import SoftmaxShares
from multiome2vec.models.multimodal import MultimodalVAE
from multiome2vec.nn.bodies import LinearBody
from multiome2vec.tasks.apply import PER, prepare
from multiome2vec.tasks.generate import covariate_rows
from multiome2vec.training.checkpoint import Checkpoint
from multiome2vec.training.inference import latent

if TYPE_CHECKING:
    from mudata import MuData

COLUMNS = ("component", "modality", "feature", "rank", "effect", "unit", "share")
TINY = 1e-12  # expectation whose logarithm is still taken
PSEUDO = 0.1  # of the mean expectation, added before ratios
N_MARKERS = 50


@dataclass(frozen=True)
class Loadings:
    """Effect of every latent dimension on every feature.

    Attributes
    ----------
    values
        Features × dimensions; the index has modality and feature. The columns ``z{d}`` are ordered
        by the variance they explain. Of linear decoders: the weights W, change of the log-rate
        (``bernoulli``: of the log-odds; of continuous values: in standard deviations of the
        feature) per unit of z. Of others: the change per standard deviation of z_d.
    explained
        Dimensions (same order) × modalities: share of the variance of the decoder's output,
        Σ_g (sd_d · effect_gd)² over all d; a sum over dimensions is 1.
    """

    values: pd.DataFrame
    explained: pd.DataFrame


def tables(
    checkpoint: Checkpoint,
    data: "MuData | Dataset",
    cells: np.ndarray,
    *,
    top: int = N_MARKERS,
    device: str = AUTO,
) -> tuple[Loadings, pd.DataFrame]:
    """Compute the loadings and all markers, of components first.

    Parameters
    ----------
    cells
        Numbers of the training cells.
    top
        Markers of each component and modality.
    device
        ``auto``, ``cpu`` or ``cuda``.
    """
    model = checkpoint.model.to(choose_device(device))
    means = latent(model, prepare(checkpoint, data, device=device), cells).mean
    found = loadings(model, checkpoint.names, means)
    components = component_markers(model, checkpoint.names, top=top)
    dimensions = dimension_markers(found, top=top)
    return found, pd.concat([components, dimensions]) if len(components) else dimensions


def is_linear(model: MultimodalVAE, name: str) -> bool:
    """Whether a modality's decoder is W z + b."""
    return isinstance(model.decoders[name].body, LinearBody)


@torch.no_grad()
def loadings(model: MultimodalVAE, names: dict[str, pd.Index], means: np.ndarray) -> Loadings:
    """Compute the loadings.

    A linear decoder's are its weights, without rotation (LDVAE, Svensson et al. 2020); where the
    outputs pass a softmax, which is blind to a constant, each column is centred. Of any other
    decoder, f: (f(z̄ + sd_d e_d) − f(z̄ − sd_d e_d)) / 2, with f the log-expectation (of continuous
    values: the expectation in standard deviations of the feature).

    Parameters
    ----------
    names
        Features by modality.
    means
        [N, D], posterior means of the training cells: they give z̄ and the sd.
    """
    model.eval()
    sd = means.std(axis=0)
    parts, variance = {}, {}
    for name in model.config.modalities:
        if is_linear(model, name):
            parts[name] = linear_weights(model, name)
            effect = parts[name] * sd
        else:
            parts[name] = effect = _finite_differences(model, name, means.mean(axis=0), sd)
        square = np.square(effect, dtype=np.float64).sum(axis=0)
        variance[name] = square / max(square.sum(), TINY)
    explained = pd.DataFrame(variance)
    order = np.argsort(-explained.mean(axis=1).to_numpy(), kind="stable")
    columns = [f"z{d}" for d in order]
    tables = {
        name: pd.DataFrame(part[:, order], index=names[name], columns=columns)
        for name, part in parts.items()
    }
    values = pd.concat(tables, names=["modality", "feature"])
    explained = explained.iloc[order].set_axis(columns, axis=0).rename_axis("dimension")
    return Loadings(values, explained)


def linear_weights(model: MultimodalVAE, name: str) -> np.ndarray:
    """Weights of the latent variables on a modality's features [F, D], of a linear decoder.

    Each column is centred if the outputs pass a softmax over the features.
    """
    weight = output_weight(model, name)[:, : model.config.latent]
    parts = model.likelihoods[name].modules()
    if any(isinstance(part, SoftmaxShares) for part in parts):
        weight = weight - weight.mean(axis=0)
    return weight


def output_weight(model: MultimodalVAE, name: str) -> np.ndarray:
    """Weight of a decoder's last layer [F, H], of the first output of every feature."""
    n_features = model.config.modalities[name].n_features
    return model.decoders[name].head.weight[:n_features].detach().cpu().numpy()


def _finite_differences(
    model: MultimodalVAE, name: str, centre: np.ndarray, sd: np.ndarray
) -> np.ndarray:
    steps = np.diag(sd).astype(np.float32)
    ends = [
        np.concatenate(list(profiles(model, name, centre.astype(np.float32) + sign * steps)))
        for sign in (1, -1)
    ]
    return ((ends[0] - ends[1]) / 2).T


@torch.no_grad()
def profiles(model: MultimodalVAE, name: str, z: np.ndarray) -> Iterator[np.ndarray]:
    """Yield log-expectations [b, F] of a modality at points [n, D], per 10,000 counts.

    Of continuous values the expectations, as standard deviations of the feature from its mean. All
    batches count alike.
    """
    device = next(model.parameters()).device
    likelihood = model.likelihoods[name]
    for start in range(0, len(z), CHUNK):
        points = torch.from_numpy(z[start : start + CHUNK]).to(device)
        covariate = covariate_rows(model, len(points), None).to(device)
        library = torch.full((len(points), 1), PER, device=device)
        shares = model.prior.responsibilities(points)
        mean = model.expectation(name, points, covariate, library, shares)
        yield _scaled(likelihood, mean).cpu().numpy()


def _scaled(likelihood: torch.nn.Module, mean: Tensor) -> Tensor:
    if is_continuous(likelihood):
        return (mean - likelihood.location) / likelihood.scale
    return mean.clamp(min=TINY).log()


def is_continuous(likelihood: torch.nn.Module) -> bool:
    """Whether values may be negative, so that they have no logarithm."""
    return isinstance(likelihood, GaussianUnit) and not isinstance(likelihood, LogNormal)


@torch.no_grad()
def component_markers(
    model: MultimodalVAE, names: dict[str, pd.Index], *, top: int = N_MARKERS
) -> pd.DataFrame:
    """Marker features of each component of a mixture prior.

    A component's profile is what is expected at its mean. Features are ranked by their log2 ratio
    to the mean profile of all components, after a tenth of the mean over all features is added to
    both; continuous ones by the difference in standard deviations.

    Returns
    -------
    pandas.DataFrame
        Columns :data:`COLUMNS`; ``component`` is ``c{k}`` and ``share`` its weight π. Empty for a
        prior without components.
    """
    model.eval()
    if not hasattr(model.prior, "component_means"):
        return pd.DataFrame(columns=COLUMNS)
    z = model.prior.component_means.cpu().numpy()
    share = model.prior.log_weights.exp().cpu().numpy()
    tables = []
    for name in model.config.modalities:
        found = np.concatenate(list(profiles(model, name, z)))
        unit = "sd"
        if not is_continuous(model.likelihoods[name]):
            found, unit = np.exp(found), "log2 ratio"
            found = np.log2(found + PSEUDO * found.mean())
            found -= np.log2(np.exp2(found).mean(axis=0))
        else:
            found = found - found.mean(axis=0)
        labels = [f"c{k}" for k in range(len(z))]
        tables.append(_top(found, labels, share, name, names[name], unit, top))
    return pd.concat(tables, ignore_index=True)


def dimension_markers(found: Loadings, *, top: int = N_MARKERS) -> pd.DataFrame:
    """Features that rise most (``z3+``) and fall most (``z3-``) along each latent dimension.

    Returns
    -------
    pandas.DataFrame
        Columns :data:`COLUMNS`; ``share`` is the variance explained in the modality.
    """
    tables = []
    for name in found.explained:
        table = found.values.loc[name]
        share = found.explained[name].to_numpy()
        for sign, mark in ((1, "+"), (-1, "-")):
            labels = [column + mark for column in table]
            values = sign * table.to_numpy().T
            part = _top(values, labels, share, name, table.index, "loading", top)
            tables.append(part.assign(effect=sign * part["effect"]))
    return pd.concat(tables, ignore_index=True)


def _top(
    values: np.ndarray,
    labels: list[str],
    share: np.ndarray,
    modality: str,
    names: pd.Index,
    unit: str,
    top: int,
) -> pd.DataFrame:
    """Rows of the ``top`` largest values [K, F] of each row."""
    order = np.argsort(-values, axis=1, kind="stable")[:, :top]
    count = order.shape[1]
    columns = (
        np.repeat(labels, count),
        modality,
        np.asarray(names)[order.ravel()],
        np.tile(np.arange(1, count + 1), len(labels)),
        np.take_along_axis(values, order, axis=1).ravel(),
        unit,
        np.repeat(share, count),
    )
    return pd.DataFrame(dict(zip(COLUMNS, columns, strict=True)))
