"""Speed, memory and quality beside MultiVI (scvi-tools): the same cells, one after another.

Needs scvi-tools and this package in one environment::

    pip install scvi-tools==1.4.2 && pip install -e .
    python benchmarks/multivi.py DIR --out benchmarks/multivi.tsv

DIR holds ``rna.h5ad`` and ``atac.h5ad`` of the same cells with counts in X, ``obs["cluster"]`` and
``obs["batch"]``. Every method runs in a process of its own, on the same training cells; a fifth of
the cells is held out. After some epochs the held-out cells are embedded and scored (kNN accuracy,
NMI of k-means); that time does not count. Both validate after every epoch, as their early stopping
does.
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from importlib import import_module
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd

BATCH_SIZE = 128
HELD_OUT = 0.2
#: hyperparameters of ours by method; matched: the widths, layers and latent of MultiVI
OURS = {
    "matched": (
        "trivae",
        {
            "latent": 11,
            "hidden": [128, 128],
            "modalities": ["rna", "atac"],
            "terms": {"subset": 0},
            "standardise": ["counts"],
        },
    ),
    "flagship": ("flagship", {}),
}


def scores(latent: np.ndarray, labels: np.ndarray) -> dict:
    """Accuracy of 15 nearest neighbours (5 folds) and NMI of k-means, of the held-out cells."""
    from sklearn.cluster import KMeans
    from sklearn.metrics import normalized_mutual_info_score
    from sklearn.model_selection import KFold, cross_val_score
    from sklearn.neighbors import KNeighborsClassifier

    folds = KFold(5, shuffle=True, random_state=0)
    accuracy = cross_val_score(KNeighborsClassifier(15), latent, labels, cv=folds).mean()
    clusters = KMeans(len(np.unique(labels)), n_init=3, random_state=0).fit_predict(latent)
    return {"knn": float(accuracy), "nmi": float(normalized_mutual_info_score(labels, clusters))}


class Clock:
    """Training time without the time of scoring; one row for every scored epoch."""

    def __init__(self, method: str, labels: np.ndarray, n_train: int, every: int) -> None:
        self.method, self.labels, self.n_train, self.every = method, labels, n_train, every
        self.seconds, self.epoch, self.started = 0.0, 0, time.perf_counter()

    def next_epoch(self, embed) -> None:
        """Count an epoch; with the clock stopped, score it if it is its turn."""
        self.epoch += 1
        if self.epoch % self.every == 0:
            self.score(embed)

    def end(self, embed) -> None:
        """Score the last epoch if it was not its turn."""
        if self.epoch % self.every:
            self.score(embed)

    def score(self, embed) -> None:
        """Print a row of the epoch."""
        self.seconds += time.perf_counter() - self.started
        row = {"method": self.method, "epoch": self.epoch, "seconds": round(self.seconds, 2)}
        row |= {"cells_per_second": round(self.epoch * self.n_train / self.seconds, 1)}
        row |= scores(embed(), self.labels)
        row["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        print(json.dumps(row), flush=True)
        self.started = time.perf_counter()


def multivi(folder: Path, epochs: int, every: int) -> None:
    """Train MultiVI with its defaults, all cells being paired."""
    import mudata
    import scvi
    from lightning.pytorch.callbacks import Callback

    scvi.settings.seed = 0
    cells, labels, train, held = load(folder)
    cells.mod["rna"].X = cells.mod["rna"].X.tocsr()
    with mudata.set_options(pull_on_update=False):
        scvi.model.MULTIVI.setup_mudata(
            cells,
            batch_key="batch",
            modalities={"rna_layer": "rna", "atac_layer": "atac", "batch_key": "rna"},
        )
    model = scvi.model.MULTIVI(
        cells, n_genes=cells["rna"].n_vars, n_regions=cells["atac"].n_vars, fully_paired=True
    )
    clock = Clock("multivi", labels[held], len(train), every)

    class Score(Callback):
        def on_train_epoch_end(self, trainer, module):
            model.is_trained_ = True
            clock.next_epoch(lambda: model.get_latent_representation(indices=held))
            module.train()

    model.train(
        max_epochs=epochs,
        batch_size=BATCH_SIZE,
        datasplitter_kwargs={"external_indexing": [train, held, np.array([], dtype=int)]},
        callbacks=[Score()],
        check_val_every_n_epoch=1,
        enable_progress_bar=False,
    )
    clock.end(lambda: model.get_latent_representation(indices=held))


def ours(method: str, folder: Path, epochs: int, every: int, precision: str) -> None:
    """Train one of ours."""
    from multiome2vec.data.dataset import as_dataset
    from multiome2vec.data.splits import Split
    from multiome2vec.presets import configure
    from multiome2vec.tasks.train import train_model
    from multiome2vec.training.settings import RunSettings

    cells, labels, train, held = load(folder)
    for name in ("rna", "atac"):
        cells[name].layers["counts"] = cells[name].X
    cells["atac"].uns["counting"] = "fragment"
    cells.obs["batch"] = cells["rna"].obs["batch"].astype(str)
    preset, changes = OURS[method]
    changes = {**changes, "batch_size": BATCH_SIZE, "max_epochs": epochs, "patience": epochs}
    import_module("torch._dynamo")  # as the optimiser does; scvi-tools has it when its clock starts
    clock = Clock(f"{method} {precision}", labels[held], len(train), every)

    def score(latent) -> dict:
        clock.next_epoch(lambda: latent.mean)
        return {}

    train_model(
        as_dataset(cells),
        configure(preset, changes),
        seed=0,
        run=RunSettings(precision=precision),
        split=Split(train, held),
        monitors=[score],
    )


def load(folder: Path):
    """Cells as MuData, labels, training cells and held-out cells."""
    import anndata as ad
    import mudata

    with mudata.set_options(pull_on_update=False):
        cells = mudata.MuData({n: ad.read_h5ad(folder / f"{n}.h5ad") for n in ("rna", "atac")})
    labels = cells["rna"].obs["cluster"].astype(str).to_numpy()
    order = np.random.default_rng(0).permutation(len(labels))
    n_held = round(HELD_OUT * len(labels))
    return cells, labels, np.sort(order[n_held:]), np.sort(order[:n_held])


def main() -> None:
    """Run one method here, or all of them one after another and write their rows."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--method", choices=["multivi", *OURS])
    parser.add_argument("--precision", default="fp32")
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--every", type=int, default=1, help="epochs between two scores")
    parser.add_argument("--out", help="table to write")
    arguments = parser.parse_args()
    given = (arguments.folder, arguments.epochs, arguments.every)
    if arguments.method == "multivi":
        multivi(*given)
    elif arguments.method:
        ours(arguments.method, *given, arguments.precision)
    else:
        rows = []
        for method, precision in [("multivi", "fp32"), *product(OURS, ("fp32", "bf16"))]:
            options = ["--method", method, "--precision", precision]
            options += ["--epochs", str(arguments.epochs), "--every", str(arguments.every)]
            command = [sys.executable, __file__, str(arguments.folder), *options]
            found = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
            rows += [json.loads(line) for line in found.splitlines() if line.startswith("{")]
            pd.DataFrame(rows).to_csv(arguments.out, sep="\t", index=False)


if __name__ == "__main__":
    main()
