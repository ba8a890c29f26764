"""Speed, memory and quality beside MultiVI (scvi-tools): the same cells, one after another.

Needs scvi-tools and this package in one environment::

    pip install scvi-tools==1.4.2 && pip install -e .
    python benchmarks/multivi.py DIR --out benchmarks/multivi.tsv

DIR holds ``rna.h5ad`` and ``atac.h5ad`` of the same cells with counts in X, ``obs["cluster"]`` and
``obs["batch"]``. Every method runs in a process of its own, on the same training cells; a fifth of
the cells is held out. After some epochs the held-out cells are embedded and scored (kNN accuracy
from the training cells' labels, NMI of k-means); that time does not count.
"""

import json
import resource
import time
from pathlib import Path

import numpy as np

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


def scores(latent: np.ndarray, labels: np.ndarray, train: np.ndarray, held: np.ndarray) -> dict:
    """Accuracy of 15 nearest training cells and NMI of k-means, on the held-out cells."""
    from sklearn.cluster import KMeans
    from sklearn.metrics import normalized_mutual_info_score
    from sklearn.neighbors import KNeighborsClassifier

    classifier = KNeighborsClassifier(15).fit(latent[train], labels[train])
    k = len(np.unique(labels))
    clusters = KMeans(k, n_init=3, random_state=0).fit_predict(latent[held])
    return {
        "knn": float(classifier.score(latent[held], labels[held])),
        "nmi": float(normalized_mutual_info_score(labels[held], clusters)),
    }


class Clock:
    """Training time without the time of scoring; one row for every scored epoch."""

    def __init__(self, method: str, labels: np.ndarray, train: np.ndarray, held: np.ndarray):
        self.method, self.cells = method, (labels, train, held)
        self.rows: list[dict] = []
        self.seconds, self.started = 0.0, time.perf_counter()

    def score(self, epoch: int, embed) -> None:
        """Stop the clock, score, start it again."""
        self.seconds += time.perf_counter() - self.started
        found = scores(embed(), *self.cells)
        row = {"method": self.method, "epoch": epoch, "seconds": round(self.seconds, 2), **found}
        row["cells_per_second"] = round(epoch * len(self.cells[1]) / self.seconds, 1)
        row["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        self.rows.append(row)
        print(json.dumps(row), flush=True)
        self.started = time.perf_counter()


def multivi(folder: Path, epochs: int, every: int) -> None:
    """Train MultiVI with its defaults."""
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
    clock = Clock("multivi", labels, train, held)

    class Score(Callback):
        def on_train_epoch_end(self, trainer, module):
            epoch = trainer.current_epoch + 1
            if epoch % every == 0 or epoch == epochs:
                model.is_trained_ = True
                clock.score(epoch, model.get_latent_representation)
                module.train()

    model.train(
        max_epochs=epochs,
        batch_size=BATCH_SIZE,
        early_stopping=False,
        adversarial_mixing=False,
        datasplitter_kwargs={"external_indexing": [train, held, np.array([], dtype=int)]},
        callbacks=[Score()],
        check_val_every_n_epoch=epochs + 1,
        enable_progress_bar=False,
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
