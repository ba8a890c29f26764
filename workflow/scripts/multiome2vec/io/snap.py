"""Fragments as a SnapATAC2 object in memory, and annotation in the form SnapATAC2 reads."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from multiome2vec import keys
from multiome2vec.io.atomic import scratch_folder

if TYPE_CHECKING:
    from anndata import AnnData

PAIRED = "fragment_paired"  # obsm: cells × genome, start of a fragment -> its length


def import_fragments(
    path: str | Path,
    *,
    barcodes: list[str],
    chrom_sizes: pd.Series,
    mitochondrion: str | None,
    scratch: str | Path,
) -> "AnnData":
    """Read the fragments of some barcodes with SnapATAC2 (12 bytes per fragment).

    Parameters
    ----------
    path
        Fragments, sorted by position.
    barcodes
        The only ones read, as the file spells them.
    chrom_sizes
        Lengths by chromosome; fragments elsewhere are skipped.
    mitochondrion
        Name of the mitochondrial chromosome; None where there is none.
    scratch
        Folder for temporary files of about the size of the uncompressed input.

    Returns
    -------
    anndata.AnnData
        One row per barcode *that has fragments*, in the order of the barcodes; ``obs`` n_fragment
        (not mitochondrial), frac_dup, frac_mito; ``obsm["fragment_paired"]``.
    """
    import snapatac2 as snap

    with scratch_folder(scratch) as folder:
        fragments = snap.pp.import_fragments(
            Path(path),
            {str(name): int(size) for name, size in chrom_sizes.items()},
            whitelist=list(barcodes),
            min_num_fragments=0,
            sorted_by_barcode=False,
            chrM=[mitochondrion] if mitochondrion else [],
            tempdir=folder,
        )
    present = [barcode for barcode in barcodes if barcode in fragments.obs_names]
    same = list(fragments.obs_names) == present
    return fragments if same else fragments[present].copy()


@contextmanager
def tss_annotation(tss: pd.DataFrame) -> Iterator[Path]:
    """Yield the path of a temporary GFF that makes SnapATAC2 use exactly these start sites.

    Parameters
    ----------
    tss
        Columns chrom, start (0-based site), strand.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tss.gff"
        with open(path, "w") as out:
            sites = zip(tss[keys.CHROM], tss[keys.START] + 1, tss["strand"], strict=True)
            for number, (chrom, site, strand) in enumerate(sites):
                out.write(
                    f"{chrom}\t.\ttranscript\t{site}\t{site}\t.\t{strand}\t.\tID=t{number};"
                    f"gene_id=g{number};gene_name=g{number};transcript_id=t{number}\n"
                )
        yield path
