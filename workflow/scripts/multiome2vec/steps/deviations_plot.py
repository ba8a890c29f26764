"""Figure of motif activity by label."""

import anndata as ad
import pandas as pd

from multiome2vec import keys
from multiome2vec.io.atomic import save_figure
from multiome2vec.io.contracts import check_motif
from multiome2vec.io.labels import labels_of
from multiome2vec.matrices import masked_label_means
from multiome2vec.plots.deviations import deviations_figure


def deviations_plot(*, deviations: str, labels: str, out: str) -> None:
    """Draw the mean activity of the top motifs of each label.

    Parameters
    ----------
    deviations, labels
        ``motifs/deviations.h5ad`` and ``annotation/labels.tsv``.
    out
        PNG.
    """
    cells = ad.read_h5ad(deviations)
    check_motif(cells, path=deviations)
    own = pd.Series(labels_of(labels, cells.obs_names), index=cells.obs_names)
    columns = sorted(own.unique())
    means = masked_label_means(
        cells.X, cells.layers[keys.MASK], labels=own, columns=columns
    )  # fmt: skip
    table = pd.DataFrame(means, index=cells.var_names, columns=columns)
    save_figure(deviations_figure(table, cells.var), out)
