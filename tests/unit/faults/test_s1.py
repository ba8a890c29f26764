"""Faults of the moSC loaders (S1), and where each is tested.

1. Modalities were never told apart: both batches held the joint matrix.
   unit/data/test_cells.py::test_widths_of_the_modalities_sum_to_the_matrix
   unit/data/test_readers.py::test_modalities_of_one_matrix_are_told_apart
2. Names of modalities that are keys of nothing.
   unit/data/test_readers.py::test_unknown_features_are_named
   unit/data/test_readers.py::test_missing_counts_are_explained
   unit/data/test_multiome.py::test_missing_modality_is_named
3. Dense copies of everything.
   unit/data/test_cells.py::test_nothing_of_the_size_of_the_data_is_dense
   unit/data/test_readers.py::test_opening_reads_no_matrix
4. A file opened and one row read for each item.
   unit/data/test_stores.py::test_an_epoch_in_blocks_reads_far_fewer_times_than_it_has_cells
   unit/data/test_stores.py::test_neighbouring_rows_are_read_at_once
5. The GPU asked for and not used; no sparse and no backed mode.
   unit/data/test_cells.py::test_every_backend_gives_identical_batches
   unit/training/test_backend.py::test_settings_reach_torch
   acceptance/test_runs.py::test_memory_and_file_train_alike_on_the_same_batches
6. A copy beside the file is taken as it is, whatever is in it.
   here::test_fault_an_old_copy_is_read
   unit/training/test_resume.py::test_the_state_of_another_training_is_not_resumed
7. No split, nothing aligned: barcodes were dropped.
   here::test_fault_barcodes_are_dropped
   unit/data/test_splits.py::test_no_donor_is_in_two_parts
   unit/data/test_cells.py::test_an_epoch_keeps_every_barcode_with_its_values
8. Metadata: fields that are not there, values cut off without a word.
   here::test_fault_shares_above_one_are_cut_off
   unit/data/test_metadata.py::test_a_missing_field_is_never_silent
   unit/data/test_metadata.py::test_numbers_are_tensors_and_nan_stays
"""

import anndata as ad
import numpy as np
import pandas as pd
import torch
from multiome2vec import keys
from multiome2vec.data.cells import CellData
from multiome2vec.data.metadata import metadata
from multiome2vec.data.readers import read_dataset
from scipy import sparse
from toy_multiome import toy_multiome
from toy_presets import short


def write(path, seed):
    path.unlink(missing_ok=True)
    counts = sparse.csr_matrix(np.random.default_rng(seed).poisson(1.0, (30, 8)))
    var = pd.DataFrame({"feature_types": ["GEX"] * 8}, index=[f"g{i}" for i in range(8)])
    ad.AnnData(counts, var=var, layers={"counts": counts}).write_h5ad(path)
    return counts.toarray()


def test_fault_an_old_copy_is_read(tmp_path):
    """Reading leaves nothing beside the file, and sees what it holds now."""
    path = tmp_path / "cells.h5ad"
    for seed in (0, 1):
        counts = write(path, seed)
        store = read_dataset(path).modalities[keys.RNA].store
        found = store.rows(np.arange(30), torch.device("cpu")).dense()
        np.testing.assert_array_equal(found, counts)
    assert [file.name for file in tmp_path.iterdir()] == ["cells.h5ad"]


def test_fault_barcodes_are_dropped():
    """Cells of the trained data have their names, and messages name them."""
    mdata = toy_multiome(cells=80)
    mdata.obs_names = [f"AAAC{i}-1" for i in range(80)]
    for adata in mdata.mod.values():
        adata.obs_names = mdata.obs_names
    trained = short("trivae", mdata, max_epochs=1)
    assert isinstance(trained.data, CellData)
    assert trained.data.obs.index.tolist() == mdata.obs_names.tolist()
    kept = np.concatenate([trained.split.train, trained.split.validation])
    assert sorted(kept) == list(range(80))


def test_fault_shares_above_one_are_cut_off():
    """GSE194122 has shares of reads in peaks above 1: they are data, right or wrong."""
    obs = pd.DataFrame({"ATAC_reads_in_peaks_frac": [0.2, 1.7, np.nan]}, index=list("abc"))
    found = metadata(obs, np.array([1, 0, 2]), ["reads_in_peaks_frac"])["reads_in_peaks_frac"]
    np.testing.assert_allclose(found, [1.7, 0.2, np.nan])
