import os
from dataclasses import replace

import numpy as np
import pytest
from multiome2vec import keys
from multiome2vec.data.dataset import as_dataset
from multiome2vec.data.readers import read_dataset
from multiome2vec.data.stamp import dataset_stamp, file_stamp
from toy_multiome import toy_multiome


def stamp(mdata, *columns):
    return dataset_stamp(as_dataset(mdata), columns)


def test_equal_data_have_one_stamp():
    assert stamp(toy_multiome(cells=40)) == stamp(toy_multiome(cells=40))


def another_count(mdata):
    mdata["rna"].layers[keys.COUNTS].data[0] += 1


def another_region(mdata):
    mdata["atac"].layers[keys.COUNTS].indices[0] += 1


def another_score(mdata):
    mdata["motif"].X[3, 4] += 1


def another_mask(mdata):
    mdata["motif"].layers[keys.MASK][3, 4] = 1


def another_batch(mdata):
    mdata.obs[keys.BATCH] = mdata.obs[keys.BATCH].to_numpy()[::-1].copy()


CHANGES = [another_count, another_region, another_score, another_mask, another_batch]


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_in_memory_is_noticed(change):
    mdata = toy_multiome(cells=40)
    before = stamp(mdata, keys.BATCH)
    change(mdata)
    assert stamp(mdata, keys.BATCH) != before


def test_other_barcodes_and_columns_are_noticed_where_asked_for():
    mdata = toy_multiome(cells=40)
    dataset = as_dataset(mdata)
    other = replace(dataset, obs=dataset.obs.rename(index={"s1#0": "new"}))
    assert dataset_stamp(other) != dataset_stamp(dataset)
    assert stamp(mdata, keys.BATCH) != stamp(mdata, keys.TRUE_TYPE) != stamp(mdata)


@pytest.mark.parametrize("form", ["h5mu", "zarr"])
def test_a_change_of_the_file_is_noticed(form, tmp_path):
    path = tmp_path / f"data.{form}"
    mdata = toy_multiome(cells=40)
    write = {"h5mu": mdata.write_h5mu, "zarr": mdata.write_zarr}[form]
    write(path)
    stamps = {file_stamp(path), dataset_stamp(read_dataset(path))}
    assert stamps == {file_stamp(path), dataset_stamp(read_dataset(path))}
    inner = path
    if path.is_dir():
        inner = next(p for p in (path / "mod/rna/layers/counts/data").rglob("*") if p.is_file())
    os.utime(inner, ns=(0, inner.stat().st_mtime_ns + 10**12))
    assert stamps.isdisjoint({file_stamp(path), dataset_stamp(read_dataset(path))})


def test_what_is_made_of_a_file_is_told_apart(tmp_path):
    toy_multiome(cells=40).write_h5mu(tmp_path / "data.h5mu")
    dataset = read_dataset(tmp_path / "data.h5mu")
    rna = dataset.modalities["rna"]
    some, others = (rna.store.select(np.arange(first, first + 5)) for first in (0, 9))
    stamps = [
        dataset_stamp(replace(dataset, modalities={"rna": replace(rna, store=store)}))
        for store in (rna.store, rna.store.halved(), some, others)
    ]
    assert len(set(stamps)) == len(stamps)
