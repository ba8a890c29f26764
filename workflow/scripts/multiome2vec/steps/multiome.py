"""Step: genes, regions and motifs of the finally kept cells in one MuData."""

import logging

import anndata as ad
import numpy as np
import pandas as pd

from multiome2vec import keys
from multiome2vec.errors import ContractError, UserError
from multiome2vec.io.atomic import write_h5mu
from multiome2vec.io.contracts import check_multiome
from multiome2vec.io.regions import load_regions, read_cells
from multiome2vec.matrices import assemble

TRUTH = (keys.TRUE_TYPE, keys.TRUE_PSEUDOTIME, keys.TRUE_DOUBLET, keys.ON_TRAJECTORY)
#: columns of the barcode table that say how a cell was judged, not what it is
VERDICT = [keys.KEEP, keys.REASON, keys.RNA_PASS, keys.RNA_REASON, keys.ATAC_PASS]
VERDICT += [keys.ATAC_REASON, keys.DOUBLET_NOTE, keys.IN_RNA, keys.IN_ATAC]
logger = logging.getLogger(__name__)


def multiome(
    *,
    barcodes: str,
    labels: str,
    rna: str | None,
    regions: str | None,
    topics: str | None,
    motif: str | None,
    truth: str | None,
    out: str,
) -> None:
    """Write ``multiome.h5mu``; the modalities whose files are not given are left out.

    Parameters
    ----------
    barcodes, labels
        ``qc/barcodes.tsv`` and ``annotation/labels.tsv``.
    rna
        ``annotation/rna.h5ad``.
    regions, topics
        ``regions/regions.h5ad``; the chosen topic model, whose topics go to ``obsm``.
    motif
        ``motifs/deviations.h5ad`` or ``motifs/<engine>/auc.h5ad``.
    truth
        Table of the known answers (simulated data), joined by cell.
    out
        MuData to write.
    """
    verdicts = read_cells(barcodes)
    verdicts = verdicts[verdicts[keys.KEEP]]
    modalities = {}
    if rna:
        modalities[keys.RNA] = _rna(rna)
        _require(modalities[keys.RNA], verdicts.index[verdicts[keys.IN_RNA]], rna)
    if regions:
        modalities[keys.ATAC] = _atac(regions, topics, barcodes)
        _require(modalities[keys.ATAC], verdicts.index[verdicts[keys.IN_ATAC]], regions)
    if motif:
        modalities[keys.MOTIF] = _motif(motif)
        _require(modalities[keys.MOTIF], verdicts.index[verdicts[keys.IN_ATAC]], motif)
    obs = _global_obs(verdicts, labels, truth)
    mdata = assemble(modalities, obs=_with_phases(obs, rna) if rna else obs)
    for name, adata in mdata.mod.items():
        logger.info("%s: %d cells × %d features", name, *adata.shape)
    check_multiome(mdata, path=out)
    write_h5mu(mdata, out)


def _rna(path: str) -> ad.AnnData:
    full = ad.read_h5ad(path)
    return ad.AnnData(
        full.X, full.obs[[]], full.var, layers=dict(full.layers), obsm=dict(full.obsm)
    )


def _with_phases(obs: pd.DataFrame, path: str) -> pd.DataFrame:
    """Add the scores and phases of the cell cycle, where the RNA has them."""
    known = ad.read_h5ad(path, backed="r").obs
    if keys.PHASE not in known:
        return obs
    known = known[[keys.S_SCORE, keys.G2M_SCORE, keys.PHASE]].reindex(obs.index)
    return obs.join(known.assign(**{keys.PHASE: known[keys.PHASE].astype(object).fillna("")}))


def _atac(path: str, topics: str | None, barcodes: str) -> ad.AnnData:
    full = load_regions(path, barcodes)
    adata = ad.AnnData(full.X, full.obs[[]], full.var, uns=dict(full.uns))
    adata.layers[keys.COUNTS] = full.X
    if topics:
        model = ad.read_h5ad(topics)
        rows = model.obs_names.get_indexer(adata.obs_names)
        if (rows < 0).any():
            missing = adata.obs_names[rows < 0][0]
            raise ContractError(f"{topics} lacks the kept cell '{missing}'. Remove it, run again.")
        adata.obsm[keys.X_TOPIC] = model.obsm[keys.X_TOPIC][rows]
    return adata


def _motif(path: str) -> ad.AnnData:
    full = ad.read_h5ad(path)
    if not full.n_vars:
        raise UserError(
            f"{path} has no columns: no motif is enriched in any region set, or all cistromes are "
            "too small (motifs/<engine>/enrichment.tsv, the log of region_set_auc). Set "
            "motifs.matrix: deviations, or lower motifs.enrichment.min_nes."
        )
    return ad.AnnData(full.X, full.obs[[]], full.var, layers=dict(full.layers), uns=dict(full.uns))


def _require(adata: ad.AnnData, cells: pd.Index, path: str) -> None:
    """Each kept cell that a modality should hold is there."""
    missing = cells.difference(adata.obs_names, sort=False)
    if len(missing):
        raise ContractError(
            f"{path} lacks {len(missing)} of {len(cells)} kept cells, '{missing[0]}' first. "
            "Remove it and run again."
        )


def _global_obs(verdicts: pd.DataFrame, labels: str, truth: str | None) -> pd.DataFrame:
    """Join what is known of the cells: sample, label, quality and, if simulated, the truth."""
    obs = verdicts.drop(columns=[column for column in VERDICT if column in verdicts])
    label = read_cells(labels)[[keys.LABEL, keys.LABEL_SOURCE]].reindex(obs.index)
    if label[keys.LABEL].isna().any():
        missing = label.index[label[keys.LABEL].isna()][0]
        raise ContractError(f"{labels} has no label of the kept cell '{missing}'. Run it again.")
    obs = obs.drop(columns=label.columns.intersection(obs.columns)).join(label)
    if truth:
        known = read_cells(truth)
        for column in [column for column in TRUTH if column in known]:
            missing = {"b": False, "O": ""}.get(known[column].dtype.kind, np.nan)
            obs[column] = known[column].reindex(obs.index, fill_value=missing)
    return obs
