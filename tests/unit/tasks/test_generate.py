from dataclasses import replace

import numpy as np
import pytest
import torch
from multiome2vec import api, keys
from multiome2vec.data.dataset import as_dataset
from multiome2vec.errors import UserError
from multiome2vec.tasks.generate import covariate_rows, generate, interpolate
from tiny_model import SPECS, build

LIBRARIES = {"rna": 200.0, "atac": 300.0, "motif": 1.0}


def test_same_seed_same_cells_whatever_the_blocks(monkeypatch):
    model = build()
    z, values = generate(model, 30, libraries=LIBRARIES, seed=3)
    again = generate(model, 30, libraries=LIBRARIES, seed=3)
    np.testing.assert_array_equal(again[0], z)
    for name, rows in values.items():
        np.testing.assert_array_equal(again[1][name].toarray(), rows.toarray())
        assert np.isfinite(rows.data).all()
    assert not np.array_equal(generate(model, 30, libraries=LIBRARIES, seed=4)[0], z)
    monkeypatch.setattr("multiome2vec.tasks.generate.CHUNK", 7)
    assert generate(model, 30, libraries=LIBRARIES, seed=3)[1]["rna"].shape == (30, 4)


def test_mean_of_many_draws_is_the_expectation():
    """The decoder is made blind to z, so that all cells have one expectation."""
    model = build("rna", "atac")
    with torch.no_grad():
        for decoder in model.decoders.values():
            decoder.head.weight.zero_()
    z, values = generate(model, 4000, libraries=LIBRARIES, seed=0)
    covariate = covariate_rows(model, 1, None)
    for name in ("rna", "atac"):
        library = torch.full((1, 1), LIBRARIES[name])
        mean = model.expectation(name, torch.zeros(1, 2), covariate, library).detach().numpy()
        np.testing.assert_allclose(np.ravel(values[name].mean(axis=0)), mean[0], rtol=0.1)
    np.testing.assert_allclose(z.mean(axis=0), 0, atol=0.06)
    np.testing.assert_allclose(z.std(axis=0), 1, atol=0.06)


def test_latent_libraries_are_drawn_from_their_prior(monkeypatch):
    """log ℓ ~ N(m, s²); of so many counts a Poisson row's total is its library up to 1 %."""
    monkeypatch.setitem(SPECS, "rna", replace(SPECS["rna"], likelihood="poisson", library="latent"))
    model = build("rna")
    model.libraries["rna"].fit(9.2, 0.5)

    def totals(**libraries):
        rows = generate(model, 2000, libraries=libraries, seed=5)[1]["rna"]
        return np.ravel(rows.sum(axis=1))

    logs = np.log(totals())
    np.testing.assert_allclose([logs.mean(), logs.std()], [9.2, 0.5], atol=0.03)
    np.testing.assert_array_equal(totals(), totals())
    np.testing.assert_allclose(totals(rna=1e4), 1e4, rtol=0.05)


def test_cells_of_a_model_with_a_latent_library_differ_in_depth(mdata):
    settings = {"hidden": [16], "latent": 2, "max_epochs": 2, "likelihood": {"counts": "poisson"}}
    model = api.train(mdata, "count-vae", **settings)
    prior = model.checkpoint.model.libraries["rna"]
    drawn, given = (
        np.log(np.ravel(api.generate(model, 500, libraries=depth)["rna"].X.sum(axis=1)))
        for depth in (None, {"rna": 1e6})
    )
    mean, sd = float(prior.location), float(prior.log_scale.exp())
    poisson = np.exp(-mean / 2)  # coefficient of variation of a total around its library
    assert drawn.mean() == pytest.approx(mean, abs=0.05)
    assert drawn.std() == pytest.approx(np.hypot(sd, poisson), rel=0.1)
    assert given.std() < 0.01


def test_middle_of_a_path_lies_between_its_ends():
    """With a linear decoder of continuous values it is their mean."""
    model = build()
    start, end = np.array([-1.0, 2.0]), np.array([2.0, 0.5])
    path, values = interpolate(model, start, end, steps=5, libraries=LIBRARIES)
    np.testing.assert_allclose(path[[0, 2, 4]], [start, (start + end) / 2, end], rtol=1e-6)
    for rows in values.values():
        ends = np.linalg.norm(rows[0] - rows[4])
        assert np.linalg.norm(rows[2] - rows[0]) <= ends
        assert np.linalg.norm(rows[2] - rows[4]) <= ends


def test_batches_are_one_hot_or_averaged():
    model = build()
    np.testing.assert_array_equal(covariate_rows(model, 2, 1), [[0, 1], [0, 1]])
    np.testing.assert_array_equal(covariate_rows(model, 1, None), [[0.5, 0.5]])
    with pytest.raises(UserError, match="no batch number 2: the model knows 2"):
        covariate_rows(model, 1, 2)


def test_requests_without_an_answer():
    with pytest.raises(UserError, match="at least one"):
        generate(build(), 0, libraries=LIBRARIES, seed=0)
    with pytest.raises(UserError, match="at least 2 steps"):
        interpolate(build(), np.zeros(2), np.ones(2), steps=1, libraries=LIBRARIES)


def test_generated_cells_are_a_dataset_like_the_training(model, mdata):
    cells = api.generate(model, 200, seed=1, batch="s2")
    assert {name: s.kind for name, s in as_dataset(cells).modalities.items()} == {
        name: s.kind for name, s in as_dataset(mdata).modalities.items()
    }
    latent = api.embed(model, cells).X
    np.testing.assert_array_less(0.3, np.corrcoef(latent[:, 0], cells.obsm["X_latent"][:, 0])[0, 1])
    profile = np.asarray(cells["rna"].layers[keys.COUNTS].mean(axis=0)).ravel()
    in_batch = (mdata.obs[keys.BATCH] == "s2").to_numpy()
    real = np.asarray(mdata["rna"].layers[keys.COUNTS][in_batch].mean(axis=0)).ravel()
    assert np.corrcoef(profile, real)[0, 1] > 0.9
    with pytest.raises(UserError, match="knows no batch 's3': s1, s2"):
        api.generate(model, 1, batch="s3")


def test_a_path_encodes_its_two_cells_alone(model, mdata, monkeypatch):
    network, encoded = model.checkpoint.model, []
    infer = type(network).infer
    monkeypatch.setattr(
        type(network),
        "infer",
        lambda self, x, mask: (encoded.append(len(x)), infer(self, x, mask))[1],
    )
    later, earlier = mdata.obs_names[7], mdata.obs_names[3]
    api.interpolate(model, mdata, later, earlier, steps=2)
    assert encoded == [2]
    tables = api.interpolate(model, mdata, later, later, steps=2)
    assert tables["latent"].iloc[0].equals(tables["latent"].iloc[1])


def test_path_between_two_cells(model, mdata):
    start, end = mdata.obs_names[0], mdata.obs_names[2]
    tables = api.interpolate(model, mdata, start, end, steps=4)
    latent = api.embed(model, mdata).X
    np.testing.assert_allclose(tables["latent"].iloc[[0, -1]], latent[[0, 2]], rtol=1e-5)
    back = api.interpolate(model, mdata, end, start, steps=4)
    np.testing.assert_allclose(back["latent"][::-1], tables["latent"], rtol=1e-5)
    assert tables["rna"].shape == (4, mdata["rna"].n_vars)
    with pytest.raises(UserError, match="no cell 'nobody'"):
        api.interpolate(model, mdata, start, "nobody")
