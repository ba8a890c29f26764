"""Droplets and the nuclei in them."""

import numpy as np
import pandas as pd
from scipy.special import expit

from multiome2vec.keys import (
    BARCODE,
    CELL,
    KIND,
    ON_TRAJECTORY,
    SAMPLE,
    TRUE_DOUBLET,
    TRUE_PSEUDOTIME,
    TRUE_TYPE,
    cell_id,
)
from multiome2vec.simulate.design import SAMPLES, Design
from multiome2vec.simulate.genome import BASES
from multiome2vec.simulate.types import PLASTIC, TRAJECTORY, TYPES

BARCODE_LENGTH = 16
SINGLE, EMPTY, LOW_QUALITY, DOUBLET = "cell", "empty", "low_quality", "doublet"
SINGLET, HETEROTYPIC, HOMOTYPIC = "singlet", "heterotypic", "homotypic"


def draw_barcodes(rng: np.random.Generator, count: int) -> list[str]:
    """Draw distinct random 16-bp barcodes with the suffix of 10x."""
    seen: dict[str, None] = {}
    while len(seen) < count:
        codes = BASES[rng.integers(0, 4, (count, BARCODE_LENGTH))]
        seen.update(dict.fromkeys(f"{code.tobytes().decode()}-1" for code in codes))
    return list(seen)[:count]


def draw_droplets(rng: np.random.Generator, design: Design) -> pd.DataFrame:
    """Draw samples, barcodes and kinds of the droplets; samples one after the other.

    Returns
    -------
    One row per barcode: cell, sample, barcode, kind, defect (of a low-quality one: dying, rna_only,
    atac_only), ambient (share of the UMIs), umis_factor and fragments_factor.
    """
    shares = {
        (EMPTY, ""): design.empty,
        (DOUBLET, ""): design.doublet,
        (LOW_QUALITY, "dying"): design.dying,
        (LOW_QUALITY, "rna_only"): design.rna_only,
        (LOW_QUALITY, "atac_only"): design.atac_only,
    }
    first = round(design.barcodes * design.sample_share[0])
    barcodes = draw_barcodes(rng, design.barcodes)
    tables = []
    for sample, mine in zip(SAMPLES, (barcodes[:first], barcodes[first:]), strict=True):
        special = [key for key, share in shares.items() for _ in range(round(share * len(mine)))]
        kinds = special + [(SINGLE, "")] * (len(mine) - len(special))
        kinds = [kinds[i] for i in rng.permutation(len(kinds))]
        table = pd.DataFrame(kinds, columns=[KIND, "defect"])
        table.insert(0, SAMPLE, sample)
        table.insert(1, BARCODE, sorted(mine))
        tables.append(table)
    droplets = pd.concat(tables, ignore_index=True)
    names = [cell_id(s, b) for s, b in zip(droplets[SAMPLE], droplets[BARCODE], strict=True)]
    droplets.insert(0, CELL, names)
    droplets["ambient"] = design.ambient * rng.lognormal(-0.08, 0.4, len(droplets))
    return droplets


def draw_nuclei(rng: np.random.Generator, droplets: pd.DataFrame, design: Design) -> pd.DataFrame:
    """Draw the nuclei: none in an empty droplet, two in a doublet, else one.

    Returns
    -------
    One row per nucleus: droplet (row), type (index), pseudotime (NaN off the trajectory),
    drift (of the chromatin to the other plastic type), umis and
    fragments (expected), mitochondrial (share of the RNA), in_regions (share of the fragments).
    """
    number = droplets[KIND].map({EMPTY: 0, DOUBLET: 2}).fillna(1).astype(int).to_numpy()
    droplet = np.repeat(np.arange(len(droplets)), number)
    size = droplet.size
    on = rng.random(size) < design.on_trajectory
    pseudotime = np.where(on, rng.random(size), np.nan)
    kinds = rng.choice(len(TYPES), size=size, p=design.type_weights)
    start, end = (TYPES.index(name) for name in TRAJECTORY)
    kinds = np.where(on, np.where(pseudotime < 0.5, start, end), kinds)
    logit = rng.normal(design.drift_mean, design.drift_sd, size)
    plastic = np.isin(kinds, [TYPES.index(name) for name in PLASTIC])
    drift = np.where(plastic, expit(logit), 0.0)
    size_factor = rng.normal(0, 1, size)  # large nuclei give more of both
    noise = rng.normal(0, 1, (2, size))
    umis, fragments = (
        median * np.exp(spread * (0.5 * size_factor + np.sqrt(0.75) * own))
        for median, spread, own in (
            (design.umis, design.umis_sd, noise[0]),
            (design.fragments, design.fragments_sd, noise[1]),
        )
    )
    mitochondrial = 0.02 + 0.06 * rng.beta(2, 3, size)
    in_regions = np.clip(rng.normal(design.in_regions, 0.04, size), 0.3, 0.75)

    defect = droplets["defect"].to_numpy()[droplet]
    poor = rng.random((4, size))
    dying, rna_only, atac_only = (defect == name for name in ("dying", "rna_only", "atac_only"))
    mitochondrial = np.where(dying, 0.2 + 0.4 * poor[0], mitochondrial)
    umis = np.where(dying, umis * 0.3, umis)
    umis = np.where(atac_only, 40 + 80 * poor[1], umis)
    fragments = np.where(dying, fragments * 0.5, fragments)
    in_regions = np.where(dying, 0.1 + 0.15 * poor[2], in_regions)
    few = rna_only & (poor[3] < 0.5)  # the others have fragments, but none where they should be
    fragments = np.where(few, fragments * 0.08, fragments)
    in_regions = np.where(rna_only & ~few, 0.06 + 0.06 * poor[2], in_regions)
    capture = np.where(number[droplet] == 2, design.capture_of_doublet, 1.0)
    return pd.DataFrame(
        {
            "droplet": droplet,
            "type": kinds,
            "pseudotime": pseudotime,
            "drift": drift,
            "umis": umis * capture,
            "fragments": fragments * capture,
            "mitochondrial": mitochondrial,
            "in_regions": in_regions,
        }
    )


def truth_table(droplets: pd.DataFrame, nuclei: pd.DataFrame) -> pd.DataFrame:
    """Tabulate what every barcode is: the contents of truth/cells.tsv."""
    groups = nuclei.groupby("droplet")["type"].agg(lambda types: tuple(sorted(types)))
    members = groups.reindex(range(len(droplets)))
    names = ["+".join(TYPES[i] for i in m) if isinstance(m, tuple) else "" for m in members]
    doublet = np.array(
        [
            SINGLET
            if not isinstance(m, tuple) or len(m) < 2
            else (HOMOTYPIC if m[0] == m[1] else HETEROTYPIC)
            for m in members
        ]
    )
    pseudotime, drift = np.full((2, len(droplets)), np.nan)
    single = nuclei[~nuclei["droplet"].duplicated(keep=False)]
    pseudotime[single["droplet"]] = single["pseudotime"]
    drift[single["droplet"]] = single["drift"]
    table = droplets[[CELL, SAMPLE, BARCODE, KIND, "defect"]].copy()
    table[TRUE_TYPE] = names
    table[TRUE_DOUBLET] = doublet
    table[ON_TRAJECTORY] = ~np.isnan(pseudotime)
    table[TRUE_PSEUDOTIME] = pseudotime.round(6)
    table["drift"] = drift.round(6)
    return table
