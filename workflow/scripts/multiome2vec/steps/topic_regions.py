"""What follows from the topics in use: their region sets and quality, variable regions."""

import logging

import anndata as ad
import numpy as np
import pandas as pd

from multiome2vec import keys
from multiome2vec.io.atomic import atomic_path, write_tsv
from multiome2vec.io.contracts import check_topics
from multiome2vec.io.regions import load_regions
from multiome2vec.regulation.sets import write_sets
from multiome2vec.topics.binarize import above_threshold, gini, top_n
from multiome2vec.topics.selection import coherence
from multiome2vec.topics.variable import block_cells, imputed_blocks, variable_regions

logger = logging.getLogger(__name__)


def topic_regions(
    *, topics: str, regions: str, barcodes: str, out: dict[str, str], n_imputed: int
) -> None:
    """Binarise the topics and look for variable regions.

    Parameters
    ----------
    topics, regions, barcodes
        The chosen ``topics.h5ad``, ``regions.h5ad`` and the final ``barcodes.tsv``.
    out
        ``otsu`` and ``top`` (folders of BED files), ``quality`` (one row per topic), ``variable``
        (one row per region), ``imputed`` (AnnData zarr, cells × variable regions).
    n_imputed
        Highly variable regions in ``imputed``, at most: those of largest normalised dispersion.
    """
    model = ad.read_h5ad(topics)
    check_topics(model, path=topics)
    theta, phi = model.obsm[keys.X_TOPIC], model.varm[keys.TOPIC_REGION]
    names = [f"Topic{number}" for number in range(1, phi.shape[1] + 1)]
    sets = {"otsu": above_threshold(phi, method="otsu"), "top": top_n(phi)}
    for name, mask in sets.items():
        write_sets(dict(zip(names, mask.T, strict=True)), model.var, out[name])
    counts = load_regions(regions, barcodes).X
    quality = topic_quality(theta, phi, counts, in_set=sets["otsu"])
    write_tsv(quality.set_axis(names).rename_axis("topic").round(6), out["quality"])

    table = variable_regions(theta, phi).set_axis(model.var_names).rename_axis("region")
    write_tsv(table.round(6), out["variable"])
    ranked = table.loc[table["highly_variable"], "dispersions_norm"].nlargest(n_imputed).index
    chosen = model.var_names.isin(ranked)
    logger.info(
        "%d of %d regions are highly variable; imputed accessibility of %d is written",
        table["highly_variable"].sum(), len(table), chosen.sum(),
    )  # fmt: skip
    _write_imputed(model, theta, phi, chosen, out["imputed"])


def topic_quality(
    theta: np.ndarray, phi: np.ndarray, counts, *, in_set: np.ndarray
) -> pd.DataFrame:
    """One row per topic, after pycisTopic's topic quality control.

    Columns: assignments (open regions of cells that the topic accounts for), marginal (its share of
    them), coherence (Mimno et al. 2011), gini (of the cells' shares), cells (with the topic, Li's
    threshold) and regions (in the set, Otsu's).
    """
    binary = counts.astype(bool).astype(np.int32)
    assignments = np.diff(binary.indptr) @ theta
    return pd.DataFrame(
        {
            "assignments": assignments,
            "marginal": assignments / assignments.sum(),
            "coherence": coherence(phi, binary),
            "gini": [gini(share) for share in theta.T],
            "cells": above_threshold(theta, method="li").sum(axis=0),
            "regions": in_set.sum(axis=0),
        }
    )


def _write_imputed(
    model: ad.AnnData, theta: np.ndarray, phi: np.ndarray, chosen: np.ndarray, path: str
) -> None:
    """Stream normalised imputed accessibility into the X of an AnnData zarr."""
    import zarr

    shape = (model.n_obs, int(chosen.sum()))
    with atomic_path(path) as partial:
        var = model.var[[keys.CHROM, keys.START, keys.END]][chosen]
        ad.AnnData(obs=pd.DataFrame(index=model.obs_names), var=var).write_zarr(partial)
        store = zarr.open_group(partial, mode="r+")
        if "X" in store:
            del store["X"]
        chunks = (min(block_cells(shape[1]), shape[0]), max(1, shape[1]))  # each written once
        values = store.create_array("X", shape=shape, dtype="float32", chunks=chunks)
        values.attrs.update({"encoding-type": "array", "encoding-version": "0.2.0"})
        for rows, block in imputed_blocks(theta, phi[chosen]):
            values[rows] = block
        zarr.consolidate_metadata(store.store)
