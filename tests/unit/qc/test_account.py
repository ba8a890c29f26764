"""Every reason belongs to a step."""

from multiome2vec.qc.account import STEPS
from multiome2vec.qc.reasons import REASONS


def test_every_reason_belongs_to_exactly_one_step():
    codes = [code for reasons in STEPS.values() for code in reasons]
    assert sorted(codes) == sorted(REASONS)
