import hashlib
import json
import tracemalloc

import numpy as np
import pytest
import torch
from multiome2vec.errors import ContractError
from multiome2vec.models.config import ModalitySpec, ModelConfig
from multiome2vec.models.multimodal import MultimodalVAE
from multiome2vec.training.checkpoint import file_digest, load, save

SPECS = {
    "rna": ModalitySpec(4, "log-library", "negative-binomial"),
    "atac": ModalitySpec(3, "tfidf-1", "poisson"),
    "motif": ModalitySpec(2, "identity", "gaussian", derived_from="atac"),
}
NAMES = {"rna": list("abcd"), "atac": ["chr1:0-5", "chr1:5-9", "é"], "motif": ["", "m"]}
FEATURES = {"rna": np.array([0, 2, 3, 7]), "atac": np.arange(3), "motif": np.arange(2)}
SIZE = 2**25  # bytes


@pytest.fixture
def saved(tmp_path):
    torch.manual_seed(0)
    model = MultimodalVAE(ModelConfig(SPECS, n_batches=0, latent=2, hidden=(5,), dropout=0.1))
    with torch.no_grad():
        model.fusion.tempering_logit.copy_(torch.tensor([1.0, 2.0, 3.0]))
    paths = {"weights": tmp_path / "w.safetensors", "card": tmp_path / "card.json"}
    save(model, features=FEATURES, names=NAMES, facts={"seed": 3, "preset": "trivae"}, **paths)
    return model, paths


def test_round_trip_keeps_tensors_order_and_features(saved):
    model, paths = saved
    checkpoint = load(**paths)
    assert checkpoint.model.config == model.config
    assert list(checkpoint.model.config.modalities) == ["rna", "atac", "motif"]
    assert list(checkpoint.features) == ["rna", "atac", "motif"]
    assert not checkpoint.model.training
    for name, tensor in model.state_dict().items():
        assert torch.equal(tensor, checkpoint.model.state_dict()[name])
    for name, columns in FEATURES.items():
        np.testing.assert_array_equal(checkpoint.features[name], columns)
        assert checkpoint.names[name].tolist() == NAMES[name]


def test_card_holds_facts_and_versions_but_no_time(saved):
    _, paths = saved
    card = json.loads(paths["card"].read_text())
    assert (card["seed"], card["preset"]) == (3, "trivae")
    assert card["versions"]["torch"] == torch.__version__
    assert set(card) == {"seed", "preset", "config", "versions"}


def test_same_model_same_bytes(saved, tmp_path):
    model, paths = saved
    again = {"weights": tmp_path / "w2.safetensors", "card": tmp_path / "card2.json"}
    save(model, features=FEATURES, names=NAMES, facts={"seed": 3, "preset": "trivae"}, **again)
    assert all(file_digest(paths[name]) == file_digest(again[name]) for name in paths)


def test_a_large_file_is_digested_in_little_memory(tmp_path):
    path = tmp_path / "large"
    with path.open("wb") as file:
        file.truncate(SIZE)
    tracemalloc.start()
    digest = file_digest(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < SIZE / 10
    assert digest == hashlib.sha256(bytes(SIZE)).hexdigest()[:16]


def test_weights_of_another_model_are_refused(saved):
    _, paths = saved
    card = json.loads(paths["card"].read_text())
    card["config"]["hidden"] = [6]
    paths["card"].write_text(json.dumps(card))
    with pytest.raises(ContractError, match="does not belong to .*card.json.*train again"):
        load(**paths)


@pytest.mark.parametrize("archive", [True, False])
def test_a_pickle_is_never_opened(saved, archive):
    _, paths = saved
    torch.save({"a": torch.ones(1)}, paths["weights"], _use_new_zipfile_serialization=archive)
    with pytest.raises(ContractError, match="is a pickle .*can run any code.*safetensors"):
        load(**paths)


def test_another_file_as_weights_is_refused(saved):
    _, paths = saved
    paths["weights"].write_text("no tensors")
    with pytest.raises(ContractError, match="is no safetensors file"):
        load(**paths)
