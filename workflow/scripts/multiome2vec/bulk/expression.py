"""Bulk expression in memory, and the scale that it is in."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from multiome2vec.errors import UserError

LOG_TPM, TPM = "log2_tpm", "tpm"  # log2(TPM + 0.001), as UCSC's Toil recompute; TPM, as GTEx
SCALES = (LOG_TPM, TPM)
OFFSET = 1e-3  # TPM, added before the logarithm
LOWEST = float(np.log2(OFFSET))  # of a gene that is not expressed: -9.97, not 0
LARGEST_TPM = 1e6  # a sample's transcripts are a million in all
SLACK = 1e-2  # tables are rounded


@dataclass(frozen=True)
class Expression:
    """Expression of bulk samples.

    Attributes
    ----------
    values
        [S, G] float32, log2(TPM + 0.001).
    samples, genes
        Names of rows and columns; genes without version.
    """

    values: np.ndarray
    samples: pd.Index
    genes: pd.Index

    def take(self, columns: np.ndarray) -> "Expression":
        """Return some genes, by number, in the order given."""
        return replace(self, values=self.values[:, columns], genes=self.genes[columns])


def to_log(values: np.ndarray, *, scale: str, path: str) -> np.ndarray:
    """Bring a block of values to log2(TPM + 0.001), in place.

    Parameters
    ----------
    values
        Float, any shape.
    scale
        Declared scale, one of :data:`SCALES`.
    path
        Of the table, for messages.

    Raises
    ------
    UserError
        If a value cannot be of the declared scale.
    """
    if scale not in SCALES:
        raise UserError(f"Unknown scale '{scale}' of {path}. Known: {', '.join(SCALES)}.")
    if not np.isfinite(values).all():
        raise UserError(f"{path} has values that are missing or infinite: leave those genes out.")
    low, high = (0, LARGEST_TPM) if scale == TPM else (LOWEST, np.log2(LARGEST_TPM + OFFSET))
    least, most = values.min(initial=low), values.max(initial=low)
    if least < low - SLACK or most > high + SLACK:
        odd = least if least < low - SLACK else most
        raise UserError(
            f"{path} holds {odd:.6g}, which is no {_spelt(scale)} ({low:.4g} to {high:.4g}). "
            f"Declare its true scale ({', '.join(SCALES)}), or convert counts to TPM first."
        )
    return np.log2(values + OFFSET, out=values) if scale == TPM else values


def _spelt(scale: str) -> str:
    return "TPM" if scale == TPM else "log2(TPM + 0.001)"
