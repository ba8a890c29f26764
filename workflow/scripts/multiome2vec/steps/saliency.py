"""Say which features place cells along every latent dimension, and with every label."""

from pathlib import Path


def saliency(
    *,
    mdata: str | Path,
    weights: str | Path,
    card: str | Path,
    splits: str | Path,
    out: str | Path,
    effects: str | Path,
    labels: str | Path,
    n_cells: int,
    device: str = "auto",
) -> None:
    """Write the tables of :class:`multiome2vec.tasks.saliency.Saliency`.

    Parameters
    ----------
    mdata
        The ``multiome.h5mu`` of the training.
    weights, card, splits
        Of the model.
    out, effects, labels
        TSV (gzip if .gz): modality, feature, then a column per dimension or label.
    n_cells
        Of the training, at most.
    device
        Name of the device: ``auto``, ``cpu`` or ``cuda``.
    """
    from multiome2vec import keys
    from multiome2vec.data.readers import read_dataset
    from multiome2vec.data.splits import read_split
    from multiome2vec.io.atomic import write_tsv
    from multiome2vec.tasks.saliency import saliency as attribute
    from multiome2vec.training.checkpoint import load

    dataset = read_dataset(mdata)
    split = read_split(splits, dataset.obs.index)
    found = attribute(
        load(weights, card),
        dataset,
        split.train,
        n_cells=n_cells,
        labels=dataset.obs[keys.LABEL].astype(str).to_numpy(),
        device=device,
    )
    tables = {out: found.share, effects: found.effect, labels: found.labels}
    for path, table in tables.items():
        write_tsv(table.reset_index(), path, index=False)


def saliency_regions(
    *,
    shares: str | Path,
    effects: str | Path,
    labels: str | Path,
    by_dimension: str | Path,
    by_label: str | Path,
    top: float,
) -> None:
    """Write the most salient regions as BED, with the dimension or the label as their name.

    Parameters
    ----------
    shares, effects, labels
        What :func:`saliency` wrote.
    by_dimension, by_label
        BED of six columns, see :func:`multiome2vec.tasks.saliency.salient_regions`.
    top
        Share of the regions that are taken for each dimension and label.
    """
    import pandas as pd

    from multiome2vec.io.regions import write_bed
    from multiome2vec.tasks.saliency import DIMENSIONS, LABELS, Saliency, salient_regions

    tables = (
        pd.read_csv(path, sep="\t", index_col=["modality", "feature"])
        for path in (shares, effects, labels)
    )
    found = Saliency(*tables)
    write_bed(salient_regions(found, of=DIMENSIONS, top=top), by_dimension)
    write_bed(salient_regions(found, of=LABELS, top=top), by_label)
