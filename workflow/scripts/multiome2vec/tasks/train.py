"""Training of a preset on a dataset, from its matrices to a model that can be saved."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import torch

from multiome2vec import keys
from multiome2vec.data.cells import CellData
from multiome2vec.data.dataset import Dataset, as_dataset
from multiome2vec.data.features import choose_features, features_digest
from multiome2vec.data.metadata import donor_codes, names_of
from multiome2vec.data.multiome import batch_names, cell_data
from multiome2vec.data.splits import Split, split_cells, split_groups
from multiome2vec.errors import UserError
from multiome2vec.models.config import ModelConfig
from multiome2vec.models.density import initial_mixture
from multiome2vec.models.multimodal import MultimodalVAE
from multiome2vec.nn.bodies import ClusterAttentionBody
from multiome2vec.nn.initialisation import xavier
from multiome2vec.objectives.objective import Objective
from multiome2vec.presets._hyperparameters import AUTO, NORMAL, Hyperparameters
from multiome2vec.tasks.components import count_clusters
from multiome2vec.training.inference import latent
from multiome2vec.training.loop import Context, Fit, fit
from multiome2vec.training.monitors import Monitor
from multiome2vec.training.resume import digest
from multiome2vec.training.schedules import Schedule
from multiome2vec.training.seeds import seed_everything
from multiome2vec.training.settings import Optimisation, RunSettings
from multiome2vec.training.statistics import fit_statistics

if TYPE_CHECKING:
    from mudata import MuData

logger = logging.getLogger(__name__)
VALIDATION = 0.1  # share of the cells of every batch that choose the epoch


@dataclass(frozen=True)
class Trained:
    """A trained model and where it comes from.

    Attributes
    ----------
    model
        With the weights of its best epoch.
    data
        The cells as it saw them.
    features
        Columns of each modality's matrix that it uses.
    names
        Names of these features.
    split
        Cells it learnt from, and those that chose the epoch.
    fit
        History of the training.
    facts
        What its card says, JSON values.
    """

    model: MultimodalVAE
    data: CellData
    features: dict[str, np.ndarray]
    names: dict[str, pd.Index]
    split: Split
    fit: Fit
    facts: dict


@dataclass(frozen=True)
class _Job:
    """What the stages of a training share."""

    data: CellData
    split: Split
    settings: Hyperparameters
    run: RunSettings
    seed: int
    generator: torch.Generator
    context: Context

    def fit(
        self, model: MultimodalVAE, optimisation: Optimisation, stage: str, earlier: Mapping
    ) -> Fit:
        folder = self.run.checkpoint_dir
        return fit(
            model,
            self.data,
            self.split,
            objective=Objective(self.settings.objective),
            optimisation=optimisation,
            settings=replace(self.run, checkpoint_dir=folder and str(Path(folder) / stage)),
            seed=self.seed,
            generator=self.generator,
            context=replace(self.context, stage=stage, earlier=earlier),
        )


def train_model(
    dataset: "MuData | Dataset",
    settings: Hyperparameters,
    *,
    seed: int,
    batch_key: str | None = keys.BATCH,
    run: RunSettings | None = None,
    split: Split | None = None,
    split_by: str | None = None,
    backend: str = "auto",
    budget: float | None = None,
    key: Mapping[str, str] | None = None,
    monitors: Sequence[Monitor] = (),
) -> Trained:
    """Train a model.

    Parameters
    ----------
    dataset
        Paired or mosaic, in memory or in a file.
    settings
        From :func:`multiome2vec.presets.configure`.
    seed
        Of the weights, the split, the order of the cells and all draws.
    batch_key
        Column of ``obs`` that decoders (and encoders) are told of; None for none.
    run
        Device, precision, checkpoints.
    split
        Cells to learn from and to choose the epoch by; made here if None.
    split_by
        Column of ``obs``, such as the donor, of which groups that hold about a tenth of the cells
        choose the epoch, none of which is learnt from; None for a tenth of every batch.
    backend, budget
        Where sparse values are kept, see :func:`multiome2vec.data.stores.choose_backend`.
    key
        Digests, by what they are of, on which resuming depends beside the settings and cells.
    monitors
        Further numbers of the history.

    Raises
    ------
    UserError
        If the dataset lacks what the settings or ``split_by`` ask for, the split has no cell to
        learn from or to choose the epoch by, or the loss is not finite.
    Interrupted
        If training was stopped; it resumes from ``run.checkpoint_dir``.
    """
    dataset, run = as_dataset(dataset), run or RunSettings()
    features = _features(dataset, settings)
    batches = batch_names(dataset, batch_key)
    data = cell_data(
        dataset, features=features, batches=batches, batch_key=batch_key, backend=backend,
        budget=budget, device=run.device,
    )  # fmt: skip
    if settings.terms.get("donor", 0) > 0:
        data = replace(data, donors=donor_codes(dataset.obs))
    config = settings.model(data.shapes, n_batches=data.n_batches)
    generator = seed_everything(seed)
    made_by = "given" if split else split_by or "cell"
    split = split or _split(dataset.obs, data, split_by, seed)
    _check_split(split, len(data))
    names = {m: dataset.modalities[m].var.index[columns] for m, columns in features.items()}
    digests = {name: features_digest(found) for name, found in names.items()}
    told = {"settings": digest([_told(settings), batch_key, batches]), "features": str(digests)}
    context = Context({**(key or {}), **told}, barcodes=dataset.obs.index, monitors=monitors)
    job = _Job(data, split, settings, run, seed, generator, context)
    model, result, libraries = _train(job, config)
    facts = {
        "batch_key": batch_key,
        "batches": batches,
        "libraries": libraries,
        "features": _feature_facts(data, names, digests),
        "split": {"by": made_by, **_split_facts(split, dataset.obs.index)},
        **_facts(job, model.config, result),
    }
    return Trained(model, data, features, names, split, result, facts)


def _features(dataset: Dataset, settings: Hyperparameters) -> dict[str, np.ndarray]:
    """Columns of each modality's matrix that the settings use."""
    found = choose_features(dataset, n_hvg=settings.n_hvg, n_regions=settings.n_regions)
    wanted = settings.modalities or found
    return {name: columns for name, columns in found.items() if name in wanted}


