"""Fragments: where they fall, how long they are, how often each was read."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

from multiome2vec.keys import CHROM, END, SAMPLE, START
from multiome2vec.simulate.design import (
    CHROMOSOMES,
    MITOCHONDRION,
    MITOCHONDRION_LENGTH,
    SAMPLES,
    Design,
)
from multiome2vec.simulate.types import log_profiles

BLOCK = 256  # nuclei at a time
LENGTHS = np.array([[72.0, 16.0], [195.0, 18.0], [385.0, 28.0]])  # mean, s.d.: 0, 1, 2 nucleosomes
MIX_OPEN = np.array([0.66, 0.26, 0.08])  # of the three lengths in open regions
MIX_CLOSED = np.array([0.38, 0.42, 0.20])
SHORTEST = 25
SPREAD = (38.0, 80.0, 110.0)  # bp, s.d. of the distance of a fragment's middle from the summit
BIN = 10_000  # bp: background level varies between bins
BIN_SD = 0.12
EMPTY_FRAGMENTS = 90.0  # mean fragments of an empty droplet
NAMES = (*CHROMOSOMES, MITOCHONDRION)
# a fragment is one sortable integer: chromosome | start | length | droplet
START_BITS, LENGTH_BITS, DROPLET_BITS = 28, 11, 16


@dataclass(frozen=True)
class Fragments:
    """Fragments of one sample, sorted by chromosome, start, end and barcode; no row twice."""

    chrom: np.ndarray  # index into NAMES
    start: np.ndarray
    end: np.ndarray
    droplet: np.ndarray  # row of the sample's barcodes
    count: np.ndarray  # read pairs

    def __len__(self) -> int:
        return self.start.size


@dataclass(frozen=True)
class Accessibility:
    """Opening of the regions by type and sample, and what changes along the trajectory."""

    log_opening: np.ndarray  # types × regions
    batch: np.ndarray  # samples × regions, log
    gc_score: np.ndarray  # standardised GC content of the regions
    switch: np.ndarray
    bump: np.ndarray


def draw_accessibility(
    rng: np.random.Generator,
    regions: pd.DataFrame,
    *,
    amplitude: np.ndarray,
    activity: np.ndarray,
    gc: np.ndarray,
    design: Design,
) -> Accessibility:
    """Draw batch effects and the course along the trajectory."""
    size = len(regions)
    batch = rng.normal(0, design.region_batch_sd, size) * np.array([[0.5], [-0.5]])
    transient = (regions["class"] == "shared").to_numpy()
    transient &= rng.random(size) < design.transient_regions
    return Accessibility(
        log_opening=np.log(amplitude * activity),
        batch=batch,
        gc_score=(gc - gc.mean()) / gc.std(),
        switch=rng.uniform(0.2, 0.8, size),
        bump=np.where(transient, rng.uniform(0.8, 1.3, size), 0.0),
    )


def choose_regions(
    rng: np.random.Generator,
    nuclei: pd.DataFrame,
    *,
    sample: int,
    access: Accessibility,
    numbers: np.ndarray,
    design: Design,
) -> np.ndarray:
    """Choose the region of every in-region fragment; nuclei one after the other.

    A region is taken with a chance proportional to exp(log opening + batch + b · GC), b being the
    nucleus's own GC bias, so counts are Poisson given the depth.
    """
    bias = rng.normal(0, design.gc_bias_sd, len(nuclei))
    chosen = []
    for first in range(0, len(nuclei), BLOCK):
        part = nuclei.iloc[first : first + BLOCK]
        log = log_profiles(
            access.log_opening,
            kinds=part["type"].to_numpy(),
            pseudotime=part["pseudotime"].to_numpy(),
            drift=part["drift"].to_numpy(),
            switch=access.switch,
            bump=access.bump,
        )
        log += access.batch[sample] + bias[first : first + BLOCK, None] * access.gc_score
        cumulative = np.cumsum(np.exp(log), axis=1)
        cumulative /= cumulative[:, -1:]
        row = np.repeat(np.arange(len(part)), numbers[first : first + BLOCK])
        stacked = (cumulative + np.arange(len(part))[:, None]).ravel()
        position = np.searchsorted(stacked, row + rng.random(row.size), side="right")
        chosen.append(np.minimum(position - row * log.shape[1], log.shape[1] - 1))
    return np.concatenate(chosen) if chosen else np.zeros(0, dtype=int)


def draw_lengths(
    rng: np.random.Generator, count: int, mix: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Draw how many nucleosomes each fragment spans (0, 1, 2) and its length."""
    span = np.searchsorted(np.cumsum(mix)[:-1], rng.random(count), side="right")
    length = rng.normal(LENGTHS[span, 0], LENGTHS[span, 1])
    return span, np.maximum(length, SHORTEST).astype(np.int64)


