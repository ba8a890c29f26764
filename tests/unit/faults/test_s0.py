"""Faults of the tri-modal VAE (S0), and where each is tested.

1. The joint model was built and never fitted: encoders kept random weights.
   here::test_fault_the_encoders_are_never_fitted
2. No fusion: three latent spaces side by side.
   unit/models/test_fusion.py::test_fault_no_fusion_every_modality_moves_the_one_latent
   unit/models/test_fusion.py::test_product_of_densities_by_brute_force
3. Eight pseudobulks in place of cells, without validation.
   here::test_fault_pseudobulks_in_place_of_cells
4. Clusters and maps of latent dimensions in place of cells; names of types given by hand.
   here::test_fault_dimensions_in_place_of_cells
   unit/tasks/test_embed.py::test_cells_are_embedded_in_the_order_given
   unit/steps/test_evaluation.py::test_map_of_an_embedding
5. Scaling along the wrong axis: features stayed as they were.
   here::test_fault_cells_are_scaled_in_place_of_features
   unit/training/test_statistics.py::test_inputs_of_the_training_cells_are_standardised
6. Samples in another order in each modality.
   unit/io/test_contracts.py::test_permuted_cells_are_refused
   unit/data/test_readers.py::test_permuted_barcodes_are_refused
   unit/steps/test_multiome.py::test_paired_data_have_the_same_cells_in_the_same_order
   unit/steps/test_multiome.py::test_columns_are_all_labels_even_where_a_modality_has_none
7. Pseudobulks added in place, not normalised, of logarithms; imputed accessibility for counts.
   here::test_fault_normalised_or_imputed_values_for_counts
   unit/tasks/test_pseudobulk.py::test_fault_addition_in_place_corrupts_the_first_cell
   unit/tasks/test_pseudobulk.py::test_fault_sums_of_log_values
   unit/tasks/test_pseudobulk.py::test_fault_not_normalised_for_the_number_of_cells
   unit/steps/test_multiome.py::test_exports_hold_the_matrices_and_their_label_means
8. No motif matrix by cell: hits by type, absent ones 0, repeated motifs overwritten.
   unit/motifs/test_deviations.py::test_equals_the_definition
   unit/motifs/test_deviations.py::test_undefined_scores_are_masked_and_zero
   unit/motifs/test_formats.py::test_folder_of_all_formats
   unit/steps/test_multiome.py::test_masked_motif_entries_are_left_out
9. No seeds, no weights, no scores; barcodes with a silent suffix.
   contracts/test_models.py::test_same_seed_same_latent_and_round_trip
   unit/steps/test_evaluation.py::test_scores_of_real_data
   unit/io/test_barcodes.py::test_suffix_case_is_explained_with_its_fix
   unit/steps/test_preflight.py::test_barcodes_with_another_suffix_get_the_transformation_that_helps
"""

import numpy as np
import pytest
import torch
from multiome2vec import keys
from multiome2vec.data.features import choose_features
from multiome2vec.data.multiome import cell_data
from multiome2vec.metrics import REGISTRY
from multiome2vec.models.multimodal import MultimodalVAE
from multiome2vec.training.seeds import seed_everything
from toy_multiome import toy_multiome
from toy_presets import agreement, everywhere, short, types

EVERY = np.arange(120)


@pytest.fixture(scope="module")
def trained():
    return short("trivae", toy_multiome(cells=120), max_epochs=3)


def test_fault_the_encoders_are_never_fitted(trained):
    """All weights are moved, and a cell's latent is read from the cell."""
    seed_everything(0)
    start = MultimodalVAE(trained.model.config).state_dict()
    for name, parameter in trained.model.named_parameters():
        assert not torch.equal(parameter, start[name]), name
    device = torch.device("cpu")
    first, second = (trained.data.batch(EVERY[i : i + 60], device) for i in (0, 60))
    means = [trained.model.infer(batch).mixture.mean for batch in (first, second)]
    assert (means[0] - means[1]).abs().max() > 0.1


def test_fault_pseudobulks_in_place_of_cells(trained):
    learnt, validated = trained.split.train, trained.split.validation
    assert len(learnt) + len(validated) == 120
    assert not set(learnt) & set(validated)
    assert all("val_loss" in row for row in trained.fit.history)
    means, truth = everywhere(trained).mean, types(toy_multiome(cells=120))
    assert len(np.unique(means, axis=0)) == 120
    for kind in "ABCD":
        assert means[truth == kind].std(axis=0).max() > 0.01


def test_fault_dimensions_in_place_of_cells(trained):
    """Rows are cells; the transpose cannot be scored against the labels of cells."""
    means, truth = everywhere(trained).mean, types(toy_multiome(cells=120))
    assert means.shape == (120, trained.model.config.latent)
    ari = REGISTRY.get("ari")
    assert ari(means, truth, n_neighbors=10, seed=0)["ari"] > 0.2
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        agreement(means.T, truth)


def test_fault_cells_are_scaled_in_place_of_features():
    """Features of very different sizes reach the network alike."""
    mdata = toy_multiome(cells=120)
    motif = mdata[keys.MOTIF]
    sizes = np.linspace(0.01, 2, motif.n_vars)
    motif.X = (motif.X * sizes).astype(np.float32)
    trained = short("trivae", mdata, max_epochs=1)
    encoder = trained.model.encoders[keys.MOTIF]
    cells = trained.split.train
    batch = trained.data.batch(cells, torch.device("cpu"))
    seen = encoder.standardise(encoder.transformed(batch))[
        :, 2:
    ]  # the second is undefined at times
    torch.testing.assert_close(seen.std(dim=0), torch.ones(seen.shape[1]), rtol=0.02, atol=0)
    assert seen.std(dim=1).std() > 0.05


def test_fault_normalised_or_imputed_values_for_counts():
    """Whatever X holds, models read the counts."""
    batches = []
    for damaged in (False, True):
        mdata = toy_multiome(cells=60)
        if damaged:
            for name in (keys.RNA, keys.ATAC):
                mdata[name].X = np.full(mdata[name].shape, 0.37, np.float32)
        features = choose_features(mdata, n_hvg=100, n_regions=100)
        data = cell_data(mdata, features=features, batches=[], batch_key=None)
        batches.append(data.batch(EVERY[:60], torch.device("cpu")))
    for name in (keys.RNA, keys.ATAC):
        values = [batch.values[name] for batch in batches]
        assert torch.equal(values[0], values[1])
        assert torch.equal(values[0], values[0].round())
