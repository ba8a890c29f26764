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
