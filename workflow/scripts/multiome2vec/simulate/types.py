"""The tree of cell types, and the profile of a cell anywhere on it or on the trajectory."""

from dataclasses import dataclass

import numpy as np

TYPES = ("Progenitor", "T", "NK", "Monocyte", "Dendritic")
TRAJECTORY = ("Progenitor", "T")  # pseudotime 0 and 1
BUMP_WIDTH = 0.15  # s.d. of transient activity around pseudotime 0.5
SWITCH_WIDTH = 0.12  # steepness of the switch of a feature, in units of pseudotime


@dataclass(frozen=True)
class Node:
    """A branch of the tree: the features that set its members apart, and their strength.

    Attributes
    ----------
    name
        Name of the branch; that of the type for a leaf.
    members
        Types below the branch.
    factor, matrix_id
        Transcription factor of the branch (gene symbol) and its JASPAR matrix.
    enhancers
        Specific enhancers per Mb of genome.
    amplitude
        Mean opening of those enhancers, in fragments per cell relative to other regions.
    leak
        Opening in the sister type, relative to the members: near 1 makes ATAC uninformative.
    region_noise
        S.d. of the log opening of *all* regions that the members share.
    markers
        Share of the expressed genes that are markers.
    fold
        Mean log2 fold change of a marker in the members.
    gene_noise
        S.d. of the log expression of *all* genes that the members share.
    promoter
        Opening of the markers' promoters outside the members, relative to inside (1: primed).
    """

    name: str
    members: tuple[str, ...]
    factor: str
    matrix_id: str
    enhancers: float
    amplitude: float
    leak: float
    region_noise: float
    markers: float
    fold: float
    gene_noise: float
    promoter: float


# T and NK are told apart by chromatin, Monocyte and Dendritic by expression.
NODES = (
    Node("Progenitor", ("Progenitor",), "NFE2", "MA0841.2", 15, 1.0, 0, 0.10, 0.08, 1.6, 0.2, 0.5),
    Node("Lymphoid", ("T", "NK"), "POU2F2", "MA0507.3", 12, 1.0, 0, 0.10, 0.08, 1.6, 0.2, 0.5),
    Node("T", ("T",), "TCF7L1", "MA1421.1", 14, 1.0, 0, 0.05, 0.010, 0.5, 0.0, 1.0),
    Node("NK", ("NK",), "TBX21", "MA0690.3", 14, 1.0, 0, 0.05, 0.010, 0.5, 0.0, 1.0),
    Node(
        "Myeloid", ("Monocyte", "Dendritic"), "SPI1", "MA0080.7", 15, 1, 0, 0.1, 0.06, 1.6, 0.2, 0.5
    ),
    Node("Monocyte", ("Monocyte",), "CEBPB", "MA0466.4", 8, 0.75, 0.7, 0.0, 0.07, 1.6, 0.15, 1.0),
    Node("Dendritic", ("Dendritic",), "IRF8", "MA0652.2", 8, 0.75, 0.7, 0.0, 0.07, 1.6, 0.15, 1.0),
)


def sisters(node: Node) -> tuple[str, ...]:
    """Types that share the parent branch with a leaf, itself left out."""
    for other in NODES:
        if set(node.members) < set(other.members):
            return tuple(name for name in other.members if name not in node.members)
    return ()


def log_profiles(
    by_type: np.ndarray,
    *,
    kinds: np.ndarray,
    pseudotime: np.ndarray,
    switch: np.ndarray,
    bump: np.ndarray,
) -> np.ndarray:
    """Log activity of every feature in every nucleus.

    A nucleus of type k has row k of ``by_type``. One at pseudotime t on the trajectory from type a
    to type b has (1 − w) · a + w · b + bump · exp(−(t − ½)² / 2σ²), where w is a logistic step at
    the feature's own ``switch``, scaled to 0 at t = 0 and to 1 at t = 1.

    Parameters
    ----------
    by_type
        Log activities, types × features.
    kinds
        Index of the type of each nucleus.
    pseudotime
        Pseudotime of each nucleus, NaN off the trajectory.
    switch, bump
        Switching time and transient log activity of each feature.
    """
    log = by_type[kinds].copy()
    on = np.flatnonzero(~np.isnan(pseudotime))
    if on.size:
        t = pseudotime[on, None]
        start, end = (by_type[TYPES.index(name)] for name in TRAJECTORY)
        low, high, step = (
            1 / (1 + np.exp((switch - x) / SWITCH_WIDTH)) for x in (np.zeros(1), np.ones(1), t)
        )
        weight = (step - low) / (high - low)
        transient = bump * np.exp(-((t - 0.5) ** 2) / (2 * BUMP_WIDTH**2))
        log[on] = start + weight * (end - start) + transient
    return log
