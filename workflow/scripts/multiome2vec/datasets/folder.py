"""Samples in a folder of outputs of Cell Ranger, or of files named as its outputs."""

import os
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from multiome2vec.datasets.aggregated import AGGREGATION, expand, read_aggregation
from multiome2vec.datasets.contents import Contents, contents_of
from multiome2vec.datasets.draft import Draft, assembly_in, sample_name, shown, undeclared
from multiome2vec.datasets.names import (
    COUNTING,
    UNFILTERED,
    WHOLE,
    Sample,
    guess,
    sample_key,
    samples_of,
)
from multiome2vec.errors import UserError

#: folders that say nothing about whose files they hold
_GENERIC = {"outs", "count", "multi", "per_sample_outs", "gex", "atac", "arc"}
_MATRIX = re.compile(r"(sample_)?(filtered|raw)_(feature|gene|peak)_bc_matri(x|ces)")
#: folders that hold no matrix of a sample
_SKIPPED = {"analysis", "secondary_analysis", "tmp", "journal", "fastq", "fastqs", "vdj_t", "vdj_b"}


@dataclass
class Run:
    """What one run of Cell Ranger left, or one folder of files.

    Attributes
    ----------
    folder
        Whose name is that of the sample.
    samples
        Files by what stands before the telling part of their names; empty for the plain names.
    aggregation
        Table of the aggregated samples, if there is one.
    """

    folder: Path
    samples: dict[str, Sample] = field(default_factory=lambda: defaultdict(Sample))
    aggregation: Path | None = None


def find_samples(top: str | Path, *, name: str, assembly: str = "") -> Draft:
    """Look through a folder, at any depth.

    Parameters
    ----------
    top
        Folder of one or more runs of Cell Ranger ARC, Cell Ranger or Cell Ranger ATAC (``count``,
        ``multi`` or ``aggr``), or of files with such names.
    name
        Of the dataset.
    assembly
        Entry of ``assemblies``; empty to go by what the files say.

    Raises
    ------
    UserError
        If there is no such folder or no file of a sample in it, or if barcodes and the table of an
        aggregation do not fit together.
    """
    top = Path(top).resolve()
    if not top.is_dir():
        raise UserError(f"{top} is not a folder.")
    runs = _runs(top)
    notes: list[str] = _drop_unfiltered(runs)
    rows: list[dict[str, str]] = []
    looked: list[Contents] = []
    for run in runs.values():
        for key, sample in sorted(run.samples.items()):
            found = contents_of(sample)
            looked.append(found)
            _add_peaks(sample, found)
            rows += _rows(run, key, sample, found, notes)
    if not rows:
        raise UserError(
            f"{top} holds no filtered_feature_bc_matrix (folder or .h5), fragments.tsv.gz or "
            "filtered_peak_bc_matrix, at any depth. Name the folder that holds the runs' outs."
        )
    _make_unique(rows, notes)
    notes += undeclared(rows)
    if not assembly:
        assembly = assembly_in(*(found.genome for found in looked))
        notes.append(
            f"assembly {assembly}: so say the matrices or fragments"
            if assembly
            else "assembly unknown: matrices and fragments name none, or more than one"
        )
    return Draft(name, rows, assembly, notes)


def _runs(top: Path) -> dict[Path, Run]:
    """Find runs by their folder, in order of their paths."""
    runs: dict[Path, Run] = {}
    for folder, files in _walk(top):
        own = _matrix_folder(folder)
        home = _home(own.parent if own else folder)
        run = runs.setdefault(home, Run(home))
        names = {file.name for file in files}
        for file in sorted(names & set(AGGREGATION)):
            run.aggregation = run.aggregation or folder / file
        if own:
            _add_folder(run.samples[""], folder, names, unfiltered="raw_" in own.name)
            continue
        for key, sample in samples_of((str(file) for file in files), default="").items():
            _add_all(run.samples[key], sample, folder)
    return {home: run for home, run in sorted(runs.items()) if run.samples}


def _walk(top: Path) -> Iterator[tuple[Path, list[Path]]]:
    """Folders and their files; of a run of Cell Ranger its outs alone, links followed once."""
    seen: set[str] = set()
    for folder, folders, files in os.walk(top, followlinks=True):
        real = os.path.realpath(folder)
        if real in seen:
            folders[:] = []
            continue
        seen.add(real)
        kept = [n for n in folders if not n.startswith((".", "_")) and n.lower() not in _SKIPPED]
        folders[:] = ["outs"] if "outs" in kept else sorted(kept)
        yield Path(folder), [Path(folder, name) for name in sorted(files)]


