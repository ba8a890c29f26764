"""Embed all cells of a dataset with a trained model."""

from pathlib import Path

from multiome2vec import keys


def embed_cells(
    *, mdata: str | Path, weights: str | Path, card: str | Path, out: str | Path
) -> None:
    """Write the posterior mean of every cell.

    Parameters
    ----------
    mdata
        ``multiome.h5mu``.
    weights, card
        Of a model trained on these features.
    out
        h5ad: X = cells × latent (float32), obs = the cells' labels, batch, sample, QC and, where
        known, truth; uns says which model made it.
    """
    import anndata as ad
    import mudata
    import pandas as pd

    from multiome2vec.io.atomic import write_h5ad
    from multiome2vec.tasks.embed import embed
    from multiome2vec.training.checkpoint import file_digest, load

    source = mudata.read_h5mu(mdata)
    checkpoint = load(weights, card)
    latent = embed(checkpoint, source)
    prefixes = tuple(f"{name}:" for name in source.mod)
    columns = [column for column in source.obs if not column.startswith(prefixes)]
    embedding = ad.AnnData(
        X=latent,
        obs=source.obs[columns].copy(),
        var=pd.DataFrame(index=[f"z{d}" for d in range(latent.shape[1])]),
    )
    embedding.uns[keys.PROVENANCE] = {
        "preset": checkpoint.card["preset"],
        "seed": checkpoint.card["seed"],
        "card": file_digest(card),
    }
    write_h5ad(embedding, out)
