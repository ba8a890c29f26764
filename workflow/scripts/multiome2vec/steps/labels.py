"""Label the kept cells."""

import logging

import anndata as ad
import pandas as pd

from multiome2vec import keys
from multiome2vec.annotate import choose_labels
from multiome2vec.io.atomic import write_tsv
from multiome2vec.io.contracts import check_cells, check_labels
from multiome2vec.io.labels import read_labels
from multiome2vec.io.reference import read_markers, read_reference
from multiome2vec.io.regions import read_cells
from multiome2vec.transfer import from_markers, from_reference, of_clusters

logger = logging.getLogger(__name__)


def labels(
    *,
    barcodes: str,
    annotation: str,
    out: str,
    choice: str,
    sources: dict[str, str],
    objects: dict[str, str],
    reference: str | None = None,
    reference_label: str = "",
    markers: str | None = None,
) -> None:
    """Write ``labels.tsv``.

    Parameters
    ----------
    barcodes, annotation
        ``qc/barcodes.pre.tsv`` and ``annotation/rna.h5ad`` or ``atac.h5ad``.
    out
        Table of label and label_source by kept cell.
    choice
        ``auto``: the sample sheet's labels if any sample has them, else those of the reference or
        of the markers, else clusters. ``leiden``: clusters.
    sources
        ``labels`` of the sample sheet by sample, without the samples that have none.
    objects
        The sample's own RNA or ATAC file, in which ``obs:<column>`` is looked up.
    reference, reference_label
        h5ad of labelled cells and its column of labels. Every cluster takes the label that most of
        its cells get.
    markers
        Table of label and gene, instead of a reference.
    """
    table = read_cells(barcodes)
    check_cells(table, path=barcodes, columns=(keys.KEEP, keys.SAMPLE, keys.BARCODE))
    table = table[table[keys.KEEP]]
    given, source = None, "sample sheet"
    if choice == "auto" and sources:
        given = pd.concat(
            [
                _by_cell(read_labels(source, h5ad=objects.get(sample)), table, sample)
                for sample, source in sources.items()
            ]
        )
    transfer = choice == "auto" and not sources and (reference or markers)
    cells = ad.read_h5ad(annotation, backed=None if transfer else "r")
    clusters = cells.obs[keys.LEIDEN]
    if transfer and reference:
        known, names = read_reference(reference, label=reference_label)
        given, source = of_clusters(from_reference(cells, known, names), clusters), "reference"
    elif transfer:
        given, source = from_markers(cells, read_markers(markers), clusters), "markers"
    found = choose_labels(table.index, given=given, clusters=clusters, source=source)
    logger.info("Cells by label:\n%s", found[keys.LABEL].value_counts().to_string())
    check_labels(found, path=out)
    write_tsv(found, out)


def _by_cell(given: pd.Series, table: pd.DataFrame, sample: str) -> pd.Series:
    """Labels by cell; barcodes may be spelt as in the RNA (or matrix) or as in the fragments."""
    mine = table[table[keys.SAMPLE] == sample]
    by_name = given.reindex(mine[keys.BARCODE]).set_axis(mine.index)
    by_fragments = given.reindex(mine[keys.FRAGMENT_BARCODE]).set_axis(mine.index)
    return by_name.combine_first(by_fragments)
