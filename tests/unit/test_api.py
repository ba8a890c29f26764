import doctest
import subprocess
import sys

import multiome2vec
import pytest
from anndata import AnnData
from multiome2vec import api, keys
from multiome2vec.errors import UserError
from multiome2vec.training.settings import RunSettings
from toy_multiome import toy_multiome

QUICK = {"latent": 2, "hidden": [8], "max_epochs": 2}


@pytest.fixture
def mdata():
    return toy_multiome(cells=120)


def test_the_example_of_the_package_runs(mdata, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    mdata.write_h5mu("data.h5mu")
    found = doctest.testmod(multiome2vec)
    assert found.attempted >= 5
    assert found.failed == 0


def test_nothing_heavy_is_imported_before_it_is_used():
    code = (
        "import sys; from multiome2vec import presets, configure; configure('trivae', {}); "
        "print(*{'torch', 'anndata'} & set(sys.modules)); "
        "from multiome2vec import train; print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert done.stdout.splitlines() == ["", "True"]


def test_every_name_is_there():
    for name in multiome2vec.__all__:
        assert getattr(multiome2vec, name) is not None
    assert set(multiome2vec.__all__) <= set(dir(multiome2vec))
    with pytest.raises(AttributeError, match="no attribute 'trian'"):
        multiome2vec.trian  # noqa: B018


def test_groups_are_held_out_whole(mdata):
    mdata.obs[keys.DONOR] = [f"d{i % 6}" for i in range(mdata.n_obs)]
    model = api.train(mdata, split_by=keys.DONOR, **QUICK)
    parts = mdata.obs.groupby(keys.DONOR)[keys.BATCH].agg(lambda rows: set(model.parts[rows.index]))
    assert all(len(part) == 1 for part in parts)
    assert set(model.parts) == {"train", "validation"}
    with pytest.raises(UserError, match="obs has no column 'litter'"):
        api.train(mdata, split_by="litter", **QUICK)


def test_settings_are_checked(mdata):
    with pytest.raises(UserError, match="no hyperparameter 'latant'. Did you mean 'latent'"):
        api.train(mdata, latant=3)
    with pytest.raises(UserError, match="'latent' must be of type int, such as 32, not 'wide'"):
        api.train(mdata, latent="wide")
    with pytest.raises(UserError, match="'hidden' must be of type list"):
        api.train(mdata, hidden=64)
    with pytest.raises(UserError, match="Unknown model 'trivea'. Did you mean 'trivae'"):
        api.train(mdata, "trivea")


def test_a_training_that_is_done_is_resumed_at_its_end(mdata, tmp_path, caplog):
    mdata.write_h5mu(tmp_path / "data.h5mu")
    run = RunSettings(device="cpu", checkpoint_dir=str(tmp_path / "state"))
    first = api.train(tmp_path / "data.h5mu", run=run, **QUICK)
    with caplog.at_level("INFO"):
        second = api.train(tmp_path / "data.h5mu", run=run, **QUICK)
    assert "resum" in caplog.text.lower()
    assert first.history.equals(second.history)


@pytest.mark.parametrize("form", ["path", "dataset", "mudata"])
def test_other_values_of_the_same_cells_are_not_resumed(mdata, tmp_path, caplog, form):
    path = tmp_path / "data.h5mu"
    data = {"path": lambda: path, "dataset": lambda: api.read(path), "mudata": lambda: mdata}[form]
    run = RunSettings(device="cpu", checkpoint_dir=str(tmp_path / "state"))
    mdata.write_h5mu(path)
    api.train(data(), run=run, **QUICK)
    with caplog.at_level("INFO"):
        api.train(data(), run=run, **QUICK)
    assert "Resumed from" in caplog.text
    caplog.clear()
    mdata["rna"].layers[keys.COUNTS].data[:] *= 3
    mdata.write_h5mu(path)
    found = api.train(data(), run=run, **QUICK)
    assert "is not resumed: it differs in data." in caplog.text
    assert found.history.equals(api.train(mdata, **QUICK).history)


def test_predicted_values_are_written_for_held_out_cells(mdata, tmp_path):
    from anndata.io import read_zarr

    model = api.train(mdata, **QUICK)
    out = tmp_path / "atac.zarr"
    scores = api.predict(model, mdata, source="rna", target="atac", out=out)
    held = model.parts.index[model.parts == "validation"]
    assert read_zarr(out).obs_names.tolist() == held.tolist()
    assert scores["rna_to_atac"]["n_cells"] == len(held)
    with pytest.raises(UserError, match="both the source and the target"):
        api.predict(model, mdata, source="rna")
    with pytest.raises(UserError, match="both the source and the target"):
        api.predict(model, mdata, out=out)


def test_other_objects_and_other_cells_are_refused(mdata):
    model = api.train(mdata, **QUICK)
    with pytest.raises(UserError, match="not a AnnData. Put an AnnData into a MuData"):
        api.embed(model, AnnData(mdata["rna"].X))
    mdata.obs_names = [f"new{i}" for i in range(mdata.n_obs)]
    for name in mdata.mod:
        mdata[name].obs_names = mdata.obs_names
    with pytest.raises(UserError, match="None of these cells was learnt from"):
        api.loadings(model, mdata)
    with pytest.raises(UserError, match="no modality 'adt'"):
        api.gene_embeddings(model, "adt")
