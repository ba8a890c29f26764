"""Check all inputs and the machine in seconds, and tell every problem at once."""

import logging
from collections.abc import Iterable, Mapping
from pathlib import Path

from multiome2vec.io.atomic import write_tsv
from multiome2vec.io.barcodes import read_translation
from multiome2vec.io.catalogue import Entry, catalogue_entries
from multiome2vec.io.labels import OBS
from multiome2vec.preflight.cells import check_barcodes, check_labels
from multiome2vec.preflight.counts import check_regions, check_rna
from multiome2vec.preflight.files import check_files
from multiome2vec.preflight.findings import ERROR, INFO, OK, WARNING, Findings
from multiome2vec.preflight.fragments import check_fragments
from multiome2vec.preflight.machine import (
    LEAST,
    check_cores,
    check_gpu,
    check_memory,
    check_requests,
    check_room,
    check_temporary,
    temporary_folders,
)
from multiome2vec.preflight.reference import Reference, check_reference, check_region_set

logger = logging.getLogger(__name__)

DOWNLOADS = "resources/downloads"
FILES = ("rna", "fragments", "atac", "labels")  # columns of the sample sheet that name files
REFERENCE = ("fasta", "gtf", "tss", "chrom_sizes", "blacklist", "chromosome_names")
OF_MACHINE = ("disk", "machine", "gpu", "memory")  # checks that say nothing of the inputs
RESULTS_PER_INPUT = 3  # bytes of results and temporary files per byte of inputs, about


def preflight(
    *,
    samples: dict[str, dict[str, str]],
    assembly: dict[str, str | None],
    out: str,
    settings: Mapping,
    passed: str | None = None,
    machine: Mapping | None = None,
    sources: Mapping | None = None,
) -> str:
    """Write one row per finding, the worst first.

    Parameters
    ----------
    samples
        Rows of the sample sheet by sample.
    assembly
        Entry of ``assemblies`` that the dataset names.
    out
        Table of all findings, written whatever they are.
    settings
        ``min_overlap``, ``barcode_translation`` (of ``ingest``), ``min_cells`` (of ``peaks``);
        ``region_set`` (BED file to count on, if any), ``index`` (.fai of an earlier run),
        ``results`` (folder) and ``tmpdir`` (of Snakemake); ``faults`` (check, problem and file) of
        configuration and sample sheet, and ``left_out`` (what the dataset cannot give, and why), if
        they are to be listed too.
    passed
        Table of the findings about the inputs, written if none is an error.
    machine
        ``cores``, ``cluster``, ``device`` and ``models``; ``needs``, ``fixed`` (MB by rule) and
        ``most`` (MB). None to leave these checks out.
    sources
        Where files that are not there come from: ``datasets`` and ``references`` (tables of
        downloads), ``made`` (files that a rule makes). None if all are there.

    Returns
    -------
    str
        The findings but those that are well, to be read on a terminal.

    Raises
    ------
    UserError
        If any finding is an error; lists all that are.
    """
    findings = Findings()
    for check, problem, file in settings.get("faults", []):
        findings.add(ERROR, check, problem, file=file)
    region_set = settings.get("region_set")
    absent, wanted = _files(samples, assembly, sources or {}, findings, region_set=region_set)
    lacking = _lacking(samples, assembly)
    samples = {sample: _without(row, absent) for sample, row in samples.items()}
    assembly = _without(assembly, absent)
    reference = check_reference(assembly, findings, index=settings.get("index"), lacking=lacking)
    if region_set and region_set not in absent:
        check_region_set(region_set, reference, findings)
    _check_samples(samples, reference, settings, findings)
    elsewhere = bool(machine and machine["cluster"])  # jobs have another disk for temporary files
    _check_room(samples, wanted, settings, findings, elsewhere=elsewhere)
    if machine:
        _check_machine(machine, findings)
    for what, why in settings.get("left_out", []):
        findings.add(INFO, "left out", f"{what}: {why}.")
    table = findings.table()
    write_tsv(table, out, index=False)
    logger.info("checks of the inputs:\n%s", table.to_string(index=False, max_colwidth=160))
    findings.require_none()
    if passed:
        write_tsv(table[~table["check"].isin(OF_MACHINE)], passed, index=False)
    return findings.text()


