"""Every preset on one dataset, on cells held out of the training.

::

    python benchmarks/presets.py multiome.h5mu --label cell_type --out benchmarks/presets.tsv

A fifth of the cells is held out of training and of the choice of the epoch. On them: negative ELBO
with β = 1 beside that of a model that knows only the features' means, accuracy of 15 nearest
training cells and NMI of k-means beside those of the modality's baseline (PCA of RNA, LSI of ATAC),
active latent variables, effective components of a mixture, and, where RNA and ATAC are modelled,
the calibration of each alone. ``hidden`` rows: trained with one modality missing in 30 % of the
cells, scored on held-out cells that lack it.
"""

import argparse
import dataclasses
import logging
import time

import numpy as np
import pandas as pd
import torch
from multiome2vec import keys
from multiome2vec.baselines import REGISTRY as BASELINES
from multiome2vec.data.dataset import Dataset, as_dataset
from multiome2vec.data.splits import Split, split_cells
from multiome2vec.io.atomic import write_tsv
from multiome2vec.presets import REGISTRY, configure
from multiome2vec.scores.latent import calibration
from multiome2vec.tasks.train import Trained, train_model
from multiome2vec.training.inference import latent
from multiome2vec.training.monitors import effective_components
from multiome2vec.training.settings import RunSettings
from multiome2vec.training.statistics import fit_statistics
from multiome2vec.training.validation import validation_loss

HIDDEN = 0.3  # share of the cells whose modality is hidden
#: what does not fit into memory otherwise; as a mean over 64 dimensions, the weight of the KL term
#: would be many times that of as many dimensions as genes
CHANGES = {"gtex-readme": {"latent": 64, "kl_weight": 0.1, "kl_reduction": "sum"}}


def scores(where: np.ndarray, labels: np.ndarray, train: np.ndarray, held: np.ndarray) -> dict:
    """Accuracy of 15 nearest training cells and NMI of k-means, on the held-out cells."""
    from sklearn.cluster import KMeans
    from sklearn.metrics import normalized_mutual_info_score
    from sklearn.neighbors import KNeighborsClassifier

    classifier = KNeighborsClassifier(15).fit(where[train], labels[train])
    clusters = KMeans(len(np.unique(labels)), n_init=3, random_state=0).fit_predict(where[held])
    return {
        "knn": float(classifier.score(where[held], labels[held])),
        "nmi": float(normalized_mutual_info_score(labels[held], clusters)),
    }


