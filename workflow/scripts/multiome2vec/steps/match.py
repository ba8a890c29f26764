"""Score how well cells are matched across modalities by a trained model."""

import logging
from pathlib import Path

logger = logging.getLogger(__name__)


def match(
    *,
    mdata: str | Path,
    weights: str | Path,
    card: str | Path,
    splits: str | Path,
    out: str | Path,
    device: str = "auto",
) -> None:
    """Write the scores of matching held-out cells between every two measured modalities.

    Parameters
    ----------
    mdata
        The ``multiome.h5mu`` of the training.
    weights, card, splits
        Of the model.
    out
        JSON: ``{left}_{right}`` with the scores of :func:`multiome2vec.tasks.match.match`; empty
        for a model of one measured modality.
    device
        Name of the device: ``auto``, ``cpu`` or ``cuda``.
    """
    from multiome2vec.data.readers import read_dataset
    from multiome2vec.data.splits import read_split
    from multiome2vec.io.atomic import write_json
    from multiome2vec.tasks.match import match_all
    from multiome2vec.training.checkpoint import load

    dataset = read_dataset(mdata)
    split = read_split(splits, dataset.obs.index)
    scores = match_all(load(weights, card), dataset, split, device=device)
    logger.info("%s", scores)
    write_json(scores, out)
