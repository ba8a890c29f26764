"""The whole simulation, in memory."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

from multiome2vec.keys import CHROM, END, SAMPLE, START
from multiome2vec.simulate.atac import (
    Accessibility,
    Fragments,
    count_cut_sites,
    draw_accessibility,
    simulate_atac,
)
from multiome2vec.simulate.cells import draw_droplets, draw_nuclei, truth_table
from multiome2vec.simulate.design import SAMPLES, Design
from multiome2vec.simulate.genome import draw_sequence, gc_content, lay_out_genes
from multiome2vec.simulate.motifs import (
    core_vertebrate_motifs,
    find_twins,
    plant,
    probabilities,
)
from multiome2vec.simulate.regions import (
    add_markers,
    mean_opening,
    open_types,
    opening,
    place_regions,
)
from multiome2vec.simulate.rna import simulate_rna
from multiome2vec.simulate.types import TYPES

PEAK_JITTER = 20  # bp, s.d. of the borders of the peaks in the 10x matrix


@dataclass(frozen=True)
class Dataset:
    """Everything that a multiome run delivers, and the truth behind it.

    Attributes
    ----------
    sequence
        ASCII codes of the bases by chromosome.
    genes, regions, tfs, sites
        Truth tables; ``regions`` sorted by position.
    blacklist
        Artefact intervals.
    cells
        Truth of every barcode, samples one after the other.
    counts
        RNA counts, barcodes × genes, rows as ``cells``.
    fragments
        By sample; ``droplet`` counts rows of ``cells`` from the sample's first.
    peaks, peak_counts
        Peaks as the 10x software would call them, and cut sites in them, rows as ``cells``.
    """

    sequence: dict[str, np.ndarray]
    genes: pd.DataFrame
    regions: pd.DataFrame
    blacklist: pd.DataFrame
    tfs: pd.DataFrame
    sites: pd.DataFrame
    cells: pd.DataFrame
    counts: sparse.csr_matrix
    fragments: dict[str, Fragments]
    peaks: pd.DataFrame
    peak_counts: sparse.csr_matrix


def factor_table(rng: np.random.Generator, motifs: list, design: Design) -> pd.DataFrame:
    """Tabulate the planted factors: their types, JASPAR family and twins.

    Twins are the motifs of the same family and those of :func:`find_twins`.
    """
    by_id = {motif.matrix_id: motif for motif in motifs}
    matrices = {node.factor: probabilities(by_id[node.matrix_id]) for node in design.nodes}
    twins = find_twins(rng, matrices, motifs)
    for node in design.nodes:
        own = set(by_id[node.matrix_id].tf_family)
        family = {motif.matrix_id for motif in motifs if own & set(motif.tf_family or [])}
        twins[node.factor] = sorted(family | set(twins[node.factor]))
    return pd.DataFrame(
        [
            {
                "tf": node.factor,
                "matrix_id": node.matrix_id,
                "node": node.name,
                "types": ",".join(node.members),
                "family": "::".join(by_id[node.matrix_id].tf_family),
                "twins": ",".join(twins[node.factor]),
                "twin_names": ",".join(by_id[twin].name for twin in twins[node.factor]),
            }
            for node in design.nodes
        ]
    )


def region_truth(regions: pd.DataFrame, *, access: Accessibility, design: Design) -> pd.DataFrame:
    """Tabulate the regions with ``acc_<type>``: fragments per cell of median depth in each type."""
    factor = {node.name: node.factor for node in design.nodes}
    table = regions[[CHROM, START, END, "name", "class", "node", "summit", "gene", "target"]].copy()
    opening_by_type = mean_opening(access.log_opening, design)
    table["types"] = open_types(opening_by_type)
    table["tf"] = table["node"].map(factor).fillna("")
    table["transient"] = access.bump > 0
    share = opening_by_type / opening_by_type.sum(axis=1, keepdims=True)
    usable = 1 - design.mitochondrial - design.artefact
    expected = share * design.fragments * usable * design.in_regions
    for name, row in zip(TYPES, expected, strict=True):
        table[f"acc_{name}"] = row.round(5)
    return table


def delivered_peaks(rng: np.random.Generator, regions: pd.DataFrame) -> pd.DataFrame:
    """Shift the borders of the regions a little, as a peak caller would place them."""
    jitter = rng.normal(0, PEAK_JITTER, (2, len(regions))).astype(int)
    return pd.DataFrame(
        {
            CHROM: regions[CHROM],
            START: regions[START] + jitter[0],
            END: regions[END] + jitter[1],
        }
    )


def simulate_dataset(design: Design, *, seed: int) -> Dataset:
    """Simulate one dataset; equal arguments give equal results.

    Each part draws from a stream of its own, so that changing one leaves the others as they are.
    """
    layout, bases, planting, barcodes, expression, access_rng, reads, twins = (
        np.random.default_rng(child) for child in np.random.SeedSequence(seed).spawn(8)
    )
    motifs = core_vertebrate_motifs()
    tfs = factor_table(twins, motifs, design)
    genes = lay_out_genes(layout, design)
    regions, blacklist = place_regions(layout, genes, design)
    genes, regions = add_markers(layout, genes, regions, design)

    sequence = draw_sequence(bases, genes, regions, design)
    by_id = {motif.matrix_id: motif for motif in motifs}
    sites = plant(
        planting,
        sequence,
        regions,
        blacklist=blacklist,
        matrices={node.factor: probabilities(by_id[node.matrix_id]) for node in design.nodes},
        design=design,
    )

    droplets = draw_droplets(barcodes, design)
    nuclei = draw_nuclei(barcodes, droplets, design)
    counts, gene_truth = simulate_rna(expression, genes, droplets, nuclei, design)

    amplitude, activity = opening(access_rng, genes, regions, design)
    gc = gc_content(sequence, regions[CHROM], regions[START], regions[END])
    access = draw_accessibility(
        access_rng, regions, amplitude=amplitude, activity=activity, gc=gc, design=design
    )
    fragments = simulate_atac(
        reads,
        droplets,
        nuclei,
        regions=regions,
        blacklist=blacklist,
        access=access,
        design=design,
    )
    peaks = delivered_peaks(reads, regions)
    sizes = droplets.groupby(SAMPLE).size()
    peak_counts = [count_cut_sites(fragments[name], peaks, sizes[name]) for name in SAMPLES]
    return Dataset(
        sequence=sequence,
        genes=gene_truth,
        regions=region_truth(regions, access=access, design=design),
        blacklist=blacklist,
        tfs=tfs,
        sites=sites,
        cells=truth_table(droplets, nuclei),
        counts=counts,
        fragments=fragments,
        peaks=peaks,
        peak_counts=sparse.vstack(peak_counts, format="csr"),
    )