@torch.no_grad()
def mean_model_loss(trained: Trained, cells: np.ndarray) -> float:
    """Negative log-likelihood of held-out cells by the features' means over the training cells."""
    model = type(trained.model)(trained.model.config)
    fit_statistics(model, trained.data, trained.split.train)
    total = 0.0
    for _, batch in trained.data.batches(cells, size=256, device=torch.device("cpu")):
        for m, (name, likelihood) in enumerate(model.likelihoods.items()):
            values, library = model.target(name, batch)
            width = likelihood.n_heads * values.shape[1]
            outputs = torch.zeros(len(batch), width)
            if likelihood.n_heads == 2:
                outputs[:, width // 2 :] = -20.0  # no inflation
            found = likelihood.log_likelihood(values, outputs, library, batch.defined.get(name))
            total -= float(found[batch.present[:, m]].sum())
    return total / len(cells)


def row_of(name: str, trained: Trained, labels: np.ndarray, test: np.ndarray) -> dict:
    """Scores of one trained model."""
    model, data, everything = trained.model, trained.data, np.arange(len(labels))
    found = latent(model, data, everything)
    row = {"model": name, **scores(found.mean, labels, trained.split.train, test)}
    loss = validation_loss(model, data, test, seed=0)
    row |= {"loss": loss["loss"], "loss_of_means": mean_model_loss(trained, test)}
    row |= {"active_units": trained.fit.active_units, "epochs": len(trained.fit.history)}
    if found.responsibilities is not None:
        row["components"] = effective_components(found.responsibilities[test])
    if {keys.RNA, keys.ATAC} <= set(model.config.modalities):
        for source in (keys.RNA, keys.ATAC):
            alone = latent(model, data, test, sources=[source])
            joint = (found.mean[test], found.variance[test])
            fits = calibration(*joint, alone.mean, alone.variance)
            row |= {f"{part}_{source}": fits[part] for part in ("z_ratio", "z_sd")}
            row[f"knn_{source}"] = _alone(trained, found.mean, labels, test, source)
    return row


def _alone(trained: Trained, where: np.ndarray, labels: np.ndarray, cells, source: str) -> float:
    """Accuracy for cells embedded by one modality, among training cells embedded by all."""
    there = where.copy()
    there[cells] = latent(trained.model, trained.data, cells, sources=[source]).mean
    return scores(there, labels, trained.split.train, cells)["knn"]


def without(dataset: Dataset, names: list[str], cells: np.ndarray) -> Dataset:
    """Return the dataset with some modalities hidden in some cells."""
    sources = dict(dataset.modalities)
    for name in names:
        rows = sources[name].rows.copy()
        rows[cells] = -1
        sources[name] = dataclasses.replace(sources[name], rows=rows)
    return Dataset(dataset.obs, sources)


def main() -> None:
    """Train, score and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", help="multiome.h5mu")
    parser.add_argument("--label", default=keys.LABEL, help="column of obs with the cell types")
    parser.add_argument("--models", nargs="*", default=REGISTRY.names(), help="presets")
    parser.add_argument("--hidden", nargs="*", default=[], help="presets for missing modalities")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--precision", default="fp32")
    parser.add_argument("--epochs", type=int, help="train no longer than so many epochs")
    parser.add_argument("--out", required=True, help="table to write")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    import mudata

    with mudata.set_options(pull_on_update=False):
        cells = mudata.read_h5mu(arguments.data)
    dataset, labels = as_dataset(cells), cells.obs[arguments.label].astype(str).to_numpy()
    codes = np.zeros(len(labels), int)
    rng = np.random.default_rng(arguments.seed)
    split = split_cells(codes, validation=0.1, test=0.2, rng=rng)
    run = RunSettings(precision=arguments.precision, log_epochs=20)
    shorter = {"max_epochs": arguments.epochs} if arguments.epochs else {}
    rows = []

    def add(row: dict, start: float) -> None:
        rows.append(row | {"seconds": round(time.perf_counter() - start, 1)})
        logging.info("%s", rows[-1])
        write_tsv(pd.DataFrame(rows).round(4), arguments.out, index=False)

    for name in BASELINES.names():
        method = BASELINES.get(name)
        if method.modality in cells.mod:
            start = time.perf_counter()
            where = method(cells[method.modality], seed=0)
            add({"model": name, **scores(where, labels, split.train, split.test)}, start)
    for name in arguments.models:
        start = time.perf_counter()
        settings = configure(name, CHANGES.get(name, {}) | shorter)
        if not set(settings.modalities) <= set(dataset.modalities):
            continue
        trained = train_model(dataset, settings, seed=arguments.seed, run=run, split=_two(split))
        add(row_of(name, trained, labels, split.test), start)
    dark = rng.permutation(len(labels))[: round(HIDDEN * len(labels))]
    for name in arguments.hidden:
        for hidden in ([keys.RNA], [keys.ATAC, keys.MOTIF]):
            start = time.perf_counter()
            names = [n for n in hidden if n in dataset.modalities]
            part = without(dataset, names, dark)
            trained = train_model(
                part, configure(name, shorter), seed=arguments.seed, run=run, split=_two(split)
            )
            where = latent(trained.model, trained.data, np.arange(len(labels))).mean
            lacking = np.intersect1d(dark, split.test)
            found = scores(where, labels, split.train, lacking)
            add({"model": f"{name} without {'+'.join(names)}", **found}, start)


def _two(split: Split) -> Split:
    return Split(split.train, split.validation)


if __name__ == "__main__":
    main()
