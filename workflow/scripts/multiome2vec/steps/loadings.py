"""Say in features what a model's latent dimensions and components stand for."""

from pathlib import Path


def loadings(
    *,
    mdata: str | Path,
    weights: str | Path,
    card: str | Path,
    splits: str | Path,
    out: str | Path,
    markers: str | Path,
    device: str = "auto",
) -> None:
    """Write the loadings of all features and the markers of dimensions and components.

    Parameters
    ----------
    mdata
        The ``multiome.h5mu`` of the training.
    weights, card, splits
        Of the model; the means of the training cells give the scale of the dimensions.
    out
        TSV (gzip if it ends in .gz): modality, feature, then a column per dimension in the order of
        the variance explained, see :class:`multiome2vec.tasks.loadings.Loadings`.
    markers
        TSV: component (``c0`` of a mixture prior; ``z3+`` and ``z3-``, the ends of a dimension),
        modality, feature, rank, effect, its unit, and share (weight of the component; variance
        explained by the dimension).
    device
        Name of the device: ``auto``, ``cpu`` or ``cuda``.
    """
    from multiome2vec.data.readers import read_dataset
    from multiome2vec.data.splits import read_split
    from multiome2vec.io.atomic import write_tsv
    from multiome2vec.tasks.loadings import tables
    from multiome2vec.training.checkpoint import load

    dataset = read_dataset(mdata)
    split = read_split(splits, dataset.obs.index)
    found, marked = tables(load(weights, card), dataset, split.train, device=device)
    write_tsv(found.values.reset_index(), out, index=False)
    write_tsv(marked, markers, index=False)
