"""Binding sites: drawn from JASPAR matrices, planted into enhancers and, as decoys, elsewhere."""

from functools import cache

import numpy as np
import pandas as pd

from multiome2vec.keys import CHROM, END, START
from multiome2vec.simulate.design import CHROMOSOMES, Design
from multiome2vec.simulate.genome import BASES

RELEASE = "JASPAR2026"
SITE_PVALUE = 5e-6  # of a planted site, against uniform bases: ten times stricter than a scan
SCAN_PVALUE = 5e-5
PSEUDOCOUNT = 0.5
SITE_SPREAD = 70  # bp, s.d. of a site's distance from the summit
TWIN_SHARE = 0.1  # of the sites of a factor that another motif must match to count as its twin
TWIN_SITES = 200
ROUNDING = 1e-3  # of scores; motifs too short for the p-value match by their best word alone
FLANK = 15  # random bp either side of a site in the search for twins
MARGIN = 100  # bp between a decoy in closed chromatin and anything else
COMPLEMENT = np.zeros(256, dtype=np.uint8)
COMPLEMENT[BASES] = BASES[::-1]


@cache
def core_vertebrate_motifs() -> list:
    """All JASPAR CORE vertebrate motifs of the release, from the database inside pyjaspar."""
    from pyjaspar import jaspardb

    return jaspardb(release=RELEASE).fetch_motifs(collection="CORE", tax_group=["vertebrates"])


def probabilities(motif) -> np.ndarray:
    """Turn a motif's counts, with a pseudo-count, into base probabilities (positions × ACGT)."""
    counts = np.array([motif.counts[base] for base in "ACGT"], dtype=float).T + PSEUDOCOUNT
    return counts / counts.sum(axis=1, keepdims=True)


def scoring_matrix(matrix: np.ndarray):
    """Log odds (base 2) against uniform bases, as a lightmotif matrix with its p-values."""
    import lightmotif

    odds = np.log2(matrix / 0.25)
    return lightmotif.ScoringMatrix({base: odds[:, i].tolist() for i, base in enumerate("ACGT")})


def draw_sites(rng: np.random.Generator, matrix: np.ndarray, count: int) -> np.ndarray:
    """Draw binding sites from a matrix, keeping only those that score at ``SITE_PVALUE`` or better.

    Returns
    -------
    Base codes 0 to 3, sites × positions.
    """
    threshold = scoring_matrix(matrix).score(SITE_PVALUE)
    odds = np.log2(matrix / 0.25)
    cumulative = np.cumsum(matrix, axis=1)
    kept = np.zeros((0, len(matrix)), dtype=np.uint8)
    while len(kept) < count:
        u = rng.random((4 * count + 16, len(matrix), 1))
        draws = np.minimum((u > cumulative).sum(axis=2), 3).astype(np.uint8)
        score = odds[np.arange(len(matrix)), draws].sum(axis=1)
        kept = np.concatenate([kept, draws[score >= threshold]])
    return kept[:count]


def find_twins(rng: np.random.Generator, matrices: dict[str, np.ndarray], motifs: list) -> dict:
    """Find, for each factor, the motifs that match its sites and so cannot be told from it.

    Parameters
    ----------
    matrices
        Base probabilities by factor.
    motifs
        All motifs that a user may scan.

    Returns
    -------
    Matrix ids by factor: those that match at least ``TWIN_SHARE`` of its sites at p < 5e-5.
    """
    import lightmotif

    striped = {}
    for name, matrix in matrices.items():
        sites = draw_sites(rng, matrix, TWIN_SITES)
        padded = rng.integers(0, 4, (TWIN_SITES, sites.shape[1] + 2 * FLANK), dtype=np.uint8)
        padded[:, FLANK:-FLANK] = sites
        striped[name] = (padded.shape[1], lightmotif.stripe(BASES[padded].tobytes().decode()))
    twins: dict[str, list[str]] = {name: [] for name in matrices}
    for motif in motifs:
        forward = scoring_matrix(probabilities(motif))
        threshold = min(forward.score(SCAN_PVALUE), forward.max_score() - ROUNDING)
        strands = (forward, forward.reverse_complement())
        for name, (period, sequence) in striped.items():
            hits = {
                hit.position // period
                for strand in strands
                for hit in lightmotif.scan(strand, sequence, threshold=threshold)
            }
            if len(hits) >= TWIN_SHARE * TWIN_SITES:
                twins[name].append(motif.matrix_id)
    return twins


