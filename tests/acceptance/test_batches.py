"""Batches: told to the model, and hidden from the latent space by an adversary."""

import numpy as np
from multiome2vec import keys
from multiome2vec.metrics.ilisi import ilisi
from toy_multiome import toy_multiome
from toy_presets import agreement, everywhere, short, types


def test_covariate_and_adversary_mix_batches_and_keep_types():
    mdata = toy_multiome(cells=300)
    batches = mdata.obs[keys.BATCH].astype(str).to_numpy()
    ways = {
        "neither": {"batch_key": None},
        "covariate": {},
        "adversary": {"terms": {"adversary": 1.0}},
    }
    mixing, agreements = {}, {}
    for name, settings in ways.items():
        found = [
            everywhere(short("trivae", mdata, seed=seed, max_epochs=20, **settings)).mean
            for seed in (0, 1)
        ]
        scores = [ilisi(z, batches, batches, n_neighbors=15, seed=0)["ilisi"] for z in found]
        mixing[name] = np.mean(scores)
        agreements[name] = np.mean([agreement(z, types(mdata)) for z in found])
    assert 3 * mixing["neither"] < mixing["covariate"]
    assert mixing["covariate"] + 0.05 < mixing["adversary"]
    assert agreements["neither"] <= agreements["covariate"]
    assert agreements["adversary"] >= agreements["covariate"] - 0.02
