"""Check all inputs in seconds, before anything long runs, and report every problem at once."""

import logging
from collections.abc import Callable
from itertools import islice

import pandas as pd

from multiome2vec import keys
from multiome2vec.errors import UserError
from multiome2vec.io.atomic import write_tsv
from multiome2vec.io.barcode_choice import choose, choose_rows
from multiome2vec.io.barcodes import overlap, propose, transform
from multiome2vec.io.chromosome_names import read_chromosome_names, require_known
from multiome2vec.io.chromosomes import describe, kinds_of
from multiome2vec.io.counts import require_counts, require_unique_barcodes
from multiome2vec.io.fragments import blocks, check_chromosomes, scan
from multiome2vec.io.genome import open_text, read_titles
from multiome2vec.io.labels import read_labels
from multiome2vec.io.region_names import parse_region_names
from multiome2vec.io.tenx import read_modality
from multiome2vec.steps.ingest_rna import NOT_COUNTS

logger = logging.getLogger(__name__)

SAMPLED = 1 << 23  # bytes of fragments looked at
OK, WARNING, ERROR = "ok", "warning", "error"


def preflight(*, samples: dict[str, dict[str, str]], assembly: dict[str, str | None], out: str):
    """Write one row per check: check, sample, status, message.

    Parameters
    ----------
    samples
        Rows of the sample sheet by sample.
    assembly
        Entry of ``assemblies`` that the dataset names.

    Raises
    ------
    UserError
        If any check failed; lists all that did.
    """
    rows: list[dict[str, str]] = []
    names = read_chromosome_names(assembly["chromosome_names"])
    chromosomes = _attempt(rows, "reference", "", lambda: _chromosomes(assembly, names))
    for sample, row in samples.items():
        rna = atac = None
        if row["rna"]:
            rna = _attempt(rows, "rna", sample, lambda row=row: _rna(row))
        if row["fragments"]:
            atac = _attempt(
                rows, "fragments", sample, lambda row=row: _fragments(row, chromosomes, names)
            )
        if row["atac"]:
            atac = _attempt(rows, "atac", sample, lambda row=row: _ready_atac(row))
        if rna is not None and atac is not None:
            _attempt(
                rows, "barcodes", sample,
                lambda row=row, rna=rna, atac=atac, sample=sample: _overlap(rna, atac, row, sample),
            )  # fmt: skip
        if row["labels"]:
            cells = rna if rna is not None else atac
            _attempt(rows, "labels", sample, lambda row=row, cells=cells: _labels(row, cells))
    table = pd.DataFrame(rows, columns=["check", "sample", "status", "message"])
    logger.info("checks of the inputs:\n%s", table.to_string(index=False, max_colwidth=160))
    failed = table[table["status"] == ERROR]
    if len(failed):
        lines = [f"[{row.check}] {row.message}" for row in failed.itertuples()]
        raise UserError("The inputs have problems:\n  " + "\n  ".join(lines))
    write_tsv(table, out, index=False)


def _attempt(rows: list, check: str, sample: str, run: Callable):
    """Run one check, add its row, return what it found (None if it failed)."""
    try:
        found, message = run()
    except UserError as error:
        rows.append({"check": check, "sample": sample, "status": ERROR, "message": str(error)})
        return None
    status = WARNING if message.startswith("warning: ") else OK
    message = message.removeprefix("warning: ")
    rows.append({"check": check, "sample": sample, "status": status, "message": message})
    return found


def _chromosomes(
    assembly: dict[str, str | None], translations: dict[str, str]
) -> tuple[list[str] | None, str]:
    """Names of the assembly's chromosomes, and whether annotation and blacklist know them."""
    source = assembly["fasta"] or assembly["chrom_sizes"]
    if source is None:
        return None, "warning: no fasta and no chrom_sizes: chromosome names are not checked"
    if assembly["fasta"]:
        titles = read_titles(source)
    else:
        with open_text(source) as lines:
            titles = {line.split()[0]: "" for line in lines if line.strip()}
    if not titles:
        raise UserError(f"{source} names no chromosome.")
    titles = {translations.get(name, name): title for name, title in titles.items()}
    for key in ("gtf", "tss", "blacklist"):
        if assembly[key]:
            with open_text(assembly[key]) as lines:
                rows = (line for line in lines if line.strip() and not line.startswith("#"))
                theirs = {line.split()[0] for line in islice(rows, 200_000)}
            theirs = sorted({translations.get(name, name) for name in theirs})
            require_known(theirs, titles, path=assembly[key])
    kinds = kinds_of(
        pd.Series(0, index=list(titles)),
        pattern=assembly["standard_chromosomes"],
        mitochondrion=assembly["mitochondrion"],
        titles=titles,
    )
    return list(titles), describe(kinds)


