import numpy as np
import pytest
import torch
from multiome2vec.errors import UserError
from multiome2vec.tasks.model import FILES, Model


def test_a_model_is_saved_and_read_back(model, mdata, tmp_path):
    model.save(tmp_path / "first")
    assert sorted(path.name for path in (tmp_path / "first").iterdir()) == sorted(FILES.values())
    again = Model.load(tmp_path / "first")
    for name, tensor in model.checkpoint.model.state_dict().items():
        assert torch.equal(tensor.cpu(), again.checkpoint.model.state_dict()[name])
    assert repr(again) == repr(model)
    assert "trivae, seed 0, rna: 60, atac: 90, motif: 12; 4 dimensions" in repr(again)
    np.testing.assert_array_equal(again.history, model.history)
    for part in ("train", "validation", "test"):
        first, second = (getattr(m.split(mdata.obs_names), part) for m in (model, again))
        np.testing.assert_array_equal(first, second)
    again.save(tmp_path / "second")
    for file in FILES.values():
        first, second = (tmp_path / folder / file for folder in ("first", "second"))
        assert first.read_bytes() == second.read_bytes()


def test_cells_never_seen_are_held_out(model, mdata):
    train = model.split(mdata.obs_names).train
    assert len(train) == 270
    cells = mdata.obs_names[train[:2]].append(mdata.obs_names[:0].insert(0, "new"))
    found = model.split(cells)
    assert (found.train.tolist(), found.validation.tolist()) == ([0, 1], [2])


def test_a_folder_without_a_model_is_named(tmp_path):
    with pytest.raises(UserError, match="holds no trained model: weights.safetensors, card.json"):
        Model.load(tmp_path)
