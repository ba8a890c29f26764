"""Why a barcode is not kept: every code of the ``reason`` columns, and how codes are joined."""

import numpy as np
import pandas as pd

#: code -> sentence for reports and documentation
REASONS = {
    "not_in_rna": "The barcode is missing from the RNA data of a sample that has RNA.",
    "not_in_atac": "The barcode is missing from the ATAC data of a sample that has ATAC.",
    "low_genes": "Fewer genes are detected than the lower limit of the sample.",
    "high_genes": "More genes are detected than the upper limit of the sample.",
    "low_counts": "Fewer RNA counts than the lower limit of the sample.",
    "high_counts": "More RNA counts than the upper limit of the sample.",
    "high_mt": "The mitochondrial share of the RNA counts is above the limit.",
    "low_fragments": "Fewer unique ATAC fragments than the limit.",
    "low_regions": "Fewer regions of a ready matrix are open than qc.atac.min_regions.",
    "low_tsse": "The enrichment of fragments at transcription start sites is below the limit.",
    "high_nucleosome_signal": "Too many mono-nucleosomal fragments per nucleosome-free one.",
    "low_frip": "Too small a fraction of the fragments lies in the consensus regions.",
    "rna_doublet": "The RNA doublet score is above its threshold.",
    "atac_doublet": "The ATAC doublet probability is at least one half, and there is no RNA score.",
    "joint_doublet": (
        "The ATAC doublet probability is at least one half and the RNA doublet score is among the "
        "highest tenth of the sample."
    ),
    "not_included": "The cell is not in the list qc.include.",
    "excluded": "The cell is in the list qc.exclude.",
    "max_cells": "Left out at random because qc.max_cells limits the cells of a sample.",
    "failed_sample": (
        "Its sample has fewer cells left than qc.min_sample_cells and qc.failed_samples is drop."
    ),
}


def join_reasons(flags: pd.DataFrame) -> pd.Series:
    """Join the names of the true columns of each row by semicolons; empty where none is true.

    Parameters
    ----------
    flags
        Booleans, rows = barcodes, columns = codes of :data:`REASONS`, in the order wanted.

    Raises
    ------
    KeyError
        If a column is not a known code.
    """
    unknown = [code for code in flags.columns if code not in REASONS]
    if unknown:
        raise KeyError(f"Reasons without a description: {', '.join(unknown)}")
    joined = np.full(len(flags), "", dtype=object)
    for code in flags.columns:
        true = flags[code].to_numpy(dtype=bool)
        joined[true] = joined[true] + (code + ";")
    return pd.Series(joined, index=flags.index, dtype=object).str.rstrip(";")
