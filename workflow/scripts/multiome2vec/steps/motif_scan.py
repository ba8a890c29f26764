"""Find the motifs' matches in the consensus regions."""

import logging
from functools import partial

import anndata as ad
import numpy as np
import pandas as pd
from pyfaidx import Fasta
from scipy import sparse

from multiome2vec import keys
from multiome2vec.errors import UserError
from multiome2vec.io.atomic import write_h5ad
from multiome2vec.io.contracts import check_scores
from multiome2vec.io.regions import read_bed, region_names
from multiome2vec.logs import progress
from multiome2vec.motifs.collection import Motif
from multiome2vec.motifs.formats import read_motifs
from multiome2vec.motifs.scan import (
    base_composition,
    gc_content,
    is_too_short,
    log_odds,
    match_matrix,
)

logger = logging.getLogger(__name__)


def motif_scan(
    *, regions: str, genome: str, motifs: str, annotation: str, out: str, pvalue: float
) -> None:
    """Write regions × motifs with 1 where a motif matches, and the regions' GC content.

    Chromosomes are scanned one after the other; p-values are against the base composition of all
    regions. Lower-case sequence counts like any other.

    Parameters
    ----------
    regions, genome, motifs, annotation
        ``consensus.bed``, ``genome.fa``, ``motifs.jaspar``, ``motifs.tsv``.
    out
        ``scores.h5ad``.
    """
    table = read_bed(regions)
    collection = read_motifs(motifs)
    sequences = read_sequences(table, genome)
    background = base_composition(sequences)
    parts = []
    for chrom, rows in table.groupby(keys.CHROM, sort=False).indices.items():
        show = partial(progress, total=len(collection), what=f"motifs on {chrom}")
        part = match_matrix(
            [sequences[row] for row in rows], collection,
            pvalue=pvalue, background=background, progress=show,
        )  # fmt: skip
        parts.append((rows, part))
    matches = sparse.vstack([part for _, part in parts], format="csr")
    order = np.argsort(np.concatenate([rows for rows, _ in parts]))
    scores = ad.AnnData(
        matches[order],
        obs=pd.DataFrame({"gc": [gc_content(text) for text in sequences]}, region_names(table)),
        var=pd.read_csv(annotation, sep="\t", index_col="motif", keep_default_na=False, dtype=str),
        uns={"motifs": {"pvalue": pvalue, "background": background}},
    )
    _log(matches, collection, background=background, pvalue=pvalue)
    check_scores(scores, path=out)
    write_h5ad(scores, out)


def read_sequences(regions: pd.DataFrame, genome: str) -> list[str]:
    """Upper-case sequences of regions from an indexed FASTA file.

    Raises
    ------
    UserError
        If the genome lacks a region's chromosome or ends before the region does.
    """
    sequences = []
    with Fasta(genome, sequence_always_upper=True, rebuild=False) as fasta:
        for chrom, start, end in regions[[keys.CHROM, keys.START, keys.END]].itertuples(
            index=False
        ):
            if chrom not in fasta or end > len(fasta[chrom]):
                length = f"has {len(fasta[chrom])} bp" if chrom in fasta else "is not there"
                raise UserError(
                    f"{genome}: region {chrom}:{start}-{end} is outside, chromosome {chrom} "
                    f"{length}. Are the regions of another assembly?"
                )
            sequences.append(str(fasta[chrom][start:end]))
    return sequences


def _log(
    matches: sparse.csr_matrix, motifs: list[Motif], *, background: dict[str, float], pvalue: float
) -> None:
    count = np.bincount(matches.indices, minlength=len(motifs))
    logger.info(
        "%d motifs × %d regions: %d matches; median %d regions per motif",
        len(motifs), matches.shape[0], matches.nnz, np.median(count),
    )  # fmt: skip
    short = [m for m in motifs if is_too_short(log_odds(m, background), background, pvalue=pvalue)]
    if short:
        logger.info(
            "%d motifs are too short to reach p = %g; only their best word counts as a match: %s",
            len(short), pvalue, ", ".join(motif.name for motif in short),
        )  # fmt: skip
    without = [motif.name for motif, found in zip(motifs, count, strict=True) if found == 0]
    if without:
        logger.info("%d motifs match in no region: %s", len(without), ", ".join(without))
