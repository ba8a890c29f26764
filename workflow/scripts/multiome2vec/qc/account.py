"""The account of cells and features: how many each filter leaves, per sample and modality."""

from collections.abc import Mapping

import pandas as pd

from multiome2vec import keys
from multiome2vec.errors import ContractError

DELIVERED = "delivered"
MIN_CELLS = "min_cells"  # filter of features: seen in enough cells
FRIP_STEP = "frip"
#: filter of cells -> the reasons for which it drops them, in the order of the chain
STEPS = {
    "rna_qc": ("low_genes", "high_genes", "low_counts", "high_counts", "high_mt"),
    "doublets": ("rna_doublet", "atac_doublet", "joint_doublet"),
    "atac_qc": ("low_fragments", "low_regions", "low_tsse", "high_nucleosome_signal"),
    "joint": ("not_in_rna", "not_in_atac", "not_included", "excluded", "max_cells"),
    FRIP_STEP: ("low_frip",),
    "samples": ("failed_sample",),
}
IN = {keys.RNA: keys.IN_RNA, keys.ATAC: keys.IN_ATAC}
COLUMNS = [keys.SAMPLE, "step", "modality", "cells", "features"]


def account(
    cells: pd.DataFrame, features: Mapping[tuple[str, str], tuple[int, int]]
) -> pd.DataFrame:
    """Count what is left after each filter.

    Parameters
    ----------
    cells
        All barcodes with sample, in_rna, in_atac and reason (codes joined by semicolons).
    features
        Per sample and modality: features delivered, and those seen in enough cells.

    Returns
    -------
    pandas.DataFrame
        sample, step, modality, cells, features: one row per filter in the order of the chain,
        neither number ever growing. ``min_cells`` is the filter of features, after ``joint``.
    """
    rows = []
    for (sample, modality), (delivered, kept) in features.items():
        own = cells[(cells[keys.SAMPLE] == sample) & cells[IN[modality]]]
        rows.append((sample, DELIVERED, modality, len(own), delivered))
        features_now = delivered
        for step, left in left_after(own[keys.REASON]).items():
            rows.append((sample, step, modality, left, features_now))
            if step == "joint":
                features_now = kept
                rows.append((sample, MIN_CELLS, modality, left, kept))
    return pd.DataFrame(rows, columns=COLUMNS)


def left_after(reasons: pd.Series) -> dict[str, int]:
    """Barcodes left after each of :data:`STEPS`, from the codes of every barcode.

    Raises
    ------
    ContractError
        If a code belongs to no step: its barcodes would not be accounted for.
    """
    codes = reasons.str.split(";").map(set)
    unknown = set().union(*codes, {""}) - {
        "",
        *(code for those in STEPS.values() for code in those),
    }
    if unknown:
        raise ContractError(f"Reasons that belong to no filter: {', '.join(sorted(unknown))}.")
    left, counts = pd.Series(True, index=reasons.index), {}
    for step, those in STEPS.items():
        left &= codes.map(set(those).isdisjoint)
        counts[step] = int(left.sum())
    return counts