def background_positions(rng: np.random.Generator, count: int, levels: np.ndarray, design: Design):
    """Draw chromosome and middle of background fragments, bins of the genome weighted by level."""
    cumulative = np.cumsum(levels) / levels.sum()
    per_chromosome = levels.size // len(CHROMOSOMES)
    place = np.searchsorted(cumulative, rng.random(count), side="right")
    chrom = place // per_chromosome
    width = design.chromosome_length / per_chromosome
    return chrom, ((place % per_chromosome + rng.random(count)) * width).astype(np.int64)


def droplet_numbers(
    rng: np.random.Generator, nuclei: pd.DataFrame, droplets: int, design: Design
) -> dict[str, np.ndarray]:
    """Draw the number of fragments of every nucleus by origin, and of every empty droplet."""
    total = rng.poisson(nuclei["fragments"].to_numpy())
    mitochondrial = rng.binomial(total, design.mitochondrial)
    artefact = rng.binomial(total - mitochondrial, design.artefact)
    rest = total - mitochondrial - artefact
    inside = rng.binomial(rest, nuclei["in_regions"].to_numpy())
    filled = np.zeros(droplets, dtype=bool)
    filled[nuclei["droplet"]] = True
    stray = rng.poisson(EMPTY_FRAGMENTS * rng.lognormal(-0.1, 0.5, droplets))
    return {
        "mitochondrial": mitochondrial,
        "artefact": artefact,
        "inside": inside,
        "background": rest - inside,
        "stray": np.where(filled, 0, stray),
    }