def _rna(row: dict[str, str]) -> tuple[pd.Index, str]:
    adata = read_modality(
        row["rna"], kind=row["rna_kind"], modality=keys.RNA, layer=row["rna_layer"]
    )
    require_unique_barcodes(adata.obs_names, path=row["rna"])
    adata = choose_rows(adata, row["rna_barcodes"], path=row["rna"])
    if row["rna_kind"] != "normalized":
        require_counts(adata, path=row["rna"], remedy=NOT_COUNTS)
    return adata.obs_names, f"{adata.n_obs} barcodes × {adata.n_vars} genes"


def _ready_atac(row: dict[str, str]) -> tuple[pd.Index, str]:
    adata = read_modality(
        row["atac"], kind=row["atac_kind"], modality=keys.ATAC, layer=row["atac_layer"]
    )
    require_unique_barcodes(adata.obs_names, path=row["atac"])
    adata = choose_rows(adata, row["atac_barcodes"], path=row["atac"])
    parse_region_names(adata.var_names, path=row["atac"])
    if not (row["counting"] or adata.uns.get(keys.COUNTING)):
        raise UserError(
            f"{row['atac']}: the unit of its counts is not declared. Fill the column 'counting' of "
            f"the sample sheet: {', '.join(keys.COUNTING_UNITS)}."
        )
    return adata.obs_names, f"{adata.n_obs} barcodes × {adata.n_vars} regions"


def _fragments(
    row: dict[str, str], chromosomes: list[str] | None, translations: dict[str, str]
) -> tuple[pd.Index, str]:
    """Look at the first few hundred thousand lines."""
    path = row["fragments"]
    census = scan(path, islice(blocks(path, size=SAMPLED), 1))
    if chromosomes:
        theirs = (translations.get(name, name) for name in census.chromosomes)
        check_chromosomes(theirs, chromosomes, path=path)
    names = choose(pd.Index(census.barcodes), row["fragments_barcodes"], path=path)
    return names, f"{sum(census.barcodes.values())} fragments looked at"


def _overlap(rna: pd.Index, atac: pd.Index, row: dict[str, str], sample: str) -> tuple[float, str]:
    """Fail only if the sampled barcodes have next to nothing in common with the RNA's."""
    spelt = transform(rna, row["barcode_transform"])
    share = overlap(spelt, atac)
    if share >= 0.01:
        return share, f"{share:.0%} of the RNA barcodes seen on the ATAC side"
    proposal = propose(rna, set(atac), more_than=0.01)
    remedy = "Are the two files of the same sample?"
    if proposal:
        remedy = f"With barcode_transform '{proposal.transform}' in the sample sheet they match."
    raise UserError(
        f"Sample {sample}: RNA and ATAC have no barcodes in common: RNA has "
        f"{', '.join(spelt[:2])}; ATAC has {', '.join(atac[:2])}. {remedy}"
    )


def _labels(row: dict[str, str], names: pd.Index | None) -> tuple[pd.Series, str]:
    h5ad = row["rna"] or row["atac"] or None
    labels = read_labels(row["labels"], h5ad=h5ad)
    if names is None:
        return labels, f"{len(labels)} labels"
    share = names.isin(labels.index).mean()
    if share == 0:
        raise UserError(
            f"Labels {row['labels']}: none of their barcodes ({', '.join(labels.index[:2])}) is "
            f"among the sample's ({', '.join(names[:2])})."
        )
    found = f"{share:.0%} of the barcodes have one of {labels.nunique()} labels"
    return labels, found if share > 0.5 or row["fragments"] else f"warning: only {found}"
