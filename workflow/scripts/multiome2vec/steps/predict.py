"""Score the prediction of each modality from the other with a trained model."""

import logging
from pathlib import Path

logger = logging.getLogger(__name__)


def predict(
    *,
    mdata: str | Path,
    weights: str | Path,
    card: str | Path,
    splits: str | Path,
    out: str | Path,
    device: str = "auto",
) -> None:
    """Write the scores of all predictions between measured modalities, on held-out cells.

    Parameters
    ----------
    mdata
        The ``multiome.h5mu`` of the training.
    weights, card, splits
        Of the model.
    out
        JSON: ``{source}_to_{target}`` with the scores of :func:`multiome2vec.tasks.predict.predict`
        for the model and a baseline; empty for a model of one measured modality.
    device
        Name of the device: ``auto``, ``cpu`` or ``cuda``.
    """
    from multiome2vec.data.readers import read_dataset
    from multiome2vec.data.splits import read_split
    from multiome2vec.io.atomic import write_json
    from multiome2vec.tasks.predict import predict_all
    from multiome2vec.training.checkpoint import load

    dataset = read_dataset(mdata)
    split = read_split(splits, dataset.obs.index)
    scores = predict_all(load(weights, card), dataset, split, device=device)
    logger.info("%s", scores)
    write_json(scores, out)
