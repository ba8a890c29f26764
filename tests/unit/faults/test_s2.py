"""Faults of the count VAEs (S2), and where each is tested.

1. log1pcps took the logarithm before it normalised.
   unit/models/test_transforms.py::test_log1p_comes_after_the_library
2. The default scale, a median over features, is 0 for sparse counts: all inputs were 0.
   unit/models/test_transforms.py::test_counts_per_scale_keep_sparse_cells_alive_and_sum_to_the_scale
3. The library scaled the negative binomial's dispersion in place of its mean.
   unit/models/likelihoods/test_counts.py::test_library_scales_the_mean_and_not_the_dispersion
   unit/models/likelihoods/test_base.py::test_expected_counts_scale_linearly_with_the_library
4. A call without data read an attribute that does not exist.
   here::test_fault_nothing_can_be_drawn_without_data
5. Parameters of components were averaged and called the latent.
   unit/models/priors/test_gmvae.py::test_fault_components_are_not_averaged_before_decoding
   unit/objectives/test_elbo.py::test_exact_components_weigh_by_their_probabilities
6. Logarithms of small libraries were clamped.
   unit/models/likelihoods/test_counts.py::test_small_libraries_are_not_clamped
7. The prior of the library was guarded by a test that was always true.
   here::test_fault_the_prior_of_the_library_is_not_fitted
   unit/models/test_library.py::test_libraries_that_do_not_differ_are_refused
   unit/objectives/test_elbo.py::test_latent_library_adds_its_divergence
8. Components collapsed in spite of annealing and uniform weights.
   acceptance/test_mixtures.py::test_components_stay_in_use
   acceptance/test_mixtures.py::test_a_collapsed_mixture_is_flagged
   unit/models/priors/test_usage.py::test_fault_usage_was_minimised
9. No tests.
   contracts/test_models.py::test_trains_on_what_it_needs_and_says_what_is_missing
"""

import numpy as np
import pytest
from multiome2vec import keys
from multiome2vec.tasks.generate import generate
from toy_multiome import toy_multiome
from toy_presets import short


@pytest.mark.parametrize("preset", ["count-gmvae", "count-vae", "scmvp"])
def test_fault_nothing_can_be_drawn_without_data(preset):
    trained = short(
        preset, toy_multiome(cells=120), max_epochs=2, pretrain_epochs=1, n_components=3
    )
    z, values = generate(trained.model, 50, libraries={keys.RNA: 300.0, keys.ATAC: 300.0}, seed=0)
    assert z.shape == (50, 6)
    assert np.isfinite(z).all()
    rna = values[keys.RNA].toarray()
    assert rna.shape == (50, 60)
    assert (rna == np.round(rna)).all()
    assert rna.sum(axis=1).mean() == pytest.approx(300, rel=0.2)
    assert len(np.unique(z, axis=0)) == 50


def test_fault_the_prior_of_the_library_is_not_fitted():
    """Its moments are those of the logarithms of the training cells' totals."""
    mdata = toy_multiome(cells=120)
    trained = short("count-vae", mdata, max_epochs=1)
    library = trained.model.libraries[keys.RNA]
    totals = mdata[keys.RNA].layers[keys.COUNTS].sum(axis=1).A1[trained.split.train]
    assert float(library.location) == pytest.approx(np.log(totals).mean(), abs=1e-4)
    assert float(library.log_scale.exp()) == pytest.approx(np.log(totals).std(), abs=1e-4)
    assert all(row["train_kl_library"] > 0 for row in trained.fit.history)
