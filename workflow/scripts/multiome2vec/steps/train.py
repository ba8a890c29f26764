"""Train one model with one seed on a dataset's matrices."""

from pathlib import Path

from multiome2vec import keys

CELL = "cell"  # split_by: a tenth of the cells of every batch is held out


def train(
    *,
    mdata: str | Path,
    weights: str | Path,
    card: str | Path,
    history: str | Path,
    splits: str | Path,
    preset: str,
    hyper: dict,
    seed: int,
    batch_key: str | None = keys.BATCH,
    split_by: str = CELL,
    run: dict | None = None,
    backend: str = "auto",
) -> None:
    """Train a preset; write its weights, its card, the losses of every epoch and the split.

    Parameters
    ----------
    mdata
        ``multiome.h5mu``.
    weights, card, history, splits
        Outputs: ``weights.safetensors``, ``card.json``, ``history.tsv``, ``splits.tsv``.
    preset
        A name in :data:`multiome2vec.presets.REGISTRY`.
    hyper
        Hyperparameters of the preset by name; those left out keep their defaults.
    seed
        Of the weights, the split, the order of the cells and all draws.
    batch_key
        Column of ``obs`` that encoders and decoders are told of; None for none.
    split_by
        ``cell``, or the column of ``obs``, such as ``donor`` or ``batch``, whose groups are either
        learnt from or held out.
    run
        Fields of :class:`~multiome2vec.training.settings.RunSettings`. Training resumes from
        ``checkpoint_dir``, which is removed when it is done.
    backend
        Where sparse values are kept: ``auto``, ``memory``, ``backed`` or ``gpu``.
    """
    import shutil

    from multiome2vec.data.readers import read_dataset
    from multiome2vec.presets import configure
    from multiome2vec.tasks.model import Model
    from multiome2vec.tasks.train import train_model
    from multiome2vec.training.checkpoint import file_digest
    from multiome2vec.training.settings import RunSettings

    source, settings = read_dataset(mdata), RunSettings(**(run or {}))
    result = train_model(
        source,
        configure(preset, hyper),
        seed=seed,
        batch_key=batch_key,
        split_by=None if split_by == CELL else split_by,
        run=settings,
        backend=backend,
        key={"data": file_digest(mdata)} if settings.checkpoint_dir else {},
    )
    model = Model.from_trained(result, preset=preset)
    model.write(weights=weights, card=card, history=history, splits=splits)
    if settings.checkpoint_dir:
        shutil.rmtree(settings.checkpoint_dir, ignore_errors=True)
