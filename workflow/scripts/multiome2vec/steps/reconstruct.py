"""Score how a trained model gives back every modality of the cells that it did not learn from."""

import logging
from pathlib import Path

logger = logging.getLogger(__name__)


def reconstruct(
    *,
    mdata: str | Path,
    weights: str | Path,
    card: str | Path,
    splits: str | Path,
    out: str | Path,
    features: str | Path,
    cells: str | Path,
    figure: str | Path,
    hidden: float,
    device: str = "auto",
) -> None:
    """Write errors of held-out cells: in sum, by feature and by cell, and draw them.

    Parameters
    ----------
    mdata
        The ``multiome.h5mu`` of the training.
    weights, card, splits
        Of the model.
    out, features, cells
        JSON and two TSV, see :class:`multiome2vec.tasks.reconstruct.Reconstruction`.
    figure
        Observed and expected means, errors by feature and by cell.
    hidden
        Share of the entries hidden from the encoders, for the masked error.
    device
        Name of the device: ``auto``, ``cpu`` or ``cuda``.
    """
    from multiome2vec.data.readers import read_dataset
    from multiome2vec.data.splits import read_split
    from multiome2vec.io.atomic import save_figure, write_json, write_tsv
    from multiome2vec.plots.reconstruction import reconstruction_figure
    from multiome2vec.tasks.reconstruct import reconstruct as score
    from multiome2vec.training.checkpoint import load

    dataset = read_dataset(mdata)
    split = read_split(splits, dataset.obs.index)
    found = score(load(weights, card), dataset, split, hidden=hidden, device=device)
    logger.info("%s", found.scores)
    write_tsv(found.features, features, index=False)
    write_tsv(found.cells, cells, index=False)
    save_figure(reconstruction_figure(found.features, found.cells), figure)
    write_json(found.scores, out)
