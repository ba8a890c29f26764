"""Draw one embedding."""

import anndata as ad
import pandas as pd

from multiome2vec import keys
from multiome2vec.io.atomic import save_figure, write_tsv
from multiome2vec.io.contracts import check_embedding
from multiome2vec.mosaic import kinds
from multiome2vec.plots.annotation import annotation_figure
from multiome2vec.plots.embedding import umap_coordinates


def plot_embedding(
    *, embedding: str, figure: str, coordinates: str, n_neighbors: int, seed: int
) -> None:
    """Draw a UMAP coloured by label, sample, quality and truth, and write its coordinates."""
    cells = ad.read_h5ad(embedding)
    check_embedding(cells, path=embedding)
    points = umap_coordinates(cells.X, n_neighbors=n_neighbors, seed=seed)
    table = pd.DataFrame(points.round(4), cells.obs_names, ["umap1", "umap2"])
    write_tsv(table.rename_axis(keys.CELL), coordinates)
    obs, measured = with_doublets_together(cells.obs), kinds(cells.obs)
    if measured is not None:
        obs = obs.assign(**{keys.MEASURED: measured})
    save_figure(annotation_figure(points, obs), figure)


def with_doublets_together(obs: pd.DataFrame) -> pd.DataFrame:
    """Give all true doublets one type, whatever the pair."""
    if keys.TRUE_DOUBLET not in obs:
        return obs
    single = obs[keys.TRUE_DOUBLET].astype(str) == "singlet"
    return obs.assign(**{keys.TRUE_TYPE: obs[keys.TRUE_TYPE].astype(str).where(single, "doublet")})
