import re
from functools import reduce
from operator import getitem
from pathlib import Path

import numpy as np
import pytest
import yaml
from multiome2vec import keys
from multiome2vec.errors import ContractError
from multiome2vec.steps.train import train
from multiome2vec.tasks.embed import embed
from multiome2vec.training.checkpoint import load
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score
from toy_multiome import toy_multiome

ROOT = Path(__file__).resolve().parents[3]
HYPER = {
    "hidden": [64], "latent": 8, "max_epochs": 60, "batch_size": 64, "learning_rate": 3e-3,
    "kl_warmup_epochs": 10, "patience": 10,
}  # fmt: skip


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Train on some modalities of the toy; return the function that does so."""
    done = {}

    def run(*names):
        if names not in done:
            folder = tmp_path_factory.mktemp("_".join(names))
            mdata = toy_multiome()
            for name in set(mdata.mod) - set(names):
                del mdata.mod[name]
            mdata.write_h5mu(folder / "multiome.h5mu")
            paths = {"weights": folder / "w.safetensors", "card": folder / "card.json"}
            train(
                mdata=folder / "multiome.h5mu",
                **paths,
                history=folder / "history.tsv",
                splits=folder / "splits.tsv",
                preset="trivae",
                hyper=HYPER,
                seed=0,
            )
            done[names] = mdata, load(**paths)
        return done[names]

    return run


def agreement(latent, truth):
    found = KMeans(len(set(truth)), n_init=10, random_state=0).fit_predict(latent)
    return adjusted_rand_score(truth, found)


def test_joint_latent_separates_what_each_modality_sees_alone(trained):
    mdata, checkpoint = trained(*keys.MODALITIES)
    latent = embed(checkpoint, mdata)
    assert latent.shape == (mdata.n_obs, 8)
    assert latent.dtype == np.float32
    truth = mdata.obs[keys.TRUE_TYPE].astype(str)
    assert agreement(latent, truth) > 0.9
    assert abs(agreement(latent, mdata.obs[keys.BATCH].astype(str))) < 0.05


@pytest.mark.parametrize(
    ("names", "merged"),
    [(("rna",), {"C": "CD", "D": "CD"}), (("atac",), {"A": "AB", "B": "AB"})],
)
def test_single_modalities_train_and_see_their_own_types(trained, names, merged):
    mdata, checkpoint = trained(*names)
    truth = mdata.obs[keys.TRUE_TYPE].astype(str).replace(merged)
    assert agreement(embed(checkpoint, mdata), truth) > 0.9


def test_cells_are_embedded_in_the_order_given(trained):
    mdata, checkpoint = trained(*keys.MODALITIES)
    order = np.random.default_rng(0).permutation(mdata.n_obs)
    whole = embed(checkpoint, mdata)
    np.testing.assert_allclose(embed(checkpoint, mdata[order].copy()), whole[order], atol=1e-5)


def test_other_features_are_refused(trained):
    mdata, checkpoint = trained(*keys.MODALITIES)
    other = toy_multiome(cells=40)
    other["atac"].var_names = other["atac"].var_names.str.replace("chr1", "chr2")
    said = "atac features are not .* 90 of its 90 are missing"
    with pytest.raises(ContractError, match=said) as error:
        embed(checkpoint, other)
    named = re.findall(r"[a-z.]+\.[a-z_]+(?=:)", str(error.value))
    assert named == ["peaks.source", "peaks.bed", "regions.min_cells", "qc.rna.min_cells"]
    config = yaml.safe_load((ROOT / "config.yaml").read_text())
    for setting in named:  # a setting that is not there is a KeyError
        reduce(getitem, setting.split("."), config)
