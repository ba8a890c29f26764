"""Label the kept cells."""

import logging

import anndata as ad
import pandas as pd

from multiome2vec import keys
from multiome2vec.annotate import choose_labels
from multiome2vec.io.atomic import write_tsv
from multiome2vec.io.contracts import check_cells, check_labels
from multiome2vec.io.labels import read_labels
from multiome2vec.io.regions import read_cells

logger = logging.getLogger(__name__)


def labels(
    *,
    barcodes: str,
    annotation: str,
    out: str,
    choice: str,
    sources: dict[str, str],
    objects: dict[str, str],
) -> None:
    """Write ``labels.tsv``.

    Parameters
    ----------
    barcodes, annotation
        ``qc/barcodes.pre.tsv`` and ``annotation/rna.h5ad`` or ``atac.h5ad``.
    out
        Table of label and label_source by kept cell.
    choice
        ``auto``: the sample sheet's labels if any sample has them, else clusters. ``leiden``:
        clusters.
    sources
        ``labels`` of the sample sheet by sample, without the samples that have none.
    objects
        The sample's own RNA or ATAC file, in which ``obs:<column>`` is looked up.
    """
    table = read_cells(barcodes)
    check_cells(table, path=barcodes, columns=(keys.KEEP, keys.SAMPLE, keys.BARCODE))
    table = table[table[keys.KEEP]]
    given = None
    if choice == "auto" and sources:
        given = pd.concat(
            [
                _by_cell(read_labels(source, h5ad=objects.get(sample)), table, sample)
                for sample, source in sources.items()
            ]
        )
    clusters = ad.read_h5ad(annotation, backed="r").obs[keys.LEIDEN]
    found = choose_labels(table.index, given=given, clusters=clusters)
    logger.info("Cells by label:\n%s", found[keys.LABEL].value_counts().to_string())
    check_labels(found, path=out)
    write_tsv(found, out)


def _by_cell(given: pd.Series, table: pd.DataFrame, sample: str) -> pd.Series:
    """Labels by cell; barcodes may be spelt as in the RNA (or matrix) or as in the fragments."""
    mine = table[table[keys.SAMPLE] == sample]
    by_name = given.reindex(mine[keys.BARCODE]).set_axis(mine.index)
    by_fragments = given.reindex(mine[keys.FRAGMENT_BARCODE]).set_axis(mine.index)
    return by_name.combine_first(by_fragments)
