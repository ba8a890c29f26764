import numpy as np
import torch
from multiome2vec.data.features import choose_features
from multiome2vec.data.multiome import cell_data
from multiome2vec.models.multimodal import MultimodalVAE
from multiome2vec.presets import configure
from multiome2vec.training.statistics import fit_statistics
from toy_multiome import toy_multiome


def test_inputs_of_the_training_cells_are_standardised():
    mdata = toy_multiome(cells=300)
    features = choose_features(mdata, n_hvg=100, n_regions=100)
    data = cell_data(mdata, features=features, batches=[], batch_key=None)
    model = MultimodalVAE(configure("trivae", {"hidden": [8]}).model(data.shapes, n_batches=0))
    train = np.arange(0, 300, 2)
    fit_statistics(model, data, train)
    batch = data.batch(train, torch.device("cpu"))
    for name, encoder in model.encoders.items():
        x = encoder.standardise(encoder.transformed(batch))
        defined = batch.defined.get(name, torch.ones_like(x)) > 0
        for j in range(x.shape[1]):
            column = x[defined[:, j], j]
            assert abs(float(column.mean())) < 1e-4
            assert abs(float(column.std(correction=0)) - 1) < 1e-3
    share = model.likelihoods["atac"].shares.log_factor.exp()
    total = batch.values["atac"].sum(dim=0) + 1
    np.testing.assert_allclose(share.detach(), total / total.sum(), rtol=1e-5)


def test_raw_values_are_read_once(monkeypatch):
    """Sums, libraries and their logarithms come of one pass over the training cells."""
    mdata = toy_multiome(cells=90)
    features = choose_features(mdata, n_hvg=100, n_regions=100)
    data = cell_data(mdata, features=features, batches=[], batch_key=None)
    settings = configure("trivae", {"hidden": [8], "library": "latent", "standardise": []})
    model = MultimodalVAE(settings.model(data.shapes, n_batches=0))
    train, read = np.arange(0, 90, 2), {}
    for name, modality in data.modalities.items():
        store, rows, read[name] = modality.store, modality.store.rows, []

        def counted(index, device, rows=rows, seen=read[name]):
            seen.extend(index)
            return rows(index, device)

        monkeypatch.setattr(store, "rows", counted)
    found = fit_statistics(model, data, train)
    assert read == {name: train.tolist() for name in data.modalities}
    counts = mdata["rna"].layers["counts"].toarray()
    library = counts[train][:, features["rna"]].sum(axis=1)
    assert found["rna"].median_library == np.median(library)
    latent = model.libraries["rna"]
    np.testing.assert_allclose(float(latent.location), np.log(library).mean(), rtol=1e-6)
    np.testing.assert_allclose(float(latent.log_scale.exp()), np.log(library).std(), rtol=1e-5)
