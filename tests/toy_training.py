"""Short trainings of a small model, here and in processes of their own.

As a script: ``python toy_training.py OUT JSON`` trains once for each entry of the JSON, a name with
arguments of :func:`train`, and writes OUT/<name>-<rank>.safetensors and the history beside it.
"""

import dataclasses
import itertools
import json
import logging
import os
import signal
import sys
from contextlib import nullcontext, suppress
from functools import partial
from pathlib import Path

import numpy as np
from multiome2vec.data.features import choose_features
from multiome2vec.data.multiome import cell_data
from multiome2vec.data.splits import split_cells
from multiome2vec.models.multimodal import MultimodalVAE
from multiome2vec.objectives.elbo import LossOutput
from multiome2vec.objectives.objective import Objective
from multiome2vec.objectives.spec import ObjectiveSpec
from multiome2vec.presets import configure
from multiome2vec.tasks.train import train_model
from multiome2vec.training import distributed
from multiome2vec.training.interrupt import Interrupted
from multiome2vec.training.loop import Context, fit
from multiome2vec.training.schedules import Schedule
from multiome2vec.training.seeds import seed_everything
from multiome2vec.training.settings import Optimisation, RunSettings
from multiome2vec.training.statistics import fit_statistics
from safetensors.torch import save_file
from toy_multiome import toy_multiome

SHORT = Optimisation(
    batch_size=32,
    max_epochs=6,
    schedules={"kl_z": Schedule("linear", epochs=20), "subset": Schedule()},
)


def toy_cells(cells=160):
    mdata = toy_multiome(cells=cells)
    features = choose_features(mdata, n_hvg=100, n_regions=100)
    return cell_data(mdata, features=features, batches=["s1", "s2"], batch_key="batch")


def with_sparse_atac(data):
    """Return the cells with batches as if few regions were open."""
    atac = dataclasses.replace(data.modalities["atac"], sparse=True)
    return dataclasses.replace(data, modalities=data.modalities | {"atac": atac})


elbo = Objective(ObjectiveSpec())


def noiseless(model, batch, *, weights, generator):
    """Without draws the loss of a batch is the mean of those of its parts."""
    mixture = model.infer(batch).mixture
    terms = {"kl_z": model.prior(mixture).kl["kl_z"].mean()}
    for name in batch.values:
        terms[f"nll_{name}"] = -model.log_likelihood(name, batch, mixture.mean).mean()
    total = sum(terms.values()) + (weights["kl_z"] - 1) * terms["kl_z"]
    return LossOutput(total, {name: term.detach() for name, term in terms.items()})


class KillAt:
    """An objective that sends its own process a signal in one of its calls."""

    def __init__(self, call, number=signal.SIGTERM):
        self.left, self.number = call, number

    def __call__(self, *args, **kwargs):
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), self.number)
        return elbo(*args, **kwargs)


def train(
    data,
    *,
    seed=0,
    objective=elbo,
    settings=None,
    context=None,
    stages=1,
    dropout=0.1,
    hyper=None,
    **changes,
):
    """Train on the CPU; ``hyper`` is of the preset, ``changes`` are of the optimisation.

    Of several stages, each begins with the weights of the one before; the last one's fit returns.
    """
    generator = seed_everything(seed)
    split = split_cells(data.batch_codes, validation=0.2, rng=np.random.default_rng(seed))
    small = {"hidden": [16], "latent": 4, "dropout": dropout}
    preset = configure("trivae", small | (hyper or {}))
    model = MultimodalVAE(preset.model(data.shapes, n_batches=2))
    fit_statistics(model, data, split.train)
    for _ in range(stages):
        result = fit(
            model,
            data,
            split,
            objective=objective,
            optimisation=dataclasses.replace(SHORT, **changes),
            settings=RunSettings(device="cpu", **(settings or {})),
            seed=seed,
            generator=generator,
            context=context or Context(),
        )
    return model, split, result


def train_preset(preset, *, settings=None, kill_at=None, **hyper):
    """Train a preset in all its stages; a signal may come at the end of the epoch ``kill_at``."""
    small = {"hidden": [16], "latent": 4, "batch_size": 16, "n_components": 3}
    ended = itertools.count(1)

    def monitor(_):
        if next(ended) == kill_at:
            os.kill(os.getpid(), signal.SIGTERM)
        return {}

    trained = train_model(
        toy_multiome(cells=160),
        configure(preset, small | hyper),
        seed=0,
        run=RunSettings(device="cpu", **(settings or {})),
        monitors=[monitor],
    )
    return trained.model, trained.split, trained.fit


def main(out, runs):
    """Train once for each of the named arguments in JSON; one with ``stopped`` may be killed."""
    logging.basicConfig(level=logging.INFO)
    data, rank = toy_cells(), os.environ.get("RANK", "0")
    for name, arguments in json.loads(runs).items():
        begin = train_preset if "preset" in arguments else partial(train, data)
        if "kill_at" in arguments and "preset" not in arguments:
            arguments["objective"] = KillAt(arguments.pop("kill_at"))
        if arguments.pop("noiseless", False):
            arguments["objective"] = noiseless
        with suppress(Interrupted) if arguments.pop("stopped", False) else nullcontext():
            model, _, result = begin(**arguments)
            save_file(model.state_dict(), Path(out) / f"{name}-{rank}.safetensors")
            (Path(out) / f"{name}-{rank}.json").write_text(json.dumps(result.history))
    distributed.leave()


if __name__ == "__main__":
    main(*sys.argv[1:])
