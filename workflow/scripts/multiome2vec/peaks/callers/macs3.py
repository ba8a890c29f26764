"""MACS3 on fragments (Zhang et al. 2008, doi:10.1186/gb-2008-9-9-r137; FRAG input since 3.0.3)."""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from multiome2vec.errors import UserError
from multiome2vec.peaks.callers import CALLERS


@CALLERS.register("macs3")
def call(
    fragments: Path, *, narrow_peak: Path, name: str, genome_size: int, settings: dict
) -> None:
    """Call the peaks of one pseudobulk with ``macs3 callpeak`` in a process of its own.

    Fragments are piled up whole (``-f FRAG``) against a uniform background over the genome
    (``--nolambda``); shift and extension have no meaning for pairs and are not set.

    Parameters
    ----------
    fragments
        TSV of chrom, start, end, barcode, count.
    narrow_peak
        File to write; peaks are named ``<name>_peak_<n>``, with a letter where a peak has several
        summits.
    name
        Name of the pseudobulk.
    genome_size
        Effective genome size, bp.
    settings
        ``qvalue`` (false discovery rate) and ``max_count`` (how often a fragment of one barcode
        counts at most).

    Raises
    ------
    UserError
        If macs3 fails; the message carries the end of what it printed.
    """
    with tempfile.TemporaryDirectory(dir=narrow_peak.parent) as folder:
        command = [
            *(_executable(), "callpeak", "-t", str(fragments), "-f", "FRAG"),
            *("--max-count", str(settings["max_count"]), "--nomodel", "--nolambda"),
            *("--call-summits", "--keep-dup", "all", "-q", str(settings["qvalue"])),
            *("-g", str(genome_size), "-n", name, "--outdir", folder, "--tempdir", folder),
        ]
        done = subprocess.run(command, capture_output=True, text=True)
        found = Path(folder, f"{name}_peaks.narrowPeak")
        if done.returncode or not found.is_file():
            last = "\n".join((done.stderr + done.stdout).strip().splitlines()[-15:])
            raise UserError(
                f"macs3 failed on the pseudobulk '{name}' (exit status {done.returncode}). "
                f"The command was:\n  {' '.join(command)}\nThe last it said:\n{last}"
            )
        found.replace(narrow_peak)


def _executable() -> str:
    """Path of macs3: beside this Python first, so that an environment need not be activated."""
    beside = shutil.which("macs3", path=str(Path(sys.executable).parent))
    found = beside or shutil.which("macs3")
    if not found:
        raise UserError("macs3 is not installed in this environment. Run `make` to set it up.")
    return found
