import numpy as np
import pandas as pd
import pytest
import torch
from multiome2vec.data.metadata import ALIASES, categorised, column_of, metadata
from multiome2vec.errors import UserError


@pytest.fixture
def obs():
    table = pd.DataFrame(
        {
            "GEX_n_counts": np.array([5, 6, 7, 8], np.int32),
            "GEX_pseudotime_order": [0.1, np.nan, 0.5, np.nan],
            "ATAC_reads_in_peaks_frac": np.array([0.5, 1.7, 0.2, 0.9]),
            "keep": [True, False, True, True],
            "cell_type": pd.Categorical(["B", "T", "B", "NK"], categories=["T", "B", "NK"]),
            "batch": ["s1d1", "s1d2", None, "s1d1"],
        },
        index=list("abcd"),
    )
    return categorised(table)


def test_numbers_are_tensors_and_nan_stays(obs):
    fields = ["n_counts", "pseudotime_order_GEX", "reads_in_peaks_frac", "keep"]
    found = metadata(obs, np.array([3, 1, 0]), fields)
    assert list(found) == fields
    assert found["n_counts"].tolist() == [8, 6, 5]
    assert found["n_counts"].dtype == torch.int64
    assert found["keep"].tolist() == [True, False, True]
    assert found["reads_in_peaks_frac"].tolist() == pytest.approx([0.9, 1.7, 0.5])  # not clipped
    order = found["pseudotime_order_GEX"]
    assert order.dtype == torch.float32
    assert order.isnan().tolist() == [True, True, False]


def test_codes_are_the_same_in_every_batch(obs):
    for index in ([0, 1], [3]):
        found = metadata(obs, np.array(index), ["cell_type", "batch"])
        assert found["cell_type"].labels == ["T", "B", "NK"]
        names = [found["cell_type"].labels[code] for code in found["cell_type"].codes]
        assert names == obs["cell_type"].iloc[index].tolist()
    found = metadata(obs, np.array([2, 1]), ["batch"])["batch"]
    assert found.labels == ["s1d1", "s1d2"]
    assert found.codes.tolist() == [-1, 1]


def test_a_field_goes_by_either_name():
    for text, real in ALIASES.items():
        for field in (text, real):
            assert column_of(pd.DataFrame(columns=[real]), field) == real
            assert column_of(pd.DataFrame(columns=[text]), field) == text
    both = pd.DataFrame(columns=["phase", "GEX_phase"])
    assert column_of(both, "phase") == "phase"


def test_a_missing_field_is_never_silent(obs):
    with pytest.raises(
        UserError, match=r"no metadata 'cell_typ'. Did you mean 'cell_type'\?.*batch"
    ):
        metadata(obs, np.array([0]), ["cell_typ"])
    with pytest.raises(UserError, match="'n_genes_by_counts'.*There are: GEX_n_counts"):
        metadata(obs, np.array([0]), ["n_genes_by_counts"])
    with pytest.raises(UserError, match="There are: none"):
        metadata(pd.DataFrame(), np.array([0]), ["phase"])