def _split(obs: pd.DataFrame, data: CellData, column: str | None, seed: int) -> Split:
    """Split cells by the groups of a column of obs; without one, those of every batch."""
    rng, there = np.random.default_rng(seed), data.there()
    if column is None:
        return split_cells(data.batch_codes, validation=VALIDATION, rng=rng).within(there)
    if column not in obs:
        raise UserError(
            f"obs has no column '{column}' to split by: {', '.join(obs)}. Name one of these (those "
            "of the sample sheet are among them), or split by cell."
        )
    return split_groups(names_of(obs, column), validation=VALIDATION, rng=rng).within(there)


def _check_split(split: Split, n_cells: int) -> None:
    """Refuse a split without cells to learn from, or without cells to choose the epoch by."""
    for part, use in ((split.train, "learn from"), (split.validation, "choose the epoch by")):
        if not len(part):
            raise UserError(
                f"The split of {n_cells} cells leaves none to {use}: it has {len(split.train)} for "
                f"training and {len(split.validation)} for validation. Give each at least one cell."
            )


def _told(settings: Hyperparameters) -> list:
    """Gather what decides a result beside the model and the optimisation, JSON values."""
    return [asdict(settings.objective), settings.pretrain_epochs, settings.initialisation]


def _components(settings: Hyperparameters, config: ModelConfig) -> dict | None:
    """Tell how many components a mixture prior has, and who chose it; None without a mixture."""
    if not settings.has_mixture:
        return None
    chosen_by = "clusters" if settings.n_components == AUTO else "settings"
    return {"number": config.n_components, "chosen_by": chosen_by}


def _feature_facts(data: CellData, names: Mapping, digests: Mapping[str, str]) -> dict:
    """Gather what a card says of the features."""
    return {
        name: {"used": len(found), "digest": digests[name], "kind": data.modalities[name].kind}
        for name, found in names.items()
    }


