import numpy as np
import pytest
from multiome2vec import api, keys
from multiome2vec.data.splits import Split, held_out
from multiome2vec.errors import UserError
from multiome2vec.tasks.apply import expected, prepare
from multiome2vec.tasks.predict import predict, predict_all
from sklearn.metrics import average_precision_score, roc_auc_score


@pytest.fixture(scope="module")
def split(model, mdata):
    return model.split(mdata.obs_names)


def predicted(model, mdata, cells, *, source, target):
    data, network = prepare(model.checkpoint, mdata), model.checkpoint.model
    found = expected(network, data, cells, target=target, sources=[source], library=1e4)
    return np.concatenate([values for _, values in found])


def test_both_directions_beat_the_mean_of_the_training_cells(model, mdata, split):
    scores = predict_all(model.checkpoint, mdata, split)
    assert sorted(scores) == ["atac_to_rna", "rna_to_atac"]
    rna, atac = scores["atac_to_rna"], scores["rna_to_atac"]
    assert rna["n_cells"] == len(held_out(split))
    assert rna["model"]["rmse"] < rna["baseline"]["rmse"]
    assert rna["model"]["pearson_gene"] > 0.2
    assert atac["model"]["auroc_cell"] > atac["baseline"]["auroc_cell"]
    assert atac["model"]["pearson_region"] > 0.05
    assert rna["undefined"] == atac["undefined"] == {}


def test_expression_scores_are_those_of_dense_values(model, mdata, split):
    cells = held_out(split)
    counts = mdata["rna"].layers[keys.COUNTS][cells].toarray()
    truth = np.log1p(1e4 * counts / counts.sum(axis=1, keepdims=True))
    values = np.log1p(predicted(model, mdata, cells, source="atac", target="rna"))
    found = predict(model.checkpoint, mdata, split, source="atac", target="rna")
    np.testing.assert_allclose(
        found["model"]["rmse"], np.sqrt(((truth - values) ** 2).mean()), rtol=1e-5
    )
    each = [np.corrcoef(truth[:, g], values[:, g])[0, 1] for g in range(truth.shape[1])]
    np.testing.assert_allclose(found["model"]["pearson_gene"], np.mean(each), rtol=1e-4)
    train = mdata["rna"].layers[keys.COUNTS][split.train].toarray()
    mean = np.log1p(1e4 * train / train.sum(axis=1, keepdims=True)).mean(axis=0)
    np.testing.assert_allclose(
        found["baseline"]["rmse"], np.sqrt(((truth - mean) ** 2).mean()), rtol=1e-5
    )


def test_accessibility_scores_are_those_of_sklearn(model, mdata, split):
    cells = held_out(split)
    truth = mdata["atac"].layers[keys.COUNTS][cells].toarray() > 0
    values = predicted(model, mdata, cells, source="rna", target="atac")
    found = predict(model.checkpoint, mdata, split, source="rna", target="atac")["model"]
    for name, score in {"auroc": roc_auc_score, "auprc": average_precision_score}.items():
        each = [score(t, v) for t, v in zip(truth, values, strict=True)]
        np.testing.assert_allclose(found[f"{name}_cell"], np.mean(each), rtol=1e-6)


def test_motifs_are_never_looked_at_where_atac_is_the_target(model, mdata):
    other = mdata.copy()
    other["motif"].X = np.random.default_rng(0).normal(size=other["motif"].shape)
    cells = np.arange(30)
    for target, changed in {"atac": False, "rna": True}.items():
        source = {"atac": "rna", "rna": "atac"}[target]
        before, after = (
            predicted(model, m, cells, source=source, target=target) for m in (mdata, other)
        )
        assert np.allclose(before, after, rtol=1e-4) != changed
    split = model.split(mdata.obs_names)
    with pytest.raises(UserError, match="one was computed from the other"):
        predict(model.checkpoint, mdata, split, source="motif", target="atac")


def test_cells_without_both_modalities_are_left_out(model, mdata):
    half = mdata.copy()
    half.obs[keys.HAS[keys.ATAC]] = np.arange(half.n_obs) % 2 == 0
    split = Split(np.arange(100), np.arange(100, 120))
    found = predict(model.checkpoint, half, split, source="rna", target="atac")
    assert found["n_cells"] == 10
    none = Split(np.arange(100), np.array([101]))
    with pytest.raises(UserError, match="No held-out cell has both rna and atac"):
        predict(model.checkpoint, half, none, source="rna", target="atac")


def test_new_cells_have_no_baseline(model, mdata):
    other = mdata[:30].copy()
    other.obs_names = [f"new{i}" for i in range(30)]
    for name in other.mod:
        other[name].obs_names = other.obs_names
    other.obs[keys.BATCH] = mdata.obs[keys.BATCH].to_numpy()[:30]
    scores = api.predict(model, other, source="atac", target="rna")["atac_to_rna"]
    assert scores["n_cells"] == 30
    assert "baseline" not in scores


def test_a_model_of_one_modality_predicts_nothing(mdata):
    model = api.train(mdata, "ldvae", latent=2, hidden=[8], max_epochs=1)
    assert api.predict(model, mdata) == {}
    assert api.match(model, mdata) == {}


def test_transformed_targets_are_compared_as_the_model_sees_them(mdata):
    """parity's decoder is of TF-IDF: its RNA is scored in the transform's scale."""
    settings = {"hidden": [16], "latent": 4, "max_epochs": 4, "target": {"counts": "transformed"}}
    settings["likelihood"] = {"counts": "gaussian"}
    model = api.train(mdata, "trivae", **settings)
    scores = api.predict(model, mdata, source="atac", target="rna")["atac_to_rna"]
    counts = mdata["rna"].layers[keys.COUNTS].toarray()
    logs = np.log1p(1e4 * counts / counts.sum(axis=1, keepdims=True))
    split = model.split(mdata.obs_names)
    mean = logs[split.train].mean(axis=0)
    rmse = np.sqrt(((logs[held_out(split)] - mean) ** 2).mean())
    np.testing.assert_allclose(scores["baseline"]["rmse"], rmse, rtol=1e-5)
