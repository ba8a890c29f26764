"""Step: the enriched motifs of all region sets as one page."""

import logging
from pathlib import Path

import pandas as pd

from multiome2vec.errors import ContractError
from multiome2vec.io.atomic import atomic_path
from multiome2vec.motifs.formats import read_motifs
from multiome2vec.plots.enrichment import enrichment_html, side_by_side
from multiome2vec.regulation.sets import read_sets

logger = logging.getLogger(__name__)
TEXT = ["kind", "region_set", "motif", "name", "tfs", "tfs_orthology"]


def enrichment_page(
    *, enrichment: str, dem: str, motifs: str, folders: dict[str, str], template: str,
    thresholds: dict[str, float], out: str, of_database: bool = False,
) -> None:  # fmt: skip
    """Write the page: self-contained HTML.

    Parameters
    ----------
    enrichment, dem, motifs
        ``enrichment.tsv``, ``dem.tsv`` and ``motifs.jaspar``.
    folders
        By kind (topics_otsu, topics_top_3k, dars): folder of BED files.
    template
        Jinja2 template of the page.
    thresholds
        ``min_nes``, ``max_padj`` and ``min_log2fc`` that the motifs passed.
    out
        HTML.
    of_database
        Whether motifs may be those of a given database, of which there are no matrices: they have
        no logo.
    """
    table = side_by_side(_read(enrichment), _read(dem))
    counts = {motif.name: motif.counts for motif in read_motifs(motifs)}
    sizes = {
        (kind, name): len(regions)
        for kind, folder in folders.items()
        for name, regions in read_sets(folder).items()
    }
    unknown = set(table["motif"]) - set(counts)
    if unknown and not of_database:
        raise ContractError(f"{motifs} lacks motif {min(unknown)} of {enrichment} or {dem}.")
    unknown = set(zip(table["kind"], table["region_set"], strict=True)) - set(sizes)
    if unknown:
        raise ContractError(
            f"{enrichment} or {dem} has the region set {'/'.join(min(unknown))}, of which there "
            "is no BED file. Remove both tables and run again."
        )
    html = enrichment_html(
        table, sizes=sizes, counts=counts, template=Path(template).read_text("utf-8"),
        thresholds=thresholds,
    )  # fmt: skip
    logger.info(
        "%d region sets, %d motifs in one or more of them", len(sizes), table["motif"].nunique()
    )
    with atomic_path(out) as partial:
        partial.write_text(html, "utf-8")


def _read(path: str) -> pd.DataFrame:
    """Read a table of motifs: names as they are spelt, other columns as numbers."""
    table = pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False)
    numbers = [name for name in table if name not in TEXT]
    return table.assign(**{name: pd.to_numeric(table[name]).astype(float) for name in numbers})
