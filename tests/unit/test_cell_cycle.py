"""Phases of the cell cycle from planted expression."""

import anndata as ad
import numpy as np
import pandas as pd
import pytest
from multiome2vec import keys
from multiome2vec.cell_cycle import score_phases
from multiome2vec.errors import UserError
from multiome2vec.io.reference import read_markers
from scipy import sparse
from workflow.runner import ROOT

GENES = read_markers(str(ROOT / "resources" / "cell_cycle.tsv"))
TRUTH = np.repeat(["G1", "S", "G2M"], 40)


def expression(rename=str):
    """120 cells of which the genes of their phase are raised, among 400 others."""
    rng = np.random.default_rng(0)
    names = [*GENES["gene"], *(f"other{i}" for i in range(400))]
    scale = np.concatenate([np.full(len(GENES), 0.5), rng.uniform(0.3, 1.2, 400)])
    values = rng.gamma(2, scale, (120, len(names)))
    for phase in ("S", "G2M"):
        columns = np.flatnonzero(GENES["label"] == phase)
        values[np.ix_(phase == TRUTH, columns)] += 1.5
    return ad.AnnData(
        sparse.csr_matrix(values.astype(np.float32)),
        obs=pd.DataFrame(index=[f"c{i}" for i in range(120)]),
        var=pd.DataFrame(index=[rename(name) for name in names]),
    )


@pytest.mark.parametrize("rename", [str, str.capitalize])
def test_planted_phases_are_found_whatever_the_case_of_symbols(rename):
    cells = expression(rename)
    assert score_phases(cells, GENES, seed=0)
    found = cells.obs[keys.PHASE].to_numpy()
    for phase in ("S", "G2M"):
        assert (found[phase == TRUTH] == phase).mean() > 0.95
    assert (found[TRUTH == "G1"] == "G1").mean() > 0.9
    again = expression(rename)
    score_phases(again, GENES, seed=0)
    pd.testing.assert_frame_equal(again.obs, cells.obs)


def test_too_few_genes_give_no_phase_and_say_so(caplog):
    cells = expression()
    cells = cells[:, ~cells.var_names.isin(GENES["gene"][GENES["label"] == "S"])].copy()
    assert not score_phases(cells, GENES, seed=0)
    assert keys.PHASE not in cells.obs
    assert "fewer than 5 genes of phase S are among" in caplog.text


def test_a_table_of_other_phases_is_refused():
    with pytest.raises(UserError, match="are of S, G2M; the table has M, S"):
        score_phases(expression(), GENES.replace("G2M", "M"), seed=0)
