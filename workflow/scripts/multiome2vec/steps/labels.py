"""Label the kept cells."""

import logging

import anndata as ad
import pandas as pd

from multiome2vec import keys
from multiome2vec.annotate import CORRECTED_SPECTRAL, choose_labels
from multiome2vec.io.atomic import write_tsv
from multiome2vec.io.contracts import check_cells, check_labels
from multiome2vec.io.labels import read_labels
from multiome2vec.io.reference import read_markers, read_reference
from multiome2vec.io.regions import read_cells
from multiome2vec.transfer import from_markers, from_neighbours, from_reference, of_clusters

FEWEST_BRIDGING = 30  # labelled cells with ATAC, to pass their labels on
ATAC_CLUSTER = "atac-leiden"
SHEET, NEIGHBOURS, ACTIVITY, OWN = "sample sheet", "neighbours", "gene activity", "leiden of ATAC"

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
    atac: str | None = None,
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
    atac
        ``annotation/atac.h5ad`` where some samples have ATAC alone and others RNA. Cells with ATAC
        alone, of samples without labels of their own, take those of their neighbours in ATAC that
        have RNA too (label_source ``neighbours``). Where there are none such, every cluster of them
        takes the label that the activity of genes gives most of its cells, by the RNA of the others
        (``gene activity``); without annotation it stays a cluster (``leiden of ATAC``).
    """
    table = read_cells(barcodes)
    check_cells(table, path=barcodes, columns=(keys.KEEP, keys.SAMPLE, keys.BARCODE))
    table = table[table[keys.KEEP]]
    given, source = None, SHEET
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
    if atac:
        labelled = set() if given is None or source != SHEET else set(sources)
        asked = ~table[keys.IN_RNA] & ~table[keys.SAMPLE].isin(labelled)
        found = _with_atac_only(found, asked, atac=atac, rna=annotation)
    logger.info("Cells by label:\n%s", found[keys.LABEL].value_counts().to_string())
    check_labels(found, path=out)
    write_tsv(found, out)


def _by_cell(given: pd.Series, table: pd.DataFrame, sample: str) -> pd.Series:
    """Labels by cell; barcodes may be spelt as in the RNA (or matrix) or as in the fragments."""
    mine = table[table[keys.SAMPLE] == sample]
    by_name = given.reindex(mine[keys.BARCODE]).set_axis(mine.index)
    by_fragments = given.reindex(mine[keys.FRAGMENT_BARCODE]).set_axis(mine.index)
    return by_name.combine_first(by_fragments)


def _with_atac_only(found: pd.DataFrame, asked: pd.Series, *, atac: str, rna: str) -> pd.DataFrame:
    """Label those cells with ATAC alone that are asked for and have no label yet."""
    cells = ad.read_h5ad(atac, backed="r")
    label = found[keys.LABEL].where(found[keys.LABEL] != keys.UNLABELLED)
    ours = cells.obs_names[asked[cells.obs_names] & label[cells.obs_names].isna()]
    known = label[cells.obs_names].dropna()
    if len(ours) == 0:
        return found
    space = CORRECTED_SPECTRAL if CORRECTED_SPECTRAL in cells.obsm else keys.X_SPECTRAL
    if len(known) >= FEWEST_BRIDGING:
        both = cells.obs_names.isin(ours.union(known.index))
        new = from_neighbours(cells.obsm[space][both], label[cells.obs_names[both]])
        source = NEIGHBOURS
    elif cells.n_vars:
        new, source = _by_gene_activity(ad.read_h5ad(atac)[ours], rna, label), ACTIVITY
    else:
        new, source = f"{ATAC_CLUSTER}-" + cells.obs.loc[ours, keys.LEIDEN].astype(str), OWN
    logger.info("%d of %d cells with ATAC alone are labelled by %s", len(new), asked.sum(), source)
    found = found.copy()
    found.loc[new.index, keys.LABEL] = new
    found.loc[new.index, keys.LABEL_SOURCE] = source
    return found


def _by_gene_activity(cells: ad.AnnData, rna: str, label: pd.Series) -> pd.Series:
    """Labels of clusters of cells with gene activity in X, from the labelled cells of the RNA."""
    reference = ad.read_h5ad(rna)
    names = label[reference.obs_names].dropna()
    given = from_reference(cells, reference[names.index].copy(), names)
    return of_clusters(given, cells.obs[keys.LEIDEN].cat.remove_unused_categories())
