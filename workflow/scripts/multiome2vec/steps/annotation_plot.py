"""Figure of the clustered cells."""

import anndata as ad

from multiome2vec import keys
from multiome2vec.io.atomic import save_figure
from multiome2vec.io.contracts import check_labels
from multiome2vec.io.regions import read_cells
from multiome2vec.plots.annotation import annotation_figure


def annotation_plot(*, annotation: str, labels: str, out: str) -> None:
    """Draw the map of the cells by label, sample and quality.

    Parameters
    ----------
    annotation, labels
        ``annotation/rna.h5ad`` or ``atac.h5ad``, and ``annotation/labels.tsv``.
    out
        PNG.
    """
    cells = ad.read_h5ad(annotation, backed="r")
    given = read_cells(labels)
    check_labels(given, path=labels)
    table = cells.obs.join(given[[keys.LABEL]])
    save_figure(annotation_figure(cells.obsm[keys.X_UMAP], table), out)
