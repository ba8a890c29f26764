"""Phase of the cell cycle, by scores of the genes of two phases."""

import logging
from typing import TYPE_CHECKING

import pandas as pd

from multiome2vec import keys
from multiome2vec.errors import UserError

if TYPE_CHECKING:
    from anndata import AnnData

PHASES = ("S", "G2M")
FEWEST_GENES = 5  # of a phase, below which its score says nothing

logger = logging.getLogger(__name__)


def score_phases(cells: "AnnData", genes: pd.DataFrame, *, seed: int) -> bool:
    """Write ``obs["S_score"]``, ``obs["G2M_score"]`` and ``obs["phase"]`` (Tirosh et al. 2016).

    Each score is the mean expression of the phase's genes less that of as many genes of the same
    expression; a cell in which neither is above 0 is in G1.

    Parameters
    ----------
    cells
        Log-normalised expression in X; changed in place.
    genes
        Columns label (``S`` or ``G2M``) and gene. Symbols are compared whatever their case, so that
        those of man find their namesakes of the mouse.
    seed
        Of the genes to compare with.

    Returns
    -------
    bool
        False, and nothing is written, if fewer than :data:`FEWEST_GENES` genes of a phase are
        there.

    Raises
    ------
    UserError
        If the table lacks a phase or has another one.
    """
    import scanpy as sc

    if set(genes[keys.LABEL]) != set(PHASES):
        raise UserError(
            f"Genes of the cell cycle (annotate.cell_cycle) are of {', '.join(PHASES)}; the table "
            f"has {', '.join(sorted(set(genes[keys.LABEL])))}."
        )
    names = pd.Series(cells.var_names, index=cells.var_names.str.upper())
    names = names[~names.index.duplicated()]
    found = {
        phase: list(names.reindex(table["gene"].str.upper().unique()).dropna())
        for phase, table in genes.groupby(keys.LABEL)
    }
    for phase in PHASES:
        logger.info("%d genes of phase %s are there", len(found[phase]), phase)
        if len(found[phase]) < FEWEST_GENES:
            logger.warning(
                "No phase of the cell cycle is given: fewer than %d genes of phase %s are among "
                "the %d genes (%s, ...). For another species, name its own in annotate.cell_cycle.",
                FEWEST_GENES, phase, cells.n_vars, ", ".join(cells.var_names[:3]),
            )  # fmt: skip
            return False
    sc.tl.score_genes_cell_cycle(
        cells, s_genes=found["S"], g2m_genes=found["G2M"], random_state=seed
    )
    cells.obs[keys.PHASE] = cells.obs[keys.PHASE].astype(str)
    logger.info("Phases: %s", cells.obs[keys.PHASE].value_counts().to_dict())
    return True
