"""The account of cells and features: how many each filter leaves, per sample and modality."""

from collections.abc import Mapping

import pandas as pd

from multiome2vec import keys

DELIVERED = "delivered"
MIN_CELLS = "min_cells"  # filter of features: seen in enough cells
FRIP_STEP = "frip"
#: filter of cells -> the reasons for which it drops them, in the order of the chain
STEPS = {
    "rna_qc": ("low_genes", "high_genes", "low_counts", "high_counts", "high_mt"),
    "doublets": ("rna_doublet", "atac_doublet", "joint_doublet"),
    "atac_qc": ("low_fragments", "low_tsse", "high_nucleosome_signal"),
    "joint": ("not_in_rna", "not_in_atac", "not_included", "excluded", "max_cells"),
    FRIP_STEP: ("low_frip",),
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
        codes = own[keys.REASON].str.split(";")
        left = pd.Series(True, index=own.index)
        rows.append((sample, DELIVERED, modality, len(own), delivered))
        for step, reasons in STEPS.items():
            left &= ~codes.map(lambda found, reasons=reasons: bool(set(found) & set(reasons)))
            features_now = kept if step == FRIP_STEP else delivered
            rows.append((sample, step, modality, int(left.sum()), features_now))
            if step == "joint":
                rows.append((sample, MIN_CELLS, modality, int(left.sum()), kept))
    return pd.DataFrame(rows, columns=COLUMNS)


def biggest_reasons(reasons: pd.Series, *, n: int = 3) -> str:
    """Name the most frequent codes with their numbers: ``low_genes (120), high_mt (7)``."""
    counts = reasons.str.split(";").explode().value_counts().drop("", errors="ignore")
    return ", ".join(f"{code} ({number})" for code, number in counts.head(n).items())
