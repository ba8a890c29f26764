"""Choose the number of topics."""

import logging

import anndata as ad
import pandas as pd

from multiome2vec.errors import UserError
from multiome2vec.io.atomic import save_figure, write_h5ad, write_tsv
from multiome2vec.io.contracts import check_topics
from multiome2vec.plots.topics import selection_figure
from multiome2vec.topics.selection import METRICS, choose

logger = logging.getLogger(__name__)


def topic_selection(
    *, models: list[str], table: str, figure: str, out: str, n_topics: int | str
) -> None:
    """Compare the models of a grid, choose one and write it again as the topics in use.

    Parameters
    ----------
    models
        ``{k}/topics.h5ad`` of the grid.
    table, figure, out
        ``selection.tsv``, ``selection.png`` and ``topics.h5ad``.
    n_topics
        ``auto`` or a number of the grid.
    """
    settings = {path: ad.read_h5ad(path, backed="r").uns["topics"] for path in models}
    rows = {int(found["k"]): {**found["metrics"], "path": path} for path, found in settings.items()}
    found = pd.DataFrame(rows).T.sort_index().rename_axis("topics")
    found[list(METRICS)] = found[list(METRICS)].astype(float)
    found["score"] = choose(found[list(METRICS)])
    best = int(found["score"].idxmax()) if n_topics == "auto" else int(n_topics)
    if best not in found.index:
        grid = ", ".join(map(str, found.index))
        raise UserError(
            f"topics.n_topics is {best}, which is not in topics.grid ({grid}). Add it to the grid, "
            "or choose one of these."
        )
    found["chosen"] = found.index == best
    how = "largest sum of the scaled metrics" if n_topics == "auto" else "set in the config"
    logger.info("%d topics chosen (%s):\n%s", best, how, found.drop(columns="path").to_string())
    if n_topics == "auto" and len(found) > 1 and best in (found.index[0], found.index[-1]):
        logger.warning(
            "%d is at the edge of topics.grid: try numbers beyond it, or set topics.n_topics.", best
        )
    chosen = ad.read_h5ad(found.loc[best, "path"])
    check_topics(chosen, path=found.loc[best, "path"])
    write_h5ad(chosen, out)
    write_tsv(found.drop(columns="path"), table)
    save_figure(selection_figure(found), figure)
