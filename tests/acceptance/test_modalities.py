"""One latent space of any modalities: calibrated alone, trained where some are missing."""

import anndata as ad
import mudata
import numpy as np
import pytest
from multiome2vec import keys
from multiome2vec.data.dataset import ADT
from multiome2vec.models.fusion import FUSIONS
from multiome2vec.scores.latent import calibration
from scipy import sparse
from toy_multiome import toy_multiome
from toy_presets import agreement, everywhere, short, types


def test_single_modalities_are_calibrated_on_average():
    """The mean given all lies about that given one as far as the widths of both promise."""
    trained = short("trivae", toy_multiome(cells=400))
    joint = everywhere(trained)
    for source in (keys.RNA, keys.ATAC):
        alone = everywhere(trained, source)
        found = calibration(joint.mean, joint.variance, alone.mean, alone.variance)
        assert 0.3 < found["z_sd"] < 1
        assert 0.7 < found["z_ratio"] < 1.5
        assert found["z_bias"] < 0.3
        assert (alone.variance.mean(axis=0) > joint.variance.mean(axis=0)).all()


def mosaic(share):
    """The toy, a share of whose cells has RNA alone."""
    whole = toy_multiome(cells=300)
    lacking = np.random.default_rng(0).random(300) < share
    parts = {keys.RNA: whole[keys.RNA]}
    parts |= {name: whole[name][~lacking].copy() for name in (keys.ATAC, keys.MOTIF)}
    mdata = mudata.MuData(parts)[whole.obs_names].copy()
    mdata.obs = whole.obs.copy()
    return mdata, lacking


@pytest.mark.parametrize("fusion", sorted(FUSIONS))
def test_cells_may_lack_a_modality(fusion):
    mdata, lacking = mosaic(0.3)
    trained = short("trivae", mdata, fusion=fusion)
    history = trained.fit.history
    assert all(np.isfinite(list(row.values())).all() for row in history)
    assert history[-1]["val_loss"] < 0.9 * history[0]["val_loss"]
    found = everywhere(trained)
    assert np.isfinite(found.mean).all()
    truth = types(mdata)
    assert agreement(found.mean[~lacking], truth[~lacking]) > 0.6
    seen = np.where(np.isin(truth, ["C", "D"]), "CD", truth)  # what RNA tells apart
    assert agreement(found.mean[lacking], seen[lacking]) > 0.6


def test_proteins_train_with_the_negative_binomial():
    """CITE-seq: types that RNA confuses are told apart by the proteins beside it."""
    mdata = toy_multiome(cells=300)
    rng, truth = np.random.default_rng(0), types(mdata)
    rates = np.where(np.isin(truth, ["A", "C"])[:, None], [20.0] * 6 + [5.0] * 6, 12.0)
    counts = sparse.csr_matrix(rng.poisson(rates).astype(np.int32))
    protein = ad.AnnData(counts.astype(np.float32), obs=mdata.obs[[]].copy())
    protein.layers[keys.COUNTS] = counts
    joint = mudata.MuData({keys.RNA: mdata[keys.RNA], ADT: protein})
    joint.obs = mdata.obs.copy()
    trained = short("trivae", joint)
    spec = trained.model.config.modalities[ADT]
    assert (spec.likelihood, spec.n_features) == ("negative-binomial", 12)
    assert spec.derived_from is None
    history = trained.fit.history
    assert history[-1]["val_nll_adt"] < history[0]["val_nll_adt"]
    assert agreement(everywhere(trained).mean, truth) > 0.9
    assert agreement(everywhere(trained, keys.RNA).mean, truth) < 0.8
