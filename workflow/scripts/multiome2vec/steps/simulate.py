"""Write the embedded demo dataset."""

import logging
from pathlib import Path

from scipy import sparse

from multiome2vec.io.atomic import write_tsv
from multiome2vec.keys import BARCODE, CELL, SAMPLE
from multiome2vec.simulate import Design, simulate_dataset
from multiome2vec.simulate.design import SAMPLES
from multiome2vec.simulate.write import (
    write_10x_h5,
    write_bed,
    write_fasta,
    write_fragments,
    write_gtf,
)

logger = logging.getLogger(__name__)


def simulate(
    *,
    out: dict[str, str | Path],
    seed: int,
    barcodes: int,
    chromosome_length: int,
    genes: int,
) -> None:
    """Simulate a multiome run of two samples and write it with its truth.

    Parameters
    ----------
    out
        Paths by name: ``matrix_<sample>``, ``fragments_<sample>``, ``index_<sample>`` for samples
        s1 and s2, ``genome``, ``genes``, ``blacklist``, and the truth tables ``true_cells``,
        ``true_regions``, ``true_genes``, ``true_tfs``, ``true_sites``.
    seed
        Of everything random.
    barcodes
        Over both samples.
    chromosome_length
        Of each of the three chromosomes, bp.
    genes
        Nuclear genes.
    """
    design = Design(barcodes=barcodes, chromosome_length=chromosome_length, genes=genes)
    data = simulate_dataset(design, seed=seed)
    write_fasta(data.sequence, out["genome"])
    write_gtf(data.genes, out["genes"])
    write_bed(data.blacklist, out["blacklist"])
    counts = sparse.hstack([data.counts, data.peak_counts], format="csr")
    for sample in SAMPLES:
        mine = (data.cells[SAMPLE] == sample).to_numpy()
        names = data.cells.loc[mine, BARCODE].tolist()
        write_10x_h5(
            counts[mine],
            barcodes=names,
            genes=data.genes,
            peaks=data.peaks,
            path=out[f"matrix_{sample}"],
        )
        write_fragments(
            data.fragments[sample],
            sample=sample,
            barcodes=names,
            path=out[f"fragments_{sample}"],
            index=out[f"index_{sample}"],
        )
        logger.info(
            "%s: %d barcodes, %d RNA counts, %d fragments",
            sample,
            len(names),
            data.counts[mine].sum(),
            len(data.fragments[sample]),
        )
    write_tsv(data.cells.set_index(CELL), out["true_cells"])
    write_tsv(data.regions, out["true_regions"], index=False)
    write_tsv(data.genes, out["true_genes"], index=False)
    write_tsv(data.tfs, out["true_tfs"], index=False)
    write_tsv(data.sites, out["true_sites"], index=False)
