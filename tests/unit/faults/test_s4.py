"""Faults of the GTEx VAE (S4), and where each is tested.

1. Scaled with statistics that saw the test samples.
   here::test_fault_statistics_see_the_validation_cells
   unit/models/test_transforms.py::test_statistics_are_those_of_the_training_cells_whatever_is_transformed
2. A split without a seed.
   unit/data/test_splits.py::test_split_is_stratified_and_seeded
   unit/data/test_splits.py::test_a_written_split_is_read_for_cells_in_any_order
3. Inputs masked in the evaluation only.
   acceptance/test_deep.py::test_inputs_are_masked_in_training_and_never_in_validation
   unit/objectives/test_objective.py::test_masked_scores_hidden_entries_alone
4. The best weights were those at hand, so that restoring them restored nothing.
   unit/training/test_weights.py::test_best_weights_are_no_live_reference
   unit/training/test_loop.py::test_training_stops_after_patience_and_restores_the_best_epoch
5. Stopping and learning rate watched a loss whose weights go in cycles.
   unit/training/test_loop.py::test_plateau_and_stopping_watch_a_loss_without_the_cycling_weight
   unit/training/test_loop.py::test_validation_loss_has_the_final_weight_of_the_divergence
6. Every epoch was saved.
   unit/training/test_resume.py::test_the_state_is_tensors_and_json
   here::test_fault_every_epoch_is_saved
7. Ways to start it that fail.
   workflow/test_dry_run.py::test_stages_are_targets
   workflow/test_dry_run.py::test_config_plans_the_last_stage
8. Missing genes as 0, which is far from the least of a logarithm.
   unit/bulk/test_genes.py::test_fault_missing_genes_as_0
   unit/bulk/test_genes.py::test_wrong_order_raises_with_the_first_difference
9. Embeddings of samples called those of genes.
   unit/tasks/test_gene_embeddings.py::test_fault_gene_embeddings_being_sample_embeddings
10. Projection heads trained and never used.
    unit/tasks/test_apply.py::test_projection_is_the_mean_of_the_heads
11. Heads as wide as the latent space, 1.57 G parameters.
    acceptance/test_deep.py::test_a_latent_space_as_wide_as_the_input_is_built_in_no_memory
12. Requirements that do not exist.
    here::test_fault_requirements_that_do_not_exist
13. Checkpoints as pickles.
    unit/training/test_checkpoint.py::test_a_pickle_is_never_opened
    unit/training/test_resume.py::test_the_state_is_tensors_and_json
14. A weight of the KL divergence that is another than the one stated.
    here::test_fault_the_weight_is_another_than_the_stated_one
    unit/presets/test_presets.py::test_means_of_both_losses_make_another_weight
15. A contrastive loss that stays at chance.
    unit/models/test_contrastive.py::test_fault_a_head_that_learns_nothing
    unit/models/test_contrastive.py::test_chance_level_is_the_loss_of_equal_similarities
    acceptance/test_contrastive.py::test_loss_is_far_below_chance
"""

import re
import tomllib
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
import torch
from multiome2vec import keys
from multiome2vec.training.settings import RunSettings
from packaging.requirements import Requirement
from toy_multiome import toy_multiome
from toy_presets import short

ROOT = Path(__file__).parents[3]
DEEP = {"hidden": (32, 16), "latent": 4, "max_epochs": 2}


@pytest.mark.parametrize("preset", ["gtex", "trivae", "count-vae", "scmvp"])
def test_fault_statistics_see_the_validation_cells(preset):
    """Buffers and starts of parameters are the same whatever the validation cells hold."""
    small = {"max_epochs": 1, "pretrain_epochs": 0, "n_components": 3, "learning_rate": 0.0}
    small |= {"weight_decay": 0.0} | ({"hidden": (32, 16)} if preset == "gtex" else {})
    found = []
    for damaged in (False, True):
        mdata = toy_multiome(cells=120)
        if damaged:
            held = found[0].split.validation
            for name in (keys.RNA, keys.ATAC):
                counts = mdata[name].layers[keys.COUNTS].toarray()
                counts[held] = 7 * np.roll(counts[held], 25, axis=1)
                mdata[name].layers[keys.COUNTS] = type(mdata[name].layers[keys.COUNTS])(counts)
            mdata[keys.MOTIF].X[held] += 3 * (mdata[keys.MOTIF].layers[keys.MASK][held] == 0)
        found.append(short(preset, mdata, **small))
    np.testing.assert_array_equal(found[0].split.validation, found[1].split.validation)
    states = [trained.model.state_dict() for trained in found]
    running = [name for name in states[0] if "running" in name or "tracked" in name]
    for name in states[0].keys() - set(running):
        assert torch.equal(states[0][name], states[1][name]), name
    assert found[0].fit.history[0]["val_loss"] != found[1].fit.history[0]["val_loss"]


def test_fault_every_epoch_is_saved(tmp_path):
    """The size of what is saved does not grow with the epochs."""
    sizes = []
    for epochs in (1, 5):
        folder = tmp_path / str(epochs)
        run = RunSettings(device="cpu", checkpoint_dir=str(folder), checkpoint_minutes=0.0)
        short("gtex", toy_multiome(cells=80), run=run, **DEEP | {"max_epochs": epochs})
        files = [path for path in folder.rglob("*") if path.suffix == ".safetensors"]
        assert len(files) == 1
        sizes.append(files[0].stat().st_size)
    assert sizes[1] == pytest.approx(sizes[0], rel=0.01)


def test_fault_requirements_that_do_not_exist():
    """What the project names is locked, and is what is installed here."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lines = (ROOT / "requirements.lock").read_text().splitlines()
    pins = [Requirement(line) for line in lines if not line.startswith("#")]
    locked = {
        pin.name: pin.specifier for pin in pins if pin.marker is None or pin.marker.evaluate()
    }
    for requirement in project["dependencies"]:
        name = re.split(r"[<=>\[;]", requirement)[0]
        assert name in locked
        assert version(name) in locked[name]


def test_fault_the_weight_is_another_than_the_stated_one():
    """What multiplies the divergence in nats is in the card and in the history."""
    trained = short("gtex", toy_multiome(cells=80), **DEEP | {"kl_warmup_epochs": 3})
    n_genes = trained.model.config.modalities[keys.RNA].n_features
    beta = trained.facts["beta"]
    assert beta == pytest.approx(0.01 * n_genes / (2 * 4))
    for row in trained.fit.history:
        assert row["kl_z_weight"] <= beta
        terms = row["train_nll_rna"] + row["kl_z_weight"] * row["train_kl_z"]
        total = terms + row["masked_weight"] * row["train_masked"]
        assert row["train_loss"] == pytest.approx(total, rel=1e-4)
