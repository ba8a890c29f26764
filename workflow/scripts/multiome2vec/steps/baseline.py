"""Step: an embedding without training."""

from multiome2vec.baselines import REGISTRY
from multiome2vec.io.atomic import write_h5ad
from multiome2vec.io.contracts import check_embedding
from multiome2vec.io.embedding import embedding_object
from multiome2vec.io.multiome import read_multiome


def baseline(*, mdata: str, out: str, model: str, seed: int) -> None:
    """Embed the cells of one modality with a registered baseline.

    Parameters
    ----------
    mdata, out
        ``multiome.h5mu`` and the embedding. Of a mosaic, only cells that have the modality are
        embedded.
    model
        Name of the baseline.
    seed
        Of randomised algebra.
    """
    cells = read_multiome(mdata)
    embed = REGISTRY.get(model)
    adata = cells[embed.modality]
    found = embed(adata, seed=seed)
    result = embedding_object(found, obs=cells.obs.loc[adata.obs_names], model=model, seed=seed)
    check_embedding(result, path=out)
    write_h5ad(result, out)
