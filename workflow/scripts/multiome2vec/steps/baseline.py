"""Make a baseline embedding."""

from multiome2vec.baselines import REGISTRY
from multiome2vec.io.atomic import write_h5ad
from multiome2vec.io.contracts import check_embedding
from multiome2vec.io.embedding import embedding_object
from multiome2vec.io.multiome import read_multiome


def baseline(*, mdata: str, out: str, model: str, seed: int) -> None:
    """Embed with a registered baseline.

    Parameters
    ----------
    mdata, out
        ``multiome.h5mu`` and the embedding.
    model
        Name of the baseline.
    """
    cells = read_multiome(mdata)
    found = REGISTRY.get(model)(cells, seed=seed)
    result = embedding_object(found, obs=cells.obs, model=model, seed=seed)
    check_embedding(result, path=out)
    write_h5ad(result, out)
