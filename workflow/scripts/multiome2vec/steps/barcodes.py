"""List the barcodes of one sample and bring RNA and ATAC spellings together."""

import logging
from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd

from multiome2vec import keys
from multiome2vec.errors import UserError
from multiome2vec.io.atomic import write_tsv
from multiome2vec.io.barcodes import read_translation
from multiome2vec.io.contracts import check_cells
from multiome2vec.io.labels import OBS
from multiome2vec.io.reconcile import reconcile

logger = logging.getLogger(__name__)


def barcodes(
    *,
    rna: str | None,
    census: str | None,
    regions: str | None,
    out: str,
    sample: str,
    metadata: dict[str, str],
    barcode_transform: str,
    min_overlap: float,
    min_fragments: int,
    translation: str | None = None,
) -> None:
    """Write one row per barcode of a sample.

    Parameters
    ----------
    rna, census, regions
        ``rna.h5ad``, ``fragment_barcodes.tsv`` and ``regions.h5ad`` of the sample, if there. The
        column ``fragment_barcode`` is the spelling of the ATAC side: of the ready region matrix
        where there is one, else of the fragments.
    sample, metadata, barcode_transform
        The sample's row of the sheet.
    min_overlap, min_fragments
        ``ingest.*`` of the configuration.
    translation
        ``ingest.barcode_translation``, if there is one.
    """
    fragments = _fragment_counts(census)
    ready = _names(regions)
    delivered = _names(rna)
    if delivered is None:
        table = _without_rna(fragments, ready, sample=sample, min_fragments=min_fragments)
    else:
        atac = ready if ready is not None else fragments
        spell = partial(
            reconcile,
            how=barcode_transform,
            sample=sample,
            minimum=min_overlap,
            translation=read_translation(translation) if translation else None,
        )
        table = _with_rna(delivered, atac, sample, spell)
    table.index = pd.Index(
        [keys.cell_id(sample, name) for name in table[keys.BARCODE]], name=keys.CELL
    )
    table[keys.SAMPLE] = sample
    for column, value in metadata.items():
        table[column] = _from_obs(rna, value) if value.startswith(OBS) else value
    check_cells(table, path=out, columns=(keys.BARCODE, keys.IN_RNA, keys.IN_ATAC))
    write_tsv(table, out)


def _from_obs(rna: str | None, value: str) -> np.ndarray:
    """One value per cell, from a column of the RNA's obs."""
    import anndata as ad

    if rna is None:
        raise UserError(f"'{value}' in the sample sheet needs an RNA h5ad in the same row.")
    return ad.read_h5ad(rna, backed="r").obs[value.removeprefix(OBS)].astype(str).to_numpy()


def _names(path: str | None) -> pd.Index | None:
    """Barcodes of an AnnData file."""
    import anndata as ad

    return ad.read_h5ad(path, backed="r").obs_names if path else None


def _fragment_counts(path: str | None) -> pd.Index | None:
    """Barcodes of the census, those with most fragments first."""
    if path is None:
        return None
    table = pd.read_csv(path, sep="\t", dtype={keys.BARCODE: str})
    counts = table.set_index(keys.BARCODE)["n_fragments"]
    return counts.sort_values(ascending=False, kind="stable")


def _with_rna(
    rna: pd.Index, atac: pd.Index | pd.Series | None, sample: str, spell: Callable
) -> pd.DataFrame:
    table = pd.DataFrame({keys.BARCODE: rna.astype(str), keys.FRAGMENT_BARCODE: ""})
    table[keys.IN_RNA], table[keys.IN_ATAC] = True, False
    if atac is None:
        return table
    names = set(atac.index if isinstance(atac, pd.Series) else atac)
    spelt, share = spell(rna, names)
    logger.info(
        "%s: %.1f %% of %d RNA barcodes are on the ATAC side", sample, 100 * share, len(rna)
    )
    table[keys.IN_ATAC] = spelt.isin(names)
    table[keys.FRAGMENT_BARCODE] = pd.Series(spelt).where(table[keys.IN_ATAC], "")
    return table


def _without_rna(
    fragments: pd.Series | None, ready: pd.Index | None, *, sample: str, min_fragments: int
) -> pd.DataFrame:
    names = ready if ready is not None else fragments.index[fragments >= min_fragments]
    if not len(names):
        raise UserError(
            f"Sample {sample}: no barcode has {min_fragments} fragments (ingest.min_fragments)."
        )
    names = names.sort_values().astype(str)
    table = pd.DataFrame({keys.BARCODE: names, keys.FRAGMENT_BARCODE: names})
    table[keys.IN_RNA], table[keys.IN_ATAC] = False, True
    return table