def spots_in_regions(
    rng: np.random.Generator, regions: pd.DataFrame, *, length: int, most: int
) -> pd.DataFrame:
    """Choose 1 to ``most`` starts per region, near the summit and not overlapping each other."""
    count = rng.integers(1, most + 1, len(regions))
    step = length + 4
    first = regions["summit"] + rng.normal(0, SITE_SPREAD, len(regions)).astype(int) - length // 2
    first = np.clip(first, regions[START], regions[END] - most * step).to_numpy()
    row = np.repeat(np.arange(len(regions)), count)
    nth = np.arange(row.size) - np.repeat(np.cumsum(count) - count, count)
    return pd.DataFrame(
        {
            CHROM: regions[CHROM].to_numpy()[row],
            START: first[row] + nth * step,
            "region": regions["name"].to_numpy()[row],
        }
    )


def spots_in_closed(
    rng: np.random.Generator, taken: pd.DataFrame, *, length: int, count: int, design: Design
) -> pd.DataFrame:
    """Choose starts in closed chromatin, ``MARGIN`` away from every interval of ``taken``."""
    spots = pd.DataFrame(
        {
            CHROM: np.asarray(CHROMOSOMES)[rng.integers(0, len(CHROMOSOMES), 3 * count)],
            START: rng.integers(1000, design.chromosome_length - 1000, 3 * count),
            "region": "",
        }
    )
    keep = np.zeros(len(spots), dtype=bool)
    for name, group in taken.groupby(CHROM):
        here = np.flatnonzero(spots[CHROM] == name)
        at = spots[START].to_numpy()[here]
        begun = np.searchsorted(np.sort(group[START]) - MARGIN - length, at, side="right")
        ended = np.searchsorted(np.sort(group[END]) + MARGIN, at, side="right")
        order = np.argsort(at, kind="stable")
        apart = np.ones(at.size, dtype=bool)
        apart[order[1:]] = np.diff(at[order]) > length + MARGIN
        keep[here] = (begun == ended) & apart
    return spots[keep].iloc[:count]


def plant(
    rng: np.random.Generator,
    sequence: dict[str, np.ndarray],
    regions: pd.DataFrame,
    *,
    blacklist: pd.DataFrame,
    matrices: dict[str, np.ndarray],
    design: Design,
) -> pd.DataFrame:
    """Write the sites of every factor into ``sequence`` (in place).

    Each specific enhancer of a branch gets one to three sites of the branch's factor. Decoys of
    the same factor go to closed chromatin and to some shared regions.

    Returns
    -------
    One row per site: chrom, start, end, strand, tf, matrix_id, region (empty in closed chromatin),
    decoy, sequence (as it reads on ``strand``).
    """
    shared = regions[regions["class"] == "shared"]
    shared = shared.iloc[rng.permutation(len(shared))]
    open_decoys = round(design.decoys_open * design.megabases)
    closed_decoys = round(design.decoys_closed * design.megabases)
    taken = pd.concat([regions[[CHROM, START, END]], blacklist], ignore_index=True)
    tables = []
    for i, node in enumerate(design.nodes):
        matrix = matrices[node.factor]
        length = len(matrix)
        own = spots_in_regions(rng, regions[regions["node"] == node.name], length=length, most=3)
        some = shared.iloc[i * open_decoys : (i + 1) * open_decoys]
        decoy = spots_in_regions(rng, some, length=length, most=1)
        closed = spots_in_closed(rng, taken, length=length, count=closed_decoys, design=design)
        table = pd.concat([own, decoy, closed], ignore_index=True)
        table["decoy"] = np.arange(len(table)) >= len(own)
        taken = pd.concat([taken, closed.assign(end=closed[START] + length)], ignore_index=True)
        table["tf"], table["matrix_id"] = node.factor, node.matrix_id
        table[END] = table[START] + length
        sites = BASES[draw_sites(rng, matrix, len(table))]
        forward = rng.random(len(table)) < 0.5
        table["strand"] = np.where(forward, "+", "-")
        for chrom, start, site, plus in zip(
            table[CHROM], table[START], sites, forward, strict=True
        ):
            sequence[chrom][start : start + length] = site if plus else COMPLEMENT[site[::-1]]
        table["sequence"] = [site.tobytes().decode() for site in sites]
        tables.append(table)
    columns = [CHROM, START, END, "strand", "tf", "matrix_id", "region", "decoy", "sequence"]
    return pd.concat(tables, ignore_index=True)[columns]
