"""MACS3 on fragments (Zhang et al. 2008, doi:10.1186/gb-2008-9-9-r137; FRAG input since 3.0.3)."""

from pathlib import Path

from multiome2vec.peaks.callers import CALLERS
from multiome2vec.peaks.macs import call_macs, find_executable

REMEDY = "Run `make` to set it up."


@CALLERS.register("macs3")
def call(
    fragments: Path, *, narrow_peak: Path, name: str, genome_size: int, settings: dict
) -> None:
    """Call the peaks of one pseudobulk with ``macs3``, which reads fragments files (``-f FRAG``).

    Parameters, output and failure are those of :func:`multiome2vec.peaks.macs.call_macs`.
    """
    call_macs(
        find_executable("macs3", remedy=REMEDY),
        fragments,
        whole=_frag,
        narrow_peak=narrow_peak,
        name=name,
        genome_size=genome_size,
        settings=settings,
    )


def _frag(fragments: Path, _: Path, settings: dict) -> list[str]:
    return ["-t", str(fragments), "-f", "FRAG", "--max-count", str(settings["max_count"])]
