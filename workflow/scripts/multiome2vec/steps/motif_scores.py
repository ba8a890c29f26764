"""Score every motif in every consensus region: what enrichment ranks regions by."""

import logging
from functools import partial

import numpy as np
import pandas as pd

from multiome2vec.io.atomic import atomic_path
from multiome2vec.io.regions import read_bed, region_names
from multiome2vec.io.score_store import CHUNK_MOTIFS, CHUNK_REGIONS, SCORES, SHUFFLED, create_store
from multiome2vec.logs import progress
from multiome2vec.motifs.best import best_scores
from multiome2vec.motifs.formats import read_motifs
from multiome2vec.motifs.scan import base_composition, log_odds, score_threshold
from multiome2vec.motifs.shuffle import dinucleotide_shuffle
from multiome2vec.steps.motif_scan import read_sequences

logger = logging.getLogger(__name__)


def motif_scores(
    *, regions: str, genome: str, motifs: str, out: str, pvalue: float, threads: int,
    shuffle_seed: int | None = None,
) -> None:  # fmt: skip
    """Write each motif's best score in each region, streamed over blocks of regions.

    Parameters
    ----------
    regions, genome, motifs
        ``consensus.bed``, ``genome.fa``, ``motifs.jaspar``.
    out
        ``best_scores.zarr`` (:mod:`multiome2vec.io.score_store`).
    pvalue
        Threshold of a match; the score that reaches it is kept beside each motif.
    threads
        Motifs scored at once.
    shuffle_seed
        Also score each region's sequence shuffled (dinucleotides kept) with this seed; None not to.
    """
    table, collection = read_bed(regions), read_motifs(motifs)
    sequences = read_sequences(table, genome)
    background = base_composition(sequences)
    limits = [
        score_threshold(log_odds(motif, background), background, pvalue=pvalue)
        for motif in collection
    ]
    texts = {SCORES: sequences}
    if shuffle_seed is not None:
        rng = np.random.default_rng(shuffle_seed)
        texts[SHUFFLED] = [dinucleotide_shuffle(sequence, rng=rng) for sequence in sequences]
    with atomic_path(out) as partial_path:
        names = pd.Index([motif.name for motif in collection])
        stores = create_store(
            partial_path,
            regions=region_names(table),
            motifs=names,
            limits=limits,
            names=list(texts),
        )
        blocks = range(0, len(sequences), CHUNK_REGIONS)
        for number, start in enumerate(blocks, start=1):
            what = f"motifs in block {number} of {len(blocks)}"
            show = partial(progress, total=len(collection), what=what)
            rows = slice(start, min(start + CHUNK_REGIONS, len(sequences)))
            for store, text in zip(stores, texts.values(), strict=True):
                store[rows] = best_scores(
                    text[rows], collection,
                    background=background, threads=threads, progress=show,
                )  # fmt: skip
    logger.info(
        "%d motifs in %d regions, %d motifs per chunk", len(names), len(table), CHUNK_MOTIFS
    )
    logger.info("median score of a match: %.1f bits", np.median(limits))
