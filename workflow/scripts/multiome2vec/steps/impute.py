"""Denoise or impute one modality of all cells with a trained model."""

from pathlib import Path


def impute(
    *,
    mdata: str | Path,
    weights: str | Path,
    card: str | Path,
    out: str | Path,
    modality: str,
    quantile: float,
    device: str = "auto",
) -> None:
    """Write expected values of a modality, block by block.

    Parameters
    ----------
    mdata
        ``multiome.h5mu``, or another dataset with the features of the training.
    weights, card
        Of the model.
    out
        Zarr folder or h5ad: expression per 10,000 counts (float32, dense), accessibility as 1 where
        it is at or above the quantile (uint8, CSR).
    modality
        ``rna``, ``atac`` or another that the model has.
    quantile
        Of each cell, from which on a region counts as open.
    device
        Name of the device: ``auto``, ``cpu`` or ``cuda``.
    """
    from multiome2vec.data.readers import read_dataset
    from multiome2vec.tasks.impute import impute as write_imputed
    from multiome2vec.training.checkpoint import load

    write_imputed(
        load(weights, card),
        read_dataset(mdata),
        modality=modality,
        out=out,
        quantile=quantile,
        device=device,
    )
