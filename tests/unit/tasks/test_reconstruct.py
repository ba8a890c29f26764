import dataclasses

import numpy as np
import pytest
import torch
from multiome2vec import api
from multiome2vec.data.splits import Split
from multiome2vec.errors import UserError
from multiome2vec.nn.sparse_rows import SparseRows
from multiome2vec.tasks.apply import expected, prepare
from multiome2vec.tasks.reconstruct import Hiding, reconstruct
from sklearn.metrics import mean_squared_error, r2_score
from toy_multiome import toy_multiome
from toy_presets import short


def test_errors_are_those_of_sklearn_on_the_cells_held_out(model, mdata):
    found = api.reconstruct(model, mdata, device="cpu")
    cells = np.flatnonzero(model.parts.to_numpy() == "validation")
    counts = mdata["rna"].layers["counts"][cells].toarray().astype(float)
    truth = np.log1p(1e4 * counts / counts.sum(axis=1, keepdims=True))
    network, data = model.checkpoint.model, prepare(model.checkpoint, mdata)
    blocks = [b for _, b in expected(network, data, cells, target="rna", library=1e4)]
    guess = np.log1p(np.vstack(blocks))
    scores = found.scores["rna"]["model"]
    assert scores["mse"] == pytest.approx(mean_squared_error(truth, guess), rel=1e-4)
    assert scores["r2_gene"] == pytest.approx(r2_score(truth, guess), rel=1e-3)
    table = found.features[found.features["modality"] == "rna"]
    np.testing.assert_allclose(table["mean_observed"], truth.mean(axis=0), rtol=1e-4)
    names = model.checkpoint.names["rna"]
    assert table["feature"].tolist() == names.tolist()
    assert found.scores["atac"]["scale"] == "counts"


def test_the_model_beats_the_mean_on_what_it_saw_and_on_what_it_did_not(model, mdata):
    found = api.reconstruct(model, mdata, device="cpu").scores
    for scores in found.values():
        for error in ("mse", "mae", "masked_mse"):
            assert scores["model"][error] < scores["baseline"][error]
        assert scores["model"]["masked_mse"] > scores["model"]["mse"] * 0.9
    assert found["rna"]["baseline"]["r2_gene"] == pytest.approx(0, abs=0.1)


def test_features_undefined_in_a_cell_are_left_out(model, mdata):
    """The first cells have no score of one motif."""
    split = Split(np.arange(10, 300), np.arange(10), np.zeros(0, int))
    found = reconstruct(model.checkpoint, mdata, split, device="cpu")
    assert found.scores["motif"]["n_features"] == 11
    left = set(found.features["feature"][found.features["modality"] == "motif"])
    assert left == set(mdata["motif"].var_names) - {mdata["motif"].var_names[1]}


def test_hidden_entries_are_not_seen_and_repeat(model, mdata):
    data = prepare(model.checkpoint, mdata)
    regions = dataclasses.replace(data.modalities["atac"], sparse=True)
    data = dataclasses.replace(data, modalities=data.modalities | {"atac": regions})
    batch, index = data.batch(np.arange(8), torch.device("cpu")), np.arange(8)
    hiding = Hiding(["rna", "atac", "motif"], 0.3, 0)
    seen, again = hiding(index, batch), hiding(index, batch)
    for name, values in batch.values.items():
        hidden = hiding.entries(name, index, values.shape[1])
        assert hidden.mean() == pytest.approx(0.3, abs=0.06)
        if isinstance(values, SparseRows):
            left = values.dense().numpy() * ~hidden
            np.testing.assert_array_equal(seen.values[name].dense(), left)
        else:
            assert not seen.defined[name].numpy()[hidden].any()
            assert torch.equal(seen.defined[name], again.defined[name])
    assert isinstance(batch.values["atac"], SparseRows)
    first, other = (hiding.entries("rna", cells, 60) for cells in (index, index + 8))
    assert not np.array_equal(first, other)


def test_a_bernoulli_model_is_compared_as_open_or_closed():
    mdata = toy_multiome(cells=120)
    trained = short("mosc", mdata, max_epochs=2)
    model = api.Model.from_trained(trained, preset="mosc")
    found = api.reconstruct(model, mdata, device="cpu")
    assert found.scores["atac"]["scale"] == "open or closed"
    table = found.features[found.features["modality"] == "atac"]
    assert table["mean_predicted"].between(0, 1).all()


def test_what_cannot_be_scored_is_refused(model, mdata):
    split = Split(np.arange(len(mdata.obs)), np.zeros(0, int), np.zeros(0, int))
    with pytest.raises(UserError, match="No held-out cell has a modality"):
        reconstruct(model.checkpoint, mdata, split, device="cpu")
    with pytest.raises(UserError, match="share of hidden entries is 1"):
        api.reconstruct(model, mdata, hidden=1.0)
