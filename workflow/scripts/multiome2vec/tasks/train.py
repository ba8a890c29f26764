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
from multiome2vec.data.multiome import batch_names, cell_data
from multiome2vec.data.splits import Split, split_cells
from multiome2vec.models.config import ModelConfig
from multiome2vec.models.density import initial_mixture
from multiome2vec.models.multimodal import MultimodalVAE
from multiome2vec.objectives.objective import Objective
from multiome2vec.presets._hyperparameters import NORMAL, Hyperparameters
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
    generator: torch.Generator
    context: Context

    def fit(self, model: MultimodalVAE, optimisation: Optimisation, stage: str) -> Fit:
        folder = self.run.checkpoint_dir
        return fit(
            model,
            self.data,
            self.split,
            objective=Objective(self.settings.objective),
            optimisation=optimisation,
            settings=replace(self.run, checkpoint_dir=folder and str(Path(folder) / stage)),
            generator=self.generator,
            context=replace(self.context, key={**self.context.key, "stage": stage}),
        )


def train_model(
    dataset: "MuData | Dataset",
    settings: Hyperparameters,
    *,
    seed: int,
    batch_key: str | None = keys.BATCH,
    run: RunSettings | None = None,
    split: Split | None = None,
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
        Cells to learn from and to choose the epoch by; by default a tenth of every batch chooses.
    backend, budget
        Where sparse values are kept, see :func:`multiome2vec.data.stores.choose_backend`.
    key
        Digests, by what they are of, on which resuming depends beside the settings and cells.
    monitors
        Further numbers of the history.

    Raises
    ------
    UserError
        If the dataset lacks what the settings ask for, or the loss is not finite.
    Interrupted
        If training was stopped; it resumes from ``run.checkpoint_dir``.
    """
    dataset, run = as_dataset(dataset), run or RunSettings()
    features = choose_features(dataset, n_hvg=settings.n_hvg, n_regions=settings.n_regions)
    features = {
        name: columns
        for name, columns in features.items()
        if name in (settings.modalities or features)
    }
    batches = batch_names(dataset, batch_key)
    data = cell_data(
        dataset,
        features=features,
        batches=batches,
        batch_key=batch_key,
        backend=backend,
        budget=budget,
    )
    generator = seed_everything(seed)
    if split is None:
        rng = np.random.default_rng(seed)
        split = split_cells(data.batch_codes, validation=VALIDATION, rng=rng)
        split = split.within(data.there())
    names = {m: dataset.modalities[m].var.index[columns] for m, columns in features.items()}
    digests = {name: features_digest(found) for name, found in names.items()}
    told = [asdict(settings.objective), settings.pretrain_epochs, batch_key, batches]
    context = Context(
        key={**(key or {}), "features": str(digests), "settings": digest(told)},
        barcodes=dataset.obs.index,
        monitors=monitors,
    )
    job = _Job(data, split, settings, run, generator, context)
    config = settings.model(data.shapes, n_batches=data.n_batches)
    model, result = _train(job, config, seed)
    facts = {
        "seed": seed,
        "batch_key": batch_key,
        "batches": batches,
        "beta": settings.schedules(config)["kl_z"].value,
        **_facts(job, names, digests, result),
    }
    return Trained(model, data, features, names, split, result, facts)


def _facts(job: _Job, names: Mapping, digests: Mapping[str, str], result: Fit) -> dict:
    """Gather what a card says of the features, the cells and the course of the training."""
    data, split = job.data, job.split
    return {
        "features": {
            name: {"used": len(found), "digest": digests[name], "kind": data.modalities[name].kind}
            for name, found in names.items()
        },
        "libraries": {
            name: modality.statistics(split.train).median_library
            for name, modality in data.modalities.items()
        },
        "split": {
            "train": len(split.train),
            "validation": len(split.validation),
            "validation_digest": features_digest(job.context.barcodes[split.validation]),
        },
        "epochs": len(result.history),
        "best_epoch": result.best_epoch,
        "active_units": result.active_units,
    }


def _train(job: _Job, config: ModelConfig, seed: int) -> tuple[MultimodalVAE, Fit]:
    """Fit the model; with a mixture prior after a model with N(0, I), which gives its start."""
    settings = job.settings
    model = MultimodalVAE(config)
    fit_statistics(model, job.data, job.split.train)
    if settings.has_mixture and settings.pretrain_epochs:
        _pretrain(job, model, seed)
    return model, job.fit(model, settings.optimisation(config), "joint")


def _pretrain(job: _Job, model: MultimodalVAE, seed: int) -> None:
    """Take weights and mixture from a model of the same shape with the prior N(0, I)."""
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
        whole, max_epochs=settings.pretrain_epochs, schedules={**terms, "kl_z": warmup}
    )
    job.fit(first, optimisation, "pretraining")
    missing, unexpected = model.load_state_dict(first.state_dict(), strict=False)
    assert not unexpected
    assert all(name.startswith("prior.") for name in missing)
    found = latent(first, job.data, job.split.train)
    means, variances = torch.from_numpy(found.mean), torch.from_numpy(found.variance)
    start = initial_mixture(means, model.config.n_components, seed, variances=variances)
    model.prior.initialise(*start)
    logger.info("The mixture prior starts from %d clusters of the cells.", len(start[0]))
