"""The tree of cell types, and the profile of a cell anywhere on it or on the trajectory."""

from dataclasses import dataclass

import numpy as np

TYPES = ("Progenitor", "T", "NK", "Monocyte", "Dendritic")
TRAJECTORY = ("Progenitor", "T")  # pseudotime 0 and 1
PLASTIC = ("Monocyte", "Dendritic")  # types whose chromatin overlaps
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
        Opening in the sister type, relative to the member.
    region_noise
        S.d. of the log opening of *all* regions that the members share.
    markers
        Share of the expressed genes that are markers.
    fold
        Mean log2 fold change of a marker in the members.
    gene_noise
        S.d. of the log expression of *all* genes that the members share.
    primed
        Opening of the markers' promoters outside the members, relative to inside.
    """

    name: str
    members: tuple[str, ...]
    factor: str
    matrix_id: str
    enhancers: float = 16.0
    amplitude: float = 1.0
    leak: float = 0.0
    region_noise: float = 0.10
    markers: float = 0.07
    fold: float = 1.6
    gene_noise: float = 0.2
    primed: float = 0.5


def _leaf(name: str, factor: str, matrix_id: str, **strength: float) -> Node:
    return Node(name, (name,), factor, matrix_id, **strength)


# T and NK are told apart by chromatin, Monocyte and Dendritic by expression: of the former hardly
# any gene differs, and the chromatin of the latter drifts (PLASTIC).
NODES = (
    _leaf("Progenitor", "NFE2", "MA0841.2"),
    Node("Lymphoid", ("T", "NK"), "RFX5", "MA0510.3", enhancers=20, amplitude=1.2),
    _leaf(
        "T", "TCF7L1", "MA1421.1", region_noise=0.05, markers=0.01, fold=0.5, gene_noise=0, primed=1
    ),
    _leaf(
        "NK", "TBX21", "MA0690.3", region_noise=0.05, markers=0.01, fold=0.5, gene_noise=0, primed=1
    ),
    Node("Myeloid", ("Monocyte", "Dendritic"), "SPI1", "MA0080.7", enhancers=20, amplitude=1.2),
    _leaf("Monocyte", "CEBPB", "MA0466.4", enhancers=18, leak=0.08, region_noise=0, primed=1),
    _leaf("Dendritic", "IRF8", "MA0652.2", enhancers=18, leak=0.08, region_noise=0, primed=1),
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
    drift: np.ndarray,
    switch: np.ndarray,
    bump: np.ndarray,
) -> np.ndarray:
    """Log activity of every feature in every nucleus.

    A nucleus of type k has row k of ``by_type``. One at pseudotime t on the trajectory from type a
    to type b has (1 − w) · a + w · b + bump · exp(−(t − ½)² / 2σ²), where w is a logistic step at
    the feature's own ``switch``, scaled to 0 at t = 0 and to 1 at t = 1. One of a plastic type lies
    at the share ``drift`` of the straight way to the other plastic type.

    Parameters
    ----------
    by_type
        Log activities, types × features.
    kinds
        Index of the type of each nucleus.
    pseudotime
        Pseudotime of each nucleus, NaN off the trajectory.
    drift
        Position of each nucleus between its own type (0) and the other plastic type (1).
    switch, bump
        Switching time and transient log activity of each feature.
    """
    log = by_type[kinds].copy()
    first, second = (TYPES.index(name) for name in PLASTIC)
    moved = np.flatnonzero(drift)
    other = np.where(kinds[moved] == first, second, first)
    log[moved] += drift[moved, None] * (by_type[other] - log[moved])
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
