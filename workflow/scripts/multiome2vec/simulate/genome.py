"""Genes on three chromosomes, and a sequence with isochores, GC-rich promoters and few CpG."""

import numpy as np
import pandas as pd

from multiome2vec.keys import CHROM, END, START
from multiome2vec.simulate.design import (
    CHROMOSOMES,
    MITOCHONDRION,
    MITOCHONDRION_LENGTH,
    Design,
)

BASES = np.frombuffer(b"ACGT", dtype=np.uint8)
ISOCHORE = 50_000  # bp
PROMOTER = 300  # bp either side of the TSS that are GC-rich
MITOCHONDRIAL_GENES = (  # in the order of chrM
    *("ND1", "ND2", "CO1", "CO2", "ATP8", "ATP6", "CO3"),
    *("ND3", "ND4L", "ND4", "ND5", "ND6", "CYB"),
)


def lay_out_genes(rng: np.random.Generator, design: Design) -> pd.DataFrame:
    """Place the nuclear genes evenly with jitter on both strands, then the mitochondrial ones.

    Returns
    -------
    One row per gene, sorted by position: gene_id, gene_name, gene_type, chrom, start, end (0-based,
    half open), strand (1 or −1), tss, expressed.
    """
    chrom = np.sort(np.arange(design.genes) % len(CHROMOSOMES))
    count = np.bincount(chrom, minlength=len(CHROMOSOMES))
    rank = np.arange(design.genes) - (np.cumsum(count) - count)[chrom]
    spacing = design.chromosome_length / count[chrom]
    strand = rng.choice([1, -1], size=design.genes)
    length = spacing * rng.uniform(0.3, 0.55, design.genes)
    start = (rank + rng.uniform(0.2, 0.4, design.genes)) * spacing
    genes = pd.DataFrame(
        {
            CHROM: np.asarray(CHROMOSOMES)[chrom],
            START: start.astype(int),
            END: (start + length).astype(int),
            "strand": strand,
            "gene_type": np.where(rng.random(design.genes) < 0.1, "lncRNA", "protein_coding"),
            "expressed": rng.random(design.genes) < design.expressed,
        }
    )
    genes.insert(0, "gene_name", [f"SIM{i:05d}" for i in range(1, design.genes + 1)])
    slot = MITOCHONDRION_LENGTH // (len(MITOCHONDRIAL_GENES) + 1)
    first = 500 + slot * np.arange(len(MITOCHONDRIAL_GENES))
    mitochondrial = pd.DataFrame(
        {
            "gene_name": [f"MT-{name}" for name in MITOCHONDRIAL_GENES],
            CHROM: MITOCHONDRION,
            START: first,
            END: first + slot - 100,
            "strand": 1,
            "gene_type": "protein_coding",
            "expressed": True,
        }
    )
    genes = pd.concat([genes, mitochondrial], ignore_index=True)
    genes.insert(0, "gene_id", [f"ENSG{i:011d}" for i in range(1, len(genes) + 1)])
    genes["tss"] = np.where(genes["strand"] == 1, genes[START], genes[END] - 1)
    return genes


def base_composition(
    rng: np.random.Generator, length: int, *, genes: pd.DataFrame, regions: pd.DataFrame, design
) -> np.ndarray:
    """Chance of G or C at every base of one chromosome: isochores, promoters, enhancers."""
    knots = length // ISOCHORE + 2
    levels = rng.normal(design.gene_gc - 0.05, design.isochore_sd, knots)
    gc = np.interp(np.arange(length), np.arange(knots) * ISOCHORE, levels)
    for start, end, value in zip(regions[START], regions[END], regions["gc_target"], strict=True):
        gc[start:end] = value
    for tss, expressed in zip(genes["tss"], genes["expressed"], strict=True):
        peak = design.promoter_gc - (0 if expressed else 0.08)
        gc[max(tss - PROMOTER, 0) : tss + PROMOTER] = peak
    return np.clip(gc, 0.3, 0.75)


def draw_sequence(
    rng: np.random.Generator, genes: pd.DataFrame, regions: pd.DataFrame, design: Design
) -> dict[str, np.ndarray]:
    """Draw the bases of every chromosome, as ASCII codes.

    Bases are independent given the local GC content; then each CpG outside promoters becomes TpG
    with chance 1 − ``cpg_kept``, as methylated CpG decay in vertebrates.
    """
    sequence = {}
    for chrom in (*CHROMOSOMES, MITOCHONDRION):
        length = MITOCHONDRION_LENGTH if chrom == MITOCHONDRION else design.chromosome_length
        here = genes[genes[CHROM] == chrom]
        nuclear = here if chrom != MITOCHONDRION else here.iloc[:0]
        gc = base_composition(
            rng, length, genes=nuclear, regions=regions[regions[CHROM] == chrom], design=design
        )
        strong = rng.random(length) < gc
        coin = rng.random(length) < 0.5
        code = np.where(strong, np.where(coin, 1, 2), np.where(coin, 0, 3))
        decayed = (code[:-1] == 1) & (code[1:] == 2) & (rng.random(length - 1) > design.cpg_kept)
        for tss in nuclear["tss"]:
            decayed[max(tss - PROMOTER, 0) : tss + PROMOTER] = False
        code[:-1][decayed] = 3
        sequence[chrom] = BASES[code]
    return sequence


def gc_content(
    sequence: dict[str, np.ndarray], chrom: pd.Series, start: pd.Series, end: pd.Series
) -> np.ndarray:
    """Share of G and C in each interval."""
    strong = {}
    for name, bases in sequence.items():
        is_strong = (bases == ord("G")) | (bases == ord("C"))
        strong[name] = np.concatenate([[0], np.cumsum(is_strong)])
    return np.array(
        [(strong[c][e] - strong[c][s]) / (e - s) for c, s, e in zip(chrom, start, end, strict=True)]
    )
