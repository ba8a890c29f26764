"""MACS2 on fragments (Zhang et al. 2008, doi:10.1186/gb-2008-9-9-r137).

Its narrowPeak is that of macs3 byte for byte with numpy's own wheels. With Debian's numpy, whose
pseudo-inverse rounds differently, a summit in thousands moves by 1 bp.
"""

from pathlib import Path

from multiome2vec.peaks.callers import CALLERS
from multiome2vec.peaks.macs import call_macs, find_executable, write_bed

REMEDY = (
    "It cannot be installed beside this project's numpy. Run with `--software-deployment-method "
    "conda`, which gives it an environment of its own (envs/macs2.yaml), install Debian's package "
    "`macs`, or use peaks.caller: macs3, which does the same."
)


@CALLERS.register("macs2")
def call(
    fragments: Path, *, narrow_peak: Path, name: str, genome_size: int, settings: dict
) -> None:
    """Call the peaks of one pseudobulk with ``macs2``, which reads them as BEDPE.

    Parameters, output and failure are those of :func:`multiome2vec.peaks.macs.call_macs`.
    """
    call_macs(
        find_executable("macs2", remedy=REMEDY),
        fragments,
        whole=_bedpe,
        narrow_peak=narrow_peak,
        name=name,
        genome_size=genome_size,
        settings=settings,
    )


def _bedpe(fragments: Path, folder: Path, settings: dict) -> list[str]:
    path = folder / "fragments.bedpe"
    write_bed(fragments, path, max_count=settings["max_count"])
    return ["-t", str(path), "-f", "BEDPE"]