def _split_facts(split: Split, barcodes: pd.Index) -> dict:
    """Gather what a card says of the cells."""
    return {
        "train": len(split.train),
        "validation": len(split.validation),
        "validation_digest": features_digest(barcodes[split.validation]),
    }


def _facts(job: _Job, config: ModelConfig, result: Fit) -> dict:
    """Gather what a card says of the training and its course.

    The order of the cells depends on where their values are kept and decides the result too.
    """
    return {
        "seed": job.seed,
        "beta": job.settings.schedules(config)["kl_z"].value,
        "n_components": _components(job.settings, config),
        "order": job.data.shuffle,
        "epochs": len(result.history),
        "best_epoch": result.best_epoch,
        "active_units": result.active_units,
    }


def _train(job: _Job, config: ModelConfig) -> tuple[MultimodalVAE, Fit, dict[str, float]]:
    """Fit the model; with a mixture prior after a model with N(0, I), which gives its start.

    Returns also the median library of the training cells by modality.
    """
    settings = job.settings
    model = MultimodalVAE(config)
    if settings.initialisation == "xavier":
        for part in (model.encoders, model.fusion, model.decoders):
            xavier(part)
    statistics = fit_statistics(model, job.data, job.split.train)
    libraries = {name: found.given("median_library") for name, found in statistics.items()}
    earlier = {}
    if settings.has_mixture and settings.pretrain_epochs:
        first, earlier["pretraining"] = _pretrain(job, model)
        model = _begin_mixture(job, model, first)
    return model, job.fit(model, settings.optimisation(config), "joint", earlier), libraries


def _pretrain(job: _Job, model: MultimodalVAE) -> tuple[MultimodalVAE, list[dict[str, float]]]:
    """Fit a model of the same weights with the prior N(0, I); with its history."""
    settings = job.settings
    plain = replace(model.config, prior=NORMAL, prior_options=())
    first = MultimodalVAE(plain)
    first.load_state_dict(
        {name: t for name, t in model.state_dict().items() if not name.startswith("prior.")}
    )
    whole = settings.optimisation(model.config)
    terms = {name: s for name, s in whole.schedules.items() if name not in ("kl_c", "usage")}
    beta = whole.schedules["kl_z"].value
    warmup = Schedule("linear", beta, epochs=settings.pretrain_epochs / 2)
    optimisation = replace(
        whole,
        max_epochs=settings.pretrain_epochs,
        uniform_epochs=0,
        schedules={**terms, "kl_z": warmup},
    )
    return first, job.fit(first, optimisation, "pretraining", {}).history


def _begin_mixture(job: _Job, model: MultimodalVAE, first: MultimodalVAE) -> MultimodalVAE:
    """Model with the weights of a pretrained one and a mixture of its cells.

    It is another one where the cells say how many components there are.
    """
    found = latent(first, job.data, job.split.train)
    if job.settings.n_components == AUTO:
        n_components = count_clusters(found.mean, seed=job.seed)
        model = MultimodalVAE(replace(model.config, n_components=n_components))
    _take_weights(model, first)
    means, variances = torch.from_numpy(found.mean), torch.from_numpy(found.variance)
    start = initial_mixture(means, model.config.n_components, job.seed, variances=variances)
    model.prior.initialise(*start)
    logger.info("The mixture prior starts from %d clusters of the cells.", len(start[0]))
    return model


def _take_weights(model: MultimodalVAE, first: MultimodalVAE) -> None:
    """Take all weights but the prior's; there may be another number of components."""
    others = {}
    if first.config.n_components != model.config.n_components:
        decoders = model.decoders.items()
        bodies = {f"decoders.{name}.body": decoder.body for name, decoder in decoders}
        others = {p: b for p, b in bodies.items() if isinstance(b, ClusterAttentionBody)}
    given = first.state_dict()
    taken = {name: t for name, t in given.items() if not name.startswith(tuple(others))}
    missing, unexpected = model.load_state_dict(taken, strict=False)
    assert not unexpected
    assert all(name.startswith(("prior.", *others)) for name in missing)
    for path, body in others.items():
        body.take(first.get_submodule(path))