def _files(
    samples, assembly, sources: Mapping, findings: Findings, *, region_set: str | None
) -> tuple[set, dict[str, Entry]]:
    """Which files are not there, and which downloads they need."""
    entries: dict[str, Entry] = {}
    with findings.check("files"):
        tables = sources.get("datasets", []), sources.get("references", [])
        entries = {f"{DOWNLOADS}/{name}": e for name, e in catalogue_entries(*tables).items()}
    paths = [row[name] for row in samples.values() for name in FILES if row[name]]
    paths = [path for path in paths if not path.startswith(OBS)]
    paths += [assembly[name] for name in REFERENCE if assembly[name]]
    paths += [region_set] if region_set else []
    return check_files(paths, findings, entries=entries, made=sources.get("made", ()))


def _without(row: Mapping, absent: Iterable[str]) -> dict:
    """Take out files that are not there."""
    blank = "" if "rna" in row else None
    return {name: blank if value and value in absent else value for name, value in row.items()}


def _lacking(samples: dict, assembly: Mapping) -> str:
    """Severity of an assembly without sequence and lengths; empty if it names either."""
    if assembly["fasta"] or assembly["chrom_sizes"]:
        return ""
    return ERROR if any(row["fragments"] for row in samples.values()) else WARNING


def _check_samples(
    samples: dict, reference: Reference, settings: Mapping, findings: Findings
) -> None:
    """Check what the samples' files hold."""
    translation = None
    with findings.check("barcodes", file=settings["barcode_translation"] or ""):
        if settings["barcode_translation"]:
            translation = read_translation(settings["barcode_translation"])
    for sample, row in samples.items():
        rna = atac = None
        if row["rna"]:
            rna = check_rna(row, reference, findings, sample=sample)
        if row["fragments"]:
            atac = check_fragments(row, reference, findings, sample=sample)
        if row["atac"]:
            atac = check_regions(row, reference, findings, sample=sample)
        if rna is not None and atac is not None:
            check_barcodes(
                rna, atac, row, findings, sample=sample, translation=translation,
                minimum=settings["min_overlap"],
            )  # fmt: skip
        if row["labels"]:
            names = rna if rna is not None else atac
            check_labels(row, names, findings, sample=sample, min_cells=settings["min_cells"])


def _check_room(
    samples: dict, wanted: dict, settings: Mapping, findings: Findings, *, elsewhere: bool
) -> None:
    """Check the disks that downloads, results and temporary files go to."""
    if wanted:
        size = sum(entry.size or 0 for entry in wanted.values())
        unknown = sum(entry.size is None for entry in wanted.values())
        what = f"{len(wanted)} files to download" + (
            f", {unknown} of them of unknown size" if unknown else ""
        )
        check_room(DOWNLOADS, size, findings, what=what)
    inputs = {row[name] for row in samples.values() for name in ("rna", "fragments", "atac")}
    sizes = [Path(path).stat().st_size for path in inputs if path and Path(path).is_file()]
    needed = LEAST + RESULTS_PER_INPUT * sum(sizes)
    check_room(settings["results"], needed, findings, what="results", known=False)
    given = None if elsewhere else settings.get("tmpdir")
    check_temporary(temporary_folders(given), findings)


def _check_machine(machine: Mapping, findings: Findings) -> None:
    """Check cores, memory and GPU."""
    cluster = machine["cluster"]
    check_cores(machine["cores"], findings, cluster=cluster)
    check_gpu(machine["device"], machine["models"], findings, cluster=cluster)
    if cluster:
        check_requests(machine["needs"], findings, fixed=machine["fixed"], most=machine["most"])
    else:
        check_memory(machine["needs"], findings)
    for model, modalities in machine["models"].items():
        findings.add(OK, "models", f"{model}: {', '.join(modalities)}")
