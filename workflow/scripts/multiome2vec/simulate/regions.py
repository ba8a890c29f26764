"""Regulatory regions: where they are, in which types they open and how much."""

import numpy as np
import pandas as pd
from scipy.special import expit, ndtri

from multiome2vec.errors import UserError
from multiome2vec.keys import CHROM, END, START
from multiome2vec.simulate.design import CHROMOSOMES, Design
from multiome2vec.simulate.types import PLASTIC, TYPES, sisters

GRID = 1400  # bp between places where an enhancer may be
CLEARANCE = 1100  # bp between an enhancer and any TSS
PROMOTER_SHIFT = 30  # bp from the TSS upstream to the summit of its promoter
OPEN = 0.4  # share of a region's largest opening from which it counts as open in a type
DRIFT_STEPS = 100


def enhancer_places(rng: np.random.Generator, genes: pd.DataFrame, design: Design) -> pd.DataFrame:
    """Give every place (chrom, summit) away from transcription start sites, in random order."""
    places = []
    for chrom in CHROMOSOMES:
        summit = np.arange(3 * GRID, design.chromosome_length - 3 * GRID, GRID)
        summit = summit + rng.integers(-250, 250, summit.size)
        tss = np.sort(genes.loc[genes[CHROM] == chrom, "tss"].to_numpy())
        right = np.searchsorted(tss, summit)
        distance = np.minimum(
            np.abs(summit - tss[np.maximum(right - 1, 0)]),
            np.abs(summit - tss[np.minimum(right, tss.size - 1)]),
        )
        places.append(pd.DataFrame({CHROM: chrom, "summit": summit[distance >= CLEARANCE]}))
    table = pd.concat(places, ignore_index=True)
    return table.iloc[rng.permutation(len(table))].reset_index(drop=True)