def _matrix_folder(folder: Path) -> Path | None:
    """Folder of a matrix as Cell Ranger names it; before version 3, one of a genome is inside."""
    return next((f for f in (folder, folder.parent) if _MATRIX.fullmatch(f.name)), None)


def _add_folder(sample: Sample, folder: Path, names: set[str], *, unfiltered: bool) -> None:
    """Add a folder of matrix, barcodes and features in their plain names."""
    column, kind = ("rna", "10x_mtx")
    if names & {"peaks.bed", "peaks.bed.gz"}:
        column, kind = ("atac", "mtx")
    if names & {"matrix.mtx", "matrix.mtx.gz"}:
        rank = UNFILTERED if unfiltered else WHOLE
        sample.add(column, str(folder), kind=kind, rank=rank)


def _home(folder: Path) -> Path:
    """Nearest folder above whose name tells runs apart."""
    while folder.name in _GENERIC and folder.parent != folder:
        folder = folder.parent
    return folder


def _add_all(target: Sample, found: Sample, folder: Path) -> None:
    for column, path in found.files.items():
        if found.kinds[column] in ("10x_mtx", "mtx"):
            path = _matrix_path(folder, path)
        target.add(column, path, kind=found.kinds[column], rank=found.ranks[column])


def _matrix_path(folder: Path, prefix: str) -> str:
    """Folder of a matrix; its file, where several matrices with a prefix each are in one folder."""
    there = [path for path in folder.iterdir() if guess(path.name).kind == "matrix.mtx"]
    mine = [path for path in there if guess(path.name).sample == prefix]
    return str(folder if len(there) == 1 or not mine else mine[0])


def _drop_unfiltered(runs: dict[Path, Run]) -> list[str]:
    """Leave out matrices of all barcodes where others have a filtered one, and say so."""
    columns = [(run, s) for run in runs.values() for s in run.samples.values() if "rna" in s.files]
    filtered = any(sample.ranks["rna"] != UNFILTERED for _, sample in columns)
    notes = []
    for _, sample in columns:
        if sample.ranks["rna"] != UNFILTERED:
            continue
        path = shown(Path(sample.files["rna"]))
        if filtered:
            for part in (sample.files, sample.kinds, sample.ranks):
                part.pop("rna")
            notes.append(f"{path} left out: it holds all barcodes, and there are filtered matrices")
        else:
            notes.append(f"{path} holds all barcodes, empty droplets too; QC has to tell cells")
    for run in runs.values():
        run.samples = {key: sample for key, sample in run.samples.items() if sample.files}
    return notes


def _add_peaks(sample: Sample, found: Contents) -> None:
    """Take the peaks of a matrix of both modalities where there are no fragments."""
    if found.peaks and "rna" in sample.files and "fragments" not in sample.files:
        sample.add("atac", sample.files["rna"], kind=sample.kinds["rna"], rank=WHOLE)
    if found.genes is False and "rna" in sample.files:
        for part in (sample.files, sample.kinds, sample.ranks):
            part.pop("rna")


def _rows(
    run: Run, key: str, sample: Sample, found: Contents, notes: list[str]
) -> list[dict[str, str]]:
    """Rows of a sample, or of those that were aggregated."""
    name = sample_name(sample_key(key) or run.folder.name)
    row = sample.row(name)
    if len(row) == 1:
        notes.append(f"{name}: its matrix has neither genes nor peaks; left out")
        return []
    for column in ("rna", "fragments", "atac"):
        if column in row:
            row[column] = shown(Path(row[column]))
    if row.get("counting") == COUNTING:
        notes.append(f"{name}: counting {COUNTING}, which is what Cell Ranger's matrices count")
    table = read_aggregation(run.aggregation) if run.aggregation else None
    suffixes = found.suffixes
    if table is not None and found.partial and set(suffixes) <= set(range(1, len(table) + 1)):
        suffixes = list(range(1, len(table) + 1))  # those of all rows, seen or not
    return expand(row, suffixes, table, path=run.aggregation, notes=notes)


def _make_unique(rows: list[dict[str, str]], notes: list[str]) -> None:
    """Tell samples of one name apart by numbers."""
    count = Counter(row["sample"] for row in rows)
    seen: Counter[str] = Counter()
    for row in rows:
        name = row["sample"]
        if count[name] > 1:
            seen[name] += 1
            row["sample"] = f"{name}_{seen[name]}"
            notes.append(f"{row['sample']}: one of {count[name]} samples called {name}")
