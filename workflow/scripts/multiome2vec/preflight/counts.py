"""Checks of count matrices: RNA, and ready matrices of ATAC."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from multiome2vec import keys
from multiome2vec.errors import UserError
from multiome2vec.io.barcode_choice import choose_rows
from multiome2vec.io.counts import (
    as_csr,
    no_counts,
    require_counts,
    require_finite,
    require_unique_barcodes,
)
from multiome2vec.io.features import check_region_widths, name_genes
from multiome2vec.io.fragments import check_chromosomes, check_ends
from multiome2vec.io.labels import OBS
from multiome2vec.io.region_names import parse_region_names
from multiome2vec.io.tenx import NORMALIZED, read_modality
from multiome2vec.preflight.builds import build_named_in
from multiome2vec.preflight.findings import ERROR, OK, WARNING, Findings
from multiome2vec.preflight.reference import Reference
from multiome2vec.steps.ingest_regions import NOT_COUNTS as NOT_COUNTS_ATAC
from multiome2vec.steps.ingest_rna import NOT_COUNTS

if TYPE_CHECKING:
    from anndata import AnnData

ENTRIES = 1 << 23  # stored entries of a matrix that are looked at
MANY = 200_000  # barcodes of one sample, more than a run has cells
EVEN = 0.9  # share of even counts that insertions have


def check_rna(
    row: Mapping[str, str], reference: Reference, findings: Findings, *, sample: str
) -> pd.Index | None:
    """Check the RNA of a sample; return its barcodes."""
    path, kind, names = row["rna"], row["rna_kind"], None
    where = {"sample": sample, "file": path}
    with findings.check("rna", **where):
        adata = read_modality(
            path, kind=kind, modality=keys.RNA, layer=row["rna_layer"], entries=ENTRIES
        )
        require_unique_barcodes(adata.obs_names, path=path)
        adata = choose_rows(adata, row["rna_barcodes"], path=path)
        names = adata.obs_names
        with findings.check("rna", **where):
            name_genes(adata, path=path)
        with findings.check("rna", **where):
            _check_values(adata, kind, findings, where)
        _check_obs(row, adata.obs.columns, findings, where)
        _check_genome(adata, reference, path)
        if len(names) > MANY:
            findings.add(
                WARNING, "rna", f"{len(names):,} barcodes: more than a run has cells.", **where,
                remedy="Give the filtered matrix, or set qc thresholds that empty droplets fail.",
            )  # fmt: skip
        repeated = int(adata.var_names.duplicated().sum())
        more = f"; {repeated} repeated names get a number" if repeated else ""
        text = f"{adata.n_obs} barcodes × {adata.n_vars} genes{more}"
        findings.add(OK, "rna", text, **where)
    return names


def _check_values(adata: "AnnData", kind: str, findings: Findings, where: dict) -> None:
    if kind != NORMALIZED:
        require_counts(adata, path=where["file"], remedy=NOT_COUNTS)
        return
    require_finite(adata, path=where["file"])
    if adata.X.nnz and not no_counts(adata.X.data).any():
        findings.add(
            WARNING, "rna", "rna_kind is 'normalized', but the values are whole numbers.", **where,
            remedy="If they are counts, set rna_kind to h5ad: more is computed then.",
        )  # fmt: skip


def _check_obs(row: Mapping[str, str], columns: pd.Index, findings: Findings, where: dict) -> None:
    """Columns of obs that the sheet refers to."""
    named = [value for name, value in row.items() if name != "labels" and value.startswith(OBS)]
    for value in named:
        if value.removeprefix(OBS) not in columns:
            findings.add(
                ERROR, "rna", f"{where['file']} has no obs column '{value.removeprefix(OBS)}'.",
                remedy=f"The sample sheet says {value}; obs has {', '.join(columns) or 'nothing'}.",
                **where,
            )  # fmt: skip


def _check_genome(adata: "AnnData", reference: Reference, path: str) -> None:
    """Compare the genome that Cell Ranger names with the assembly's build."""
    if keys.GENOME not in adata.var or not reference.build:
        return
    named = ", ".join(sorted(set(adata.var[keys.GENOME]) - {""}))
    build = build_named_in(named)
    if build and build != reference.build:
        raise UserError(
            f"{path} was made with {named}, but the assembly is {reference.build} by its lengths.",
            remedy="Name the assembly that the reads were aligned to in your config.",
        )


def check_regions(
    row: Mapping[str, str], reference: Reference, findings: Findings, *, sample: str
) -> pd.Index | None:
    """Check the ready region matrix of a sample; return its barcodes."""
    path, names = row["atac"], None
    where = {"sample": sample, "file": path}
    with findings.check("atac", **where):
        adata = read_modality(
            path, kind=row["atac_kind"], modality=keys.ATAC, layer=row["atac_layer"],
            entries=ENTRIES,
        )  # fmt: skip
        require_unique_barcodes(adata.obs_names, path=path)
        adata = choose_rows(adata, row["atac_barcodes"], path=path)
        names = adata.obs_names
        with findings.check("atac", **where):
            _check_unit(adata, row["counting"], findings, where)
        with findings.check("atac", **where):
            require_counts(adata, path=path, remedy=NOT_COUNTS_ATAC)
        with findings.check("atac", **where):
            places = parse_region_names(adata.var_names, path=path)
            check_region_widths(places, path=path)
            _check_places(places, reference, path)
        text = f"{adata.n_obs} barcodes × {adata.n_vars} regions"
        findings.add(OK, "atac", text, **where)
    return names


def _check_places(places: pd.DataFrame, reference: Reference, path: str) -> None:
    if reference.sizes:
        ends = reference.translated(places.groupby(keys.CHROM)[keys.END].max().to_dict())
        check_chromosomes(ends, reference.sizes, path=path)
        check_ends(ends, reference.sizes, path=path)


def _check_unit(adata: "AnnData", counting: str, findings: Findings, where: dict) -> None:
    """Refuse undeclared units; doubt those that the parity of the counts contradicts."""
    unit = counting or adata.uns.get(keys.COUNTING, "")
    if unit not in keys.COUNTING_UNITS:
        raise UserError(
            f"{where['file']}: the unit of its counts is not declared.",
            remedy=f"Fill the column 'counting' of the sample sheet: "
            f"{', '.join(keys.COUNTING_UNITS)}. (Cell Ranger's peak matrices count insertions.)",
        )
    values = as_csr(adata.X).data
    even = float(np.mean(values % 2 == 0)) if len(values) else 0.0
    if unit != keys.INSERTION and even > EVEN:
        findings.add(
            WARNING, "atac", f"{even:.0%} of the counts are even, but counting is '{unit}'.",
            remedy="Insertions mostly come in pairs: is it 'insertion'?", **where,
        )  # fmt: skip
