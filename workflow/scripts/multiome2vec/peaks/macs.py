"""What MACS2 and MACS3 share: the command, the files made for it, and what is said if it fails."""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from multiome2vec.errors import UserError

#: setting `mode`: whole fragments, or a window around either end of each
FRAGMENTS, INSERTIONS = "fragments", "insertions"
SHIFT, EXTSIZE = -75, 150  # bp: a window of 150 bp, centred on the insertion
BATCH = 1_000_000  # fragments


def call_macs(
    program: str,
    fragments: Path,
    *,
    whole: Callable[[Path, Path, dict], list[str]],
    narrow_peak: Path,
    name: str,
    genome_size: int,
    settings: dict,
) -> None:
    """Call the peaks of one pseudobulk with ``callpeak`` in a process of its own.

    The background is uniform over the genome (``--nolambda``). Shift and extension have no meaning
    for whole fragments and are set for insertions only.

    Parameters
    ----------
    program
        Path of the executable.
    fragments
        TSV of chrom, start, end, barcode, count.
    whole
        Function of the fragments, a folder for files of its own and the settings: the arguments
        with which the program reads whole fragments.
    narrow_peak
        File to write; peaks are named ``<name>_peak_<n>``, with a letter where a peak has several
        summits.
    name
        Name of the pseudobulk.
    genome_size
        Effective genome size, bp.
    settings
        ``qvalue`` (false discovery rate), ``max_count`` (how often a fragment of one barcode
        counts at most), ``mode``, and for insertions ``shift`` and ``extsize`` (bp, or None).

    Raises
    ------
    UserError
        If the program fails; the message carries the end of what it printed.
    """
    treatment = whole if settings["mode"] == FRAGMENTS else _insertions
    failed = f"{Path(program).name} failed on the pseudobulk '{name}'"
    with tempfile.TemporaryDirectory(dir=narrow_peak.parent) as folder:
        try:
            arguments = treatment(fragments, Path(folder), settings)
        except UserError as error:
            raise UserError(f"{failed}: {error}") from None
        command = [
            *(program, "callpeak", *arguments),
            *("--nomodel", "--nolambda", "--call-summits", "--keep-dup", "all"),
            *("-q", str(settings["qvalue"]), "-g", str(genome_size), "-n", name),
            *("--outdir", folder, "--tempdir", folder),
        ]
        done = subprocess.run(command, capture_output=True, text=True)
        found = Path(folder, f"{name}_peaks.narrowPeak")
        if done.returncode or not found.is_file():
            last = "\n".join((done.stderr + done.stdout).strip().splitlines()[-15:])
            raise UserError(
                f"{failed} (exit status {done.returncode}). The command was:\n"
                f"  {' '.join(command)}\nThe last it said:\n{last}"
            )
        found.replace(narrow_peak)


def find_executable(name: str, *, remedy: str) -> str:
    """Path of a program: beside this Python first, so that an environment need not be activated.

    Raises
    ------
    UserError
        If there is none, with the remedy.
    """
    found = shutil.which(name, path=str(Path(sys.executable).parent)) or shutil.which(name)
    if not found:
        raise UserError(f"{name} is not installed in this environment. {remedy}")
    return found


def write_bed(fragments: Path, path: Path, *, max_count: int, ends: bool = False) -> None:
    """Write fragments as three columns, each as often as it counts, in batches of bounded size.

    Parameters
    ----------
    fragments
        TSV of chrom, start, end, barcode, count.
    path
        File to write: chrom, start and end (BED, and as much of BEDPE as MACS reads).
    max_count
        How often a fragment counts at most.
    ends
        Write the first and the last base of each fragment, where the transposase cut, and not the
        whole.

    Raises
    ------
    UserError
        If the fragments cannot be read or the file cannot be written.
    """
    import polars as pl

    columns = {"chrom": pl.String, "start": pl.Int64, "end": pl.Int64}
    columns |= {"barcode": pl.String, "count": pl.Int64}
    lazy = pl.scan_csv(fragments, separator="\t", has_header=False, schema=columns, quote_char=None)
    try:
        with open(path, "wb") as file:
            for batch in lazy.collect_batches(chunk_size=BATCH, maintain_order=True):
                times = np.minimum(batch["count"].to_numpy(), max_count)
                rows = np.repeat(np.arange(len(batch)), times)
                table = batch.select("chrom", "start", "end")[rows]
                if ends:
                    first = table.with_columns(end=pl.col("start") + 1)
                    table = pl.concat([first, table.with_columns(start=pl.col("end") - 1)])
                table.write_csv(file, include_header=False, separator="\t")
    except (pl.exceptions.PolarsError, OSError) as error:
        raise UserError(f"{fragments} could not be copied to {path.name}: {error}") from None


def _insertions(fragments: Path, folder: Path, settings: dict) -> list[str]:
    """Arguments with which either program reads both ends of the fragments."""
    path = folder / "insertions.bed"
    write_bed(fragments, path, max_count=settings["max_count"], ends=True)
    shift = SHIFT if settings["shift"] is None else settings["shift"]
    extsize = EXTSIZE if settings["extsize"] is None else settings["extsize"]
    return ["-t", str(path), "-f", "BED", "--shift", str(shift), "--extsize", str(extsize)]
