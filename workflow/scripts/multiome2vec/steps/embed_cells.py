"""Embed all cells of a dataset with a trained model."""

import logging
from pathlib import Path

from multiome2vec import keys

logger = logging.getLogger(__name__)


def embed_cells(
    *,
    mdata: str | Path,
    weights: str | Path,
    card: str | Path,
    out: str | Path,
    model: str,
    device: str = "auto",
) -> None:
    """Write the posterior mean of every cell.

    Parameters
    ----------
    mdata
        ``multiome.h5mu``. Of a mosaic, cells without any modality of the model are left out.
    weights, card
        Of a model trained on these features.
    out
        h5ad: X = cells × latent (float32), obs = the cells' labels, batch, sample, QC and, where
        known, truth; uns says which model made it.
    model
        Name of the model in the configuration.
    device
        Name of the device: ``auto``, ``cpu`` or ``cuda``.
    """
    import numpy as np

    from multiome2vec.data.readers import read_dataset
    from multiome2vec.io.atomic import write_h5ad
    from multiome2vec.io.contracts import check_embedding
    from multiome2vec.io.embedding import embedding_object
    from multiome2vec.tasks.embed import embed
    from multiome2vec.training.checkpoint import file_digest, load

    source = read_dataset(mdata)
    checkpoint = load(weights, card)
    result = embedding_object(
        embed(checkpoint, source, device=device),
        obs=source.obs,
        model=model,
        seed=checkpoint.card["seed"],
    )
    used = [name for name in checkpoint.features if name in source.modalities]
    seen = np.any([source.modalities[name].rows >= 0 for name in used], axis=0)
    if not seen.all():
        names = " and ".join(checkpoint.features)
        logger.warning("%d of %d cells have no %s: left out", (~seen).sum(), len(seen), names)
        result = result[seen].copy()
    result.uns[keys.PROVENANCE]["card"] = file_digest(card)
    check_embedding(result, path=out)
    write_h5ad(result, out)