def pack(chrom, middle, length, droplet, limits: np.ndarray) -> np.ndarray:
    """Code fragments as sortable integers, shifted into their chromosome where they stick out."""
    start = np.clip(middle - length // 2, 0, limits[chrom] - length)
    code = (chrom.astype(np.int64) << START_BITS) + start
    return (((code << LENGTH_BITS) + length) << DROPLET_BITS) + droplet


def unpack(code: np.ndarray, count: np.ndarray) -> Fragments:
    """Decode sorted integers."""
    droplet = (code & ((1 << DROPLET_BITS) - 1)).astype(np.int32)
    code = code >> DROPLET_BITS
    length = code & ((1 << LENGTH_BITS) - 1)
    code = code >> LENGTH_BITS
    start = code & ((1 << START_BITS) - 1)
    return Fragments(
        chrom=(code >> START_BITS).astype(np.int8),
        start=start.astype(np.int32),
        end=(start + length).astype(np.int32),
        droplet=droplet,
        count=count.astype(np.int32),
    )


def simulate_fragments(
    rng: np.random.Generator,
    nuclei: pd.DataFrame,
    *,
    sample: int,
    droplets: int,
    regions: pd.DataFrame,
    blacklist: pd.DataFrame,
    access: Accessibility,
    design: Design,
) -> Fragments:
    """Simulate all fragments of one sample.

    Parameters
    ----------
    nuclei
        Those of this sample; ``droplet`` counts from 0 within the sample.
    sample, droplets
        Index of the sample, and its number of barcodes.
    """
    order = {name: i for i, name in enumerate(NAMES)}
    limits = np.array([design.chromosome_length] * len(CHROMOSOMES) + [MITOCHONDRION_LENGTH])
    numbers = droplet_numbers(rng, nuclei, droplets, design)
    owner = nuclei["droplet"].to_numpy()
    bins = max(1, design.chromosome_length // BIN)
    levels = rng.lognormal(0, BIN_SD, bins * len(CHROMOSOMES))
    codes = []

    inside = np.repeat(owner, numbers["inside"])
    region = choose_regions(
        rng, nuclei, sample=sample, access=access, numbers=numbers["inside"], design=design
    )
    span, length = draw_lengths(rng, inside.size, MIX_OPEN)
    middle = regions["summit"].to_numpy()[region]
    middle = middle + rng.normal(0, np.asarray(SPREAD)[span]).astype(np.int64)
    chrom = regions[CHROM].map(order).to_numpy()[region]
    codes.append(pack(chrom, middle, length, inside, limits))

    outside = np.concatenate(
        [np.repeat(owner, numbers["background"]), np.repeat(np.arange(droplets), numbers["stray"])]
    )
    chrom, middle = background_positions(rng, outside.size, levels, design)
    _, length = draw_lengths(rng, outside.size, MIX_CLOSED)
    codes.append(pack(chrom, middle, length, outside, limits))

    piled = np.repeat(owner, numbers["artefact"])
    which = rng.integers(0, len(blacklist), piled.size)
    centre = (blacklist[START] + blacklist[END]).to_numpy()[which] // 2
    _, length = draw_lengths(rng, piled.size, MIX_CLOSED)
    middle = centre + rng.normal(0, 100, piled.size).astype(np.int64)
    codes.append(pack(blacklist[CHROM].map(order).to_numpy()[which], middle, length, piled, limits))

    organelle = np.repeat(owner, numbers["mitochondrial"])
    _, length = draw_lengths(rng, organelle.size, MIX_OPEN)
    middle = rng.integers(0, MITOCHONDRION_LENGTH, organelle.size)
    chrom = np.full(organelle.size, order[MITOCHONDRION])
    codes.append(pack(chrom, middle, length, organelle, limits))

    code, copies = np.unique(np.concatenate(codes), return_counts=True)
    reads = copies - 1 + rng.geometric(1 - design.duplication, code.size)
    return unpack(code, reads)


def simulate_atac(
    rng: np.random.Generator,
    droplets: pd.DataFrame,
    nuclei: pd.DataFrame,
    *,
    regions: pd.DataFrame,
    blacklist: pd.DataFrame,
    access: Accessibility,
    design: Design,
) -> dict[str, Fragments]:
    """Simulate the fragments of both samples, by sample name."""
    result = {}
    first = 0
    for i, name in enumerate(SAMPLES):
        count = int((droplets[SAMPLE] == name).sum())
        mine = nuclei[nuclei["droplet"].between(first, first + count - 1)]
        result[name] = simulate_fragments(
            rng,
            mine.assign(droplet=mine["droplet"] - first),
            sample=i,
            droplets=count,
            regions=regions,
            blacklist=blacklist,
            access=access,
            design=design,
        )
        first += count
    return result


def count_cut_sites(
    fragments: Fragments, intervals: pd.DataFrame, droplets: int
) -> sparse.csr_matrix:
    """Count fragment ends in sorted, disjoint intervals, as cellranger-arc's peak matrix does.

    Returns
    -------
    Droplets × intervals, int32.
    """
    order = {name: i for i, name in enumerate(NAMES)}
    offset = intervals[CHROM].map(order).to_numpy().astype(np.int64) << START_BITS
    low, high = offset + intervals[START].to_numpy(), offset + intervals[END].to_numpy()
    rows, columns = [], []
    for site in (fragments.start, fragments.end - 1):
        code = (fragments.chrom.astype(np.int64) << START_BITS) + site
        column = np.searchsorted(low, code, side="right") - 1
        hit = (column >= 0) & (code < high[np.maximum(column, 0)])
        rows.append(fragments.droplet[hit])
        columns.append(column[hit])
    row, column = np.concatenate(rows), np.concatenate(columns)
    ones = np.ones(row.size, dtype=np.int32)
    return sparse.csr_matrix((ones, (row, column)), (droplets, len(intervals)), dtype=np.int32)
