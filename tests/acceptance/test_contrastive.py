"""A cell is recognised across modalities, and a donor in its cells."""

import numpy as np
import pandas as pd
import pytest
from multiome2vec import keys
from multiome2vec.errors import UserError
from multiome2vec.tasks.apply import projected
from scipy import sparse
from toy_multiome import toy_multiome
from toy_presets import short

SETTINGS = {"projection": 16, "kl_warmup_epochs": 4}


def test_loss_is_far_below_chance():
    """GTEx VAE's heads ended at 94 % of chance."""
    trained = short("contrastive", **SETTINGS)
    last = trained.fit.history[-1]
    smallest = len(trained.split.train) // -(-len(trained.split.train) // 64)
    for term in ("contrastive", "augmented"):
        assert np.log(smallest) <= last[f"train_{term}_chance"] <= np.log(64)
        assert last[f"train_{term}"] < 0.7 * last[f"train_{term}_chance"]


@pytest.fixture(scope="module")
def donors():
    """Types and batches as in the toy; each of six donors has genes and regions of its own."""
    mdata = toy_multiome(cells=360)
    donor = np.random.default_rng(1).integers(6, size=mdata.n_obs)
    mdata.obs[keys.DONOR] = np.array([f"d{i}" for i in range(6)])[donor]
    for name, first in ((keys.RNA, 30), (keys.ATAC, 45)):
        part = mdata.mod[name]
        counts = part.layers[keys.COUNTS].toarray()
        for number in range(6):
            own = np.arange(first + 3 * number, first + 3 * number + 3)
            counts[np.ix_(donor == number, own)] *= 4
        part.layers[keys.COUNTS] = sparse.csr_matrix(counts)
    return mdata


def test_donors_are_recognised_in_their_cells(donors):
    terms = {"contrastive": 0.0, "augmented": 0.0, "donor": 1.0}
    trained = short("contrastive", donors, terms=terms, batch_key=None, **SETTINGS)
    last = trained.fit.history[-1]
    assert last["train_donor_chance"] == pytest.approx(2 * np.log(6), abs=0.02)  # RNA and ATAC
    assert last["train_donor"] < 0.7 * last["train_donor_chance"]
    known, new = (
        pd.DataFrame(projected(trained.model, trained.data, cells))
        .groupby(donors.obs[keys.DONOR].iloc[cells].to_numpy())
        .mean()
        for cells in (trained.split.train, trained.split.validation)
    )
    assert (new @ known.T).idxmax(axis=1).eq(known.index).mean() > 0.6  # chance: a sixth


def test_donors_that_do_not_differ_are_not_recognised(donors):
    """Cells are not found in their own mean."""
    mdata = toy_multiome(cells=360)
    mdata.obs[keys.DONOR] = donors.obs[keys.DONOR].to_numpy()
    terms = {"contrastive": 0.0, "augmented": 0.0, "donor": 1.0}
    last = short("contrastive", mdata, terms=terms, batch_key=None, **SETTINGS).fit.history[-1]
    assert last["train_donor"] > 0.85 * last["train_donor_chance"]


def test_a_dataset_without_donors_has_none_to_recognise():
    for column in ({}, {keys.DONOR: "d1"}):
        mdata = toy_multiome(cells=60)
        mdata.obs = mdata.obs.assign(**column)
        with pytest.raises(UserError, match="term 'donor' tells donors apart, but the column"):
            short("contrastive", mdata, terms={"donor": 1.0})
