"""Every reason belongs to a step."""

import pandas as pd
import pytest
from multiome2vec.errors import ContractError
from multiome2vec.qc.account import STEPS, left_after
from multiome2vec.qc.reasons import REASONS


def test_every_reason_belongs_to_exactly_one_step():
    codes = [code for reasons in STEPS.values() for code in reasons]
    assert sorted(codes) == sorted(REASONS)


def test_cells_with_too_few_regions_are_accounted_for():
    left = left_after(pd.Series(["", "low_regions", "low_genes;low_regions"]))
    assert left == {"rna_qc": 2, "doublets": 2} | dict.fromkeys(list(STEPS)[2:], 1)


def test_a_reason_of_no_step_is_refused():
    with pytest.raises(ContractError, match="belong to no filter: mystery"):
        left_after(pd.Series(["", "low_genes;mystery"]))
