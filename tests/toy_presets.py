"""Short trainings of presets on the toy, and where they put its cells."""

import numpy as np
from multiome2vec import keys
from multiome2vec.presets import configure
from multiome2vec.tasks.train import train_model
from multiome2vec.training.inference import latent
from multiome2vec.training.settings import RunSettings
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score
from toy_multiome import toy_multiome

#: seconds on one core; enough for the toy's types to come apart
SHORT = {
    "hidden": (32,), "latent": 6, "batch_size": 64, "max_epochs": 30, "patience": 30,
    "learning_rate": 3e-3, "kl_warmup_epochs": 8,
}  # fmt: skip
CPU = RunSettings(device="cpu")


def short(preset, mdata=None, *, seed=0, run=CPU, batch_key=keys.BATCH, backend="auto", **hyper):
    """Train on the toy; ``hyper`` overrides :data:`SHORT`."""
    mdata = toy_multiome(cells=300) if mdata is None else mdata
    settings = configure(preset, SHORT | hyper)
    return train_model(mdata, settings, seed=seed, run=run, batch_key=batch_key, backend=backend)


def everywhere(trained, *sources):
    """Posteriors of all cells, given all they have or some modalities alone."""
    cells = np.arange(len(trained.data))
    return latent(trained.model, trained.data, cells, sources=sources or None)


def types(mdata):
    return mdata.obs[keys.TRUE_TYPE].astype(str).to_numpy()


def agreement(values, truth):
    """ARI of k-means clusters of points with the truth."""
    found = KMeans(len(set(truth)), n_init=5, random_state=0).fit_predict(values)
    return adjusted_rand_score(truth, found)
