"""Train one model with one seed on a dataset's matrices."""

from pathlib import Path

from multiome2vec import keys

VALIDATION = 0.1  # share of the cells of every batch that choose the epoch


def train(
    *,
    mdata: str | Path,
    weights: str | Path,
    card: str | Path,
    history: str | Path,
    preset: str,
    hyper: dict,
    seed: int,
    batch_key: str | None = keys.BATCH,
) -> None:
    """Train a preset; write its weights, its card and the losses of every epoch.

    Parameters
    ----------
    mdata
        ``multiome.h5mu``.
    weights, card, history
        Outputs: ``weights.safetensors``, ``card.json``, ``history.tsv``.
    preset
        A name in :data:`multiome2vec.presets.REGISTRY`.
    hyper
        Hyperparameters of the preset by name; those left out keep their defaults.
    seed
        Of the weights, the split, the order of the cells and all draws.
    batch_key
        Column of ``obs`` that encoders and decoders are told of; None for none.
    """
    import numpy as np
    import pandas as pd

    from multiome2vec.data.device import choose_device
    from multiome2vec.data.features import choose_features
    from multiome2vec.data.multiome import batch_names, cell_data
    from multiome2vec.data.splits import split_cells
    from multiome2vec.io.atomic import write_tsv
    from multiome2vec.io.multiome import read_multiome
    from multiome2vec.models.multimodal import MultimodalVAE
    from multiome2vec.presets import configure
    from multiome2vec.training.checkpoint import save
    from multiome2vec.training.loop import fit
    from multiome2vec.training.seeds import seed_everything
    from multiome2vec.training.statistics import fit_statistics

    settings = configure(preset, hyper)
    source = read_multiome(mdata)
    features = choose_features(source, n_hvg=settings.n_hvg, n_regions=settings.n_regions)
    batches = batch_names(source, batch_key)
    data = cell_data(source, features=features, batches=batches, batch_key=batch_key, dense=True)

    generator = seed_everything(seed)
    rng = np.random.default_rng(seed)
    split = split_cells(data.batch_codes, validation=VALIDATION, rng=rng)
    model = MultimodalVAE(settings.model(data.shapes, n_batches=data.n_batches))
    fit_statistics(model, data, split.train)
    model.to(choose_device())
    result = fit(model, data, split, optimisation=settings.optimisation, generator=generator)

    facts = {
        "preset": preset,
        "seed": seed,
        "batch_key": batch_key,
        "batches": batches,
        **_data_facts(source, features, split),
        "epochs": len(result.history),
        "best_epoch": result.best_epoch,
        "active_units": result.active_units,
    }
    save(model, features=features, facts=facts, weights=weights, card=card)
    write_tsv(pd.DataFrame(result.history), history, index=False)


def _data_facts(source, features: dict, split) -> dict:
    """Which cells and features the model has seen, as digests and numbers."""
    from multiome2vec.data.features import features_digest

    names = {name: source.mod[name].var_names[columns] for name, columns in features.items()}
    return {
        "features": {
            name: {"used": len(used), "digest": features_digest(used)}
            for name, used in names.items()
        },
        "split": {
            "train": len(split.train),
            "validation": len(split.validation),
            "validation_digest": features_digest(source.obs_names[split.validation]),
        },
    }
