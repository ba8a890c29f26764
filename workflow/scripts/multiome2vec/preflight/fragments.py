"""Checks of a fragments file by its beginning."""

import io
from collections.abc import Mapping
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd

from multiome2vec.io.barcode_choice import choose
from multiome2vec.io.fragments import blocks, check_chromosomes, check_ends, is_bgzf, scan
from multiome2vec.preflight.builds import build_named_in
from multiome2vec.preflight.findings import INFO, OK, WARNING, Findings
from multiome2vec.preflight.reference import Reference
from multiome2vec.steps.ingest_fragments import INFLATED

CHECK = "fragments"
SAMPLED = 1 << 23  # bytes of text that are looked at
NEAR = 150  # bp around a start site
FEWEST_SITES, FEWEST_ENDS = 30, 10_000  # for an enrichment to mean anything
ENRICHED = 2  # share of insertions near start sites over that of chance, at least


def check_fragments(
    row: Mapping[str, str], reference: Reference, findings: Findings, *, sample: str
) -> pd.Index | None:
    """Check the first fragments of a sample; return the barcodes seen."""
    path, names = row["fragments"], None
    where = {"sample": sample, "file": path}
    with findings.check(CHECK, **where):
        head = next(blocks(path, size=SAMPLED), b"")
        census = scan(path, islice([head], 1))
        names = pd.Index(census.barcodes)
        names = choose(names, row["fragments_barcodes"], path=path)
        _tell_changes(path, census, findings, where)
        if reference.sizes:
            ends = reference.translated(census.ends)
            with findings.check(CHECK, **where):
                check_chromosomes(ends, reference.sizes, path=path)
            with findings.check(CHECK, **where):
                check_ends(ends, reference.sizes, path=path)
        _check_header(head, reference, findings, where)
        if not census.disorder:
            _check_enrichment(head, reference, findings, where)
        n = sum(census.barcodes.values())
        findings.add(OK, CHECK, f"{n} fragments of {len(names)} barcodes looked at", **where)
    return names


def _tell_changes(path: str, census, findings: Findings, where: dict) -> None:
    """Say what ingest will do about the form of the file."""
    if census.disorder:
        gigabytes = Path(path).stat().st_size * INFLATED / 1e9
        findings.add(
            WARNING, CHECK, f"Not sorted: {census.disorder}.", **where,
            remedy=f"It will be sorted, with up to {gigabytes:.1f} GB of temporary files.",
        )  # fmt: skip
    if census.oddities:
        findings.add(
            WARNING, CHECK, f"It has {' and '.join(census.oddities)}.", **where,
            remedy="They will be taken out of the copy that is analysed.",
        )  # fmt: skip
    if census.n_columns < 5:
        findings.add(
            WARNING, CHECK, "It has no counts (fifth column): duplicates are not known.", **where,
            remedy="Every fragment will count once.",
        )  # fmt: skip
    if not is_bgzf(path):
        findings.add(INFO, CHECK, "Not bgzip: it will be compressed anew.", **where)


def _check_header(head: bytes, reference: Reference, findings: Findings, where: dict) -> None:
    """Compare the reference that Cell Ranger's comments name with the assembly's build."""
    lines = [line for line in head[:20_000].splitlines() if line.startswith(b"#")]
    named = [line.decode(errors="replace") for line in lines if b"reference_path" in line]
    build = build_named_in(named[0]) if named else ""
    if build and reference.build and build != reference.build:
        findings.add(
            WARNING, CHECK,
            f"Its header says {build} ({named[0].lstrip('# ')}), but the assembly is "
            f"{reference.build} by its lengths.",
            remedy="Name the assembly that the reads were aligned to in your config.", **where,
        )  # fmt: skip


def _check_enrichment(head: bytes, reference: Reference, findings: Findings, where: dict) -> None:
    """Doubt the build if insertions are no denser around transcription start sites."""
    if reference.sites is None:
        return
    table = _table(head, reference)
    chrom = table["chrom"].value_counts().index[0]
    ends = table.loc[table["chrom"] == chrom, ["start", "end"]].to_numpy()
    low, high = int(ends.min()), int(ends.max())
    sites = reference.sites.loc[reference.sites["chrom"] == chrom, "site"].to_numpy()
    found = enrichment(np.sort(ends.ravel()), sites[(sites > low) & (sites < high)], high - low)
    if found is None:
        return
    text = f"insertions are {found:.1f} times as dense around start sites as by chance"
    if found >= ENRICHED:
        findings.add(OK, CHECK, text, **where)
        return
    findings.add(
        WARNING, CHECK, f"On {chrom}:{low:,}-{high:,}, {text}.", **where,
        remedy="Is the annotation of the build that the reads were aligned to? If so, the library "
        "is of low quality.",
    )  # fmt: skip


def enrichment(ends: np.ndarray, sites: np.ndarray, width: int) -> float | None:
    """Density of insertions near start sites over that of all; None if there are too few.

    Parameters
    ----------
    ends
        Places of insertions (bp), ascending.
    sites
        Start sites (bp) in the same stretch of a chromosome.
    width
        Length (bp) of the stretch.
    """
    sites = np.unique(sites)
    if len(sites) < FEWEST_SITES or len(ends) < FEWEST_ENDS:
        return None
    starts, stops = sites - NEAR, sites + NEAR
    inside = np.searchsorted(ends, stops) - np.searchsorted(ends, starts)
    return float(inside.mean() / (2 * NEAR) / (len(ends) / width))


def _table(head: bytes, reference: Reference) -> pd.DataFrame:
    table = pd.read_csv(
        io.BytesIO(head), sep="\t", header=None, comment="#", usecols=[0, 1, 2],
        names=["chrom", "start", "end"], dtype={"chrom": str}, skip_blank_lines=True,
    )  # fmt: skip
    table = table[pd.to_numeric(table["start"], errors="coerce").notna()]
    table["chrom"] = table["chrom"].map(lambda name: reference.names.get(name, name))
    return table.astype({"start": np.int64, "end": np.int64})
