"""Read a ready region matrix of one sample."""

import logging

import pandas as pd

from multiome2vec import keys
from multiome2vec.errors import UserError
from multiome2vec.io.atomic import write_h5ad
from multiome2vec.io.barcode_choice import choose_rows
from multiome2vec.io.chromosome_names import read_chromosome_names, translate
from multiome2vec.io.contracts import check_regions
from multiome2vec.io.counts import require_counts, require_unique_barcodes
from multiome2vec.io.features import check_region_widths
from multiome2vec.io.region_names import parse_region_names
from multiome2vec.io.regions import region_names
from multiome2vec.io.tenx import read_modality

logger = logging.getLogger(__name__)

NOT_COUNTS = "If the counts are in a layer, name it in the sample sheet's column atac_layer."


def ingest_regions(
    *, source: str, out: str, kind: str, layer: str, counting: str, barcodes: str = "",
    chromosome_names: str | None = None,
) -> None:  # fmt: skip
    """Write cells × regions of one sample with integer counts in a declared unit.

    Parameters
    ----------
    source
        Region matrix of the sample sheet.
    kind, layer, counting
        ``atac_kind``, ``atac_layer`` and ``counting`` of the sample sheet.
    barcodes
        ``atac_barcodes`` of the sample sheet.
    chromosome_names
        Table of translations, where the assembly has one.

    Raises
    ------
    UserError
        If the unit of the counts is stated neither in the sheet nor in the file.
    """
    adata = read_modality(source, kind=kind, modality=keys.ATAC, layer=layer)
    unit = counting or adata.uns.get(keys.COUNTING, "")
    if unit not in keys.COUNTING_UNITS:
        raise UserError(
            f"{source}: the unit of its counts is not declared. State it in the column 'counting' "
            f"of the sample sheet: {', '.join(keys.COUNTING_UNITS)}. (Cell Ranger's peak matrices "
            "count insertions; if you do not know, most values being even means insertion.)"
        )
    require_unique_barcodes(adata.obs_names, path=source)
    adata = choose_rows(adata, barcodes, path=source)
    require_counts(adata, path=source, remedy=NOT_COUNTS)
    places = parse_region_names(adata.var_names, path=source)
    check_region_widths(places, path=source)
    adata.var = _translated(places, read_chromosome_names(chromosome_names))
    adata.obs = pd.DataFrame(index=adata.obs_names)
    adata.uns = {keys.COUNTING: str(unit)}
    logger.info("%s: %d barcodes × %d regions", source, adata.n_obs, adata.n_vars)
    check_regions(adata, path=out)
    write_h5ad(adata, out)


def _translated(places: pd.DataFrame, names: dict[str, str]) -> pd.DataFrame:
    """Rename the chromosomes of regions, in their names too."""
    places[keys.CHROM] = translate(places[keys.CHROM], names)
    return places.set_axis(region_names(places))