def place_regions(
    rng: np.random.Generator, genes: pd.DataFrame, design: Design
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Place promoters, shared and specific enhancers, and the artefact intervals.

    Returns
    -------
    regions
        Sorted by position: chrom, start, end, summit, class (promoter, shared, specific), node
        (branch of the tree, empty if not specific), gene (id, of a promoter), gc_target.
    blacklist
        chrom, start, end of the artefact intervals.
    """
    wanted = [("shared", "", round(design.shared_enhancers * design.megabases))]
    wanted += [("specific", n.name, round(n.enhancers * design.megabases)) for n in design.nodes]
    label = np.repeat(np.arange(len(wanted)), [count for _, _, count in wanted])
    places = enhancer_places(rng, genes, design)
    if len(places) < label.size + design.blacklisted:
        raise UserError(
            f"{label.size} enhancers do not fit between {design.genes} genes on chromosomes of "
            f"{design.chromosome_length} bp: lower simulate.genes or raise "
            "simulate.chromosome_length."
        )
    enhancers = places.iloc[: label.size].copy()
    enhancers["class"] = [wanted[i][0] for i in label]
    enhancers["node"] = [wanted[i][1] for i in label]
    enhancers["gene"] = ""
    offset = np.concatenate([[0], rng.normal(0, 0.03, len(design.nodes))])
    enhancers["gc_target"] = design.enhancer_gc + offset[label] + rng.normal(0, 0.04, label.size)

    open_genes = genes[genes["expressed"] & genes[CHROM].isin(CHROMOSOMES)]
    promoters = pd.DataFrame(
        {
            CHROM: open_genes[CHROM],
            "summit": open_genes["tss"] - PROMOTER_SHIFT * open_genes["strand"],
            "class": "promoter",
            "node": "",
            "gene": open_genes["gene_id"],
            "gc_target": design.promoter_gc,
        }
    )
    regions = pd.concat([promoters, enhancers], ignore_index=True)
    half = rng.integers(210, 290, len(regions))
    regions[START], regions[END] = regions["summit"] - half, regions["summit"] + half
    regions = regions.sort_values([CHROM, START], ignore_index=True)
    regions.insert(0, "name", [f"region_{i:05d}" for i in range(1, len(regions) + 1)])

    artefacts = places.iloc[label.size : label.size + design.blacklisted]
    width = rng.integers(400, 700, design.blacklisted)
    blacklist = pd.DataFrame(
        {
            CHROM: artefacts[CHROM].to_numpy(),
            START: artefacts["summit"].to_numpy() - width,
            END: artefacts["summit"].to_numpy() + width,
        }
    )
    return regions, blacklist.sort_values([CHROM, START], ignore_index=True)


def add_markers(
    rng: np.random.Generator, genes: pd.DataFrame, regions: pd.DataFrame, design: Design
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Choose the factors' genes and the markers of every branch, close to its enhancers.

    Returns
    -------
    genes
        With columns ``node`` (branch that the gene marks, or empty) and ``factor`` (bool); the
        factors' genes bear their real symbols.
    regions
        With column ``target``: the marker that lies closest to a specific enhancer of its branch.
    """
    genes, regions = genes.copy(), regions.copy()
    genes["node"], genes["factor"] = "", False
    regions["target"] = ""
    nuclear = genes[CHROM].isin(CHROMOSOMES)
    total = int((genes["expressed"] & nuclear).sum())
    enhancers = {node.name: np.flatnonzero(regions["node"] == node.name) for node in design.nodes}
    position = {name: i * 10**9 for i, name in enumerate(CHROMOSOMES)}
    tss = (genes[CHROM].map(position) + genes["tss"]).to_numpy()
    summit = (regions[CHROM].map(position) + regions["summit"]).to_numpy()
    for node in design.nodes:
        mine = enhancers[node.name]
        count = max(2, round(node.markers * total))
        free = np.flatnonzero(genes["expressed"] & nuclear & (genes["node"] == ""))
        distance = np.abs(tss[free][:, None] - summit[mine][None]).min(axis=1)
        near = free[np.argsort(distance, kind="stable")[: 3 * count + 1]]
        chosen = rng.choice(near, size=count + 1, replace=False)
        genes.loc[chosen, "node"] = node.name
        genes.loc[chosen[0], ["factor", "gene_name", "gene_type"]] = (
            True,
            node.factor,
            "protein_coding",
        )
        closest = np.abs(tss[chosen][:, None] - summit[mine][None]).argmin(axis=0)
        within = np.abs(tss[chosen][closest] - summit[mine]) < 20_000
        names = genes["gene_name"].to_numpy()[chosen][closest]
        regions.loc[mine, "target"] = np.where(within, names, "")
    return genes, regions


def opening(
    rng: np.random.Generator, genes: pd.DataFrame, regions: pd.DataFrame, design: Design
) -> tuple[np.ndarray, np.ndarray]:
    """Draw the opening of every region in every type.

    Returns
    -------
    amplitude
        Fragments per cell where open, relative to other regions; one per region.
    activity
        Types × regions: 1 where open, ``closed`` where not, between in a sister type.
    """
    size = len(regions)
    base = pd.Series(design.shared_amplitude, index=regions.index)
    base[regions["class"] == "promoter"] = design.promoter_amplitude
    activity = np.ones((len(TYPES), size))
    marks = regions["gene"].map(dict(zip(genes["gene_id"], genes["node"], strict=True)))
    for node in design.nodes:
        specific = (regions["node"] == node.name).to_numpy()
        base[specific] = node.amplitude
        promoter = (marks == node.name).to_numpy()
        outside = [i for i, name in enumerate(TYPES) if name not in node.members]
        activity[np.ix_(outside, specific)] = design.closed
        activity[np.ix_(outside, promoter)] = node.primed
        for name in sisters(node):
            activity[TYPES.index(name), specific] = max(node.leak, design.closed)
    amplitude = base.to_numpy() * np.exp(rng.normal(0, design.amplitude_sd, size))
    for node in design.nodes:
        noise = np.exp(rng.normal(0, node.region_noise, size))
        activity[[TYPES.index(name) for name in node.members]] *= noise
    return amplitude, activity


def mean_opening(log_opening: np.ndarray, design: Design) -> np.ndarray:
    """Average the opening (types × regions) over the drift of the plastic types' chromatin."""
    quantiles = (np.arange(DRIFT_STEPS) + 0.5) / DRIFT_STEPS
    drift = expit(design.drift_mean + design.drift_sd * ndtri(quantiles))[:, None]
    mean = np.exp(log_opening)
    rows = [TYPES.index(name) for name in PLASTIC]
    for own, other in (rows, rows[::-1]):
        way = log_opening[other] - log_opening[own]
        mean[own] = np.exp(log_opening[own] + drift * way).mean(axis=0)
    return mean


def open_types(mean: np.ndarray) -> list[str]:
    """Types (joined by commas) in which each region opens to ``OPEN`` of its largest opening."""
    names = np.asarray(TYPES)
    return [",".join(names[column >= OPEN * column.max()]) for column in mean.T]
