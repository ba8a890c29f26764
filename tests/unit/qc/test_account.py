"""Every reason belongs to a step; big reasons are named."""

import pandas as pd
from multiome2vec.qc.account import STEPS, biggest_reasons
from multiome2vec.qc.reasons import REASONS


def test_every_reason_belongs_to_exactly_one_step():
    codes = [code for reasons in STEPS.values() for code in reasons]
    assert sorted(codes) == sorted(REASONS)


def test_biggest_reasons_are_counted_over_joined_codes():
    reasons = pd.Series(["a;b", "", "b", "c", "b;c", "d"])
    assert biggest_reasons(reasons) == "b (3), c (2), a (1)"
