"""Find the motifs' matches in the consensus regions."""

import logging
from functools import partial

import anndata as ad
import numpy as np
import pandas as pd
from pyfaidx import Fasta
from scipy import sparse

from multiome2vec import keys
from multiome2vec.io.atomic import write_h5ad
from multiome2vec.io.contracts import check_scores
from multiome2vec.io.regions import read_bed, region_names
from multiome2vec.logs import progress
from multiome2vec.motifs.collection import read_jaspar
from multiome2vec.motifs.scan import base_composition, gc_content, match_matrix

logger = logging.getLogger(__name__)


def motif_scan(
    *, regions: str, genome: str, motifs: str, annotation: str, out: str, pvalue: float
) -> None:
    """Write regions × motifs with 1 where a motif matches, and the regions' GC content.

    Chromosomes are scanned one after the other; p-values are against the base composition of all
    regions.

    Parameters
    ----------
    regions, genome, motifs, annotation
        ``consensus.bed``, ``genome.fa``, ``motifs.jaspar``, ``motifs.tsv``.
    out
        ``scores.h5ad``.
    """
    table = read_bed(regions)
    collection = read_jaspar(motifs)
    with Fasta(genome, sequence_always_upper=True, rebuild=False) as fasta:
        sequences = [
            str(fasta[row.chrom][row.start : row.end]) for row in table.itertuples(index=False)
        ]
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
    without = int((np.asarray(matches.sum(axis=0)) == 0).sum())
    logger.info(
        "%d motifs × %d regions: %d matches; %d motifs without any",
        len(collection), len(table), matches.nnz, without,
    )  # fmt: skip
    check_scores(scores, path=out)
    write_h5ad(scores, out)
